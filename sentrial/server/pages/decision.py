"""What a decision weighed: its alternatives with their scores, and how close it was. Pure.

A newcomer's mistake: to take every score for a probability. Scores are per cent only where all of them lie
between 0 and 1; otherwise they are shown as the numbers they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentrial.server.pages.display import as_list, as_mapping, is_text, line, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 40


@dataclass(frozen=True, slots=True)
class Option:
    """One alternative.

    Attributes:
        name: What could have been chosen.
        score: Its score as text; empty where it has none.
        share: The length of its bar, from 0 to 100.
        chosen: Whether it was taken.
        margin: Of the chosen one: how far the next one was, in words; empty where that is not known.
        close: Whether that distance is 5 points or less, or negative.
        note: What else was said of it.
    """

    name: str
    score: str = ""
    share: float = 0
    chosen: bool = False
    margin: str = ""
    close: bool = False
    note: str = ""


def weigh(body: Mapping[str, Any]) -> tuple[tuple[Option, ...], int]:
    """Give a decision's alternatives, the best score first, and how many are left out."""
    chosen = body.get("chosen")
    found = [_read(item) for item in as_list(body.get("alternativesConsidered"))]
    if is_text(chosen) and found and all(name != chosen for name, _, _ in found):
        found.insert(0, (chosen, number(body.get("confidence")), ""))
    if all(score is None for _, score, _ in found):
        # Names alone: how sure the agent was is the one score there is.
        found = [(name, number(body.get("confidence")) if name == chosen else None, note) for name, _, note in found]
    scores = [score for _, score, _ in found if score is not None]
    are_shares = all(0 <= score <= 1 for score in scores)
    highest = max((abs(score) for score in scores), default=0) or 1
    if scores:
        found.sort(key=lambda option: option[1] if option[1] is not None else float("-inf"), reverse=True)
    margin, close = _margin(found, chosen, are_shares=are_shares)
    options = [
        Option(
            name=line(name),
            score=_said(score, are_shares=are_shares),
            share=0 if score is None else round(max(score, 0) * 100 / (1 if are_shares else highest), 1),
            chosen=name == chosen,
            margin=margin if name == chosen else "",
            close=close and name == chosen,
            note=note,
        )
        for name, score, note in found
    ]
    return tuple(options[:_MOST]), max(len(options) - _MOST, 0)


def chosen_option(body: Mapping[str, Any]) -> Option | None:
    """Give what was chosen, with its score or else the decision's confidence; None where nothing is named."""
    chosen = body.get("chosen")
    found = next((option for option in weigh(body)[0] if option.chosen), None)
    if found is None and is_text(chosen):
        found = Option(line(chosen), chosen=True)
    if found is None or found.score:
        return found
    return Option(found.name, confidence(body), chosen=True)


def confidence(body: Mapping[str, Any]) -> str:
    """Give how sure the agent was, in per cent; empty where it is not known."""
    share = number(body.get("confidence"))
    return "" if share is None else percent(share)


def _read(item: Any) -> tuple[str, float | None, str]:
    """Read an alternative as (name, score, what else it says)."""
    fields = as_mapping(item)
    name = fields.get("name")
    if not is_text(name):
        return (item if isinstance(item, str) else line(item)), None, ""
    others = {key: value for key, value in fields.items() if key not in {"name", "score"}}
    return name, number(fields.get("score")), line(others) if others else ""


def _margin(found: list[tuple[str, float | None, str]], chosen: Any, *, are_shares: bool) -> tuple[str, bool]:
    """Say how far the best of the others was from the chosen one."""
    own = next((score for name, score, _ in found if name == chosen), None)
    others = [(score, name) for name, score, _ in found if name != chosen and score is not None]
    if own is None or not others or not are_shares:
        return "", False
    score, name = max(others)
    points = round(own * 100) - round(score * 100)
    unit = "point" if abs(points) == 1 else "points"
    if points == 0:
        return f"{line(name, 60)} scored the same", True
    return f"{line(name, 60)} was {abs(points)} {unit} {'behind' if points > 0 else 'ahead'}", points <= 5


def _said(score: float | None, *, are_shares: bool) -> str:
    if score is None:
        return ""
    return percent(score) if are_shares else f"{score:.4g}"
