"""Patterns from elsewhere, made safe to search with: a project may name any, and some would take for ever.

A newcomer's mistake: to try a pattern out, with a time limit. Python's `re` lets nobody interrupt it. Here a pattern
is read, and taken only if it is of a kind whose cost is known; its repeats reach 256 characters, the last one all.
"""

from __future__ import annotations

import re

_LONGEST_PATTERN = 500
_MOST_WAYS = 256
_REACH = 256
_SHORT_REACH = 64

_ATOM = re.compile(
    r"""\\[dDwWsStnrf] | \\[^A-Za-z0-9] | \[\^?\]?(?:\\.|[^\]\\\[])*\] | [^\\\[\](){}|*+?^$]""", re.VERBOSE | re.DOTALL
)
_EDGE = re.compile(r"\\[bB]|\^|\$")
_OPEN = re.compile(r"\((?:\?:)?(?!\?)")
_REPEAT = re.compile(r"(?:([*+?])|\{([0-9]{1,4})(?:(,)([0-9]{0,4}))?\})\??")


def linear(pattern: str) -> re.Pattern[str] | None:  # noqa: C901 - one branch for each thing a pattern is made of
    r"""The pattern, compiled so that a search is linear in the text; None where that can't be had.

    Taken are characters, classes, `^ $ \\b`, groups that are not repeated, alternatives, and repeats of single
    characters and classes. Not taken are repeated groups, look-around, back-references and flags.
    """
    if len(pattern) > _LONGEST_PATTERN:
        return None
    pieces: list[str] = []
    ways, depth, at = 1, 0, 0
    while at < len(pattern):
        atom = _ATOM.match(pattern, at)
        if atom is not None:
            at = atom.end()
            repeat = _REPEAT.match(pattern, at)
            if repeat is None:
                pieces.append(atom[0])
                continue
            at = repeat.end()
            written, choices = _bounded(atom[0], repeat, pattern[at:])
            ways *= choices
            pieces.append(written)
        elif edge := _EDGE.match(pattern, at):
            at = edge.end()
            pieces.append(edge[0])
        elif opened := _OPEN.match(pattern, at):
            at, depth = opened.end(), depth + 1
            pieces.append("(?:")
        elif pattern[at] == ")" and depth:
            at, depth = at + 1, depth - 1  # a repeat after it is no atom, and ends in a refusal
            pieces.append(")")
        elif pattern[at] == "|":
            at, ways = at + 1, ways * 2
            pieces.append("|")
        else:
            return None
        if ways > _MOST_WAYS:
            return None
    try:
        compiled = re.compile("".join(pieces))
    except (re.error, OverflowError, RecursionError):
        return None
    return None if compiled.search("") else compiled


def _bounded(atom: str, repeat: re.Match[str], rest: str) -> tuple[str, int]:
    """A repeat that reaches only so far, and in how many ways it can go."""
    least, most = {"*": (0, _REACH), "+": (1, _REACH), "?": (0, 1)}.get(repeat[1] or "", (0, 0))
    if repeat[2]:
        least = int(repeat[2])
        most = least if not repeat[3] else int(repeat[4]) if repeat[4] else max(least, _REACH)
    if least >= most:
        return f"{atom}{{{least}}}", 1
    follower = _ATOM.match(rest)
    if not rest and least + 1 < most:
        # The last of all takes what there is: whatever it is, it fits, and the search goes on after it.
        return f"{atom}{{{least},}}+", 1
    if follower is not None and len(follower[0].lstrip("\\")) == 1 and not _REPEAT.match(rest, follower.end()):
        literal = re.fullmatch(r"\\?([^A-Za-z0-9]|(?<!\\)[A-Za-z0-9])", follower[0])
        if literal and literal[1] != "." and re.fullmatch(atom, literal[1]) is None:
            # What follows can't be taken for part of it: there is one way to go.
            return f"{atom}{{{least},{min(most, max(_REACH, least))}}}+", 1
    most = min(most, max(_SHORT_REACH, least))
    return f"{atom}{{{least},{most}}}", most - least + 1
