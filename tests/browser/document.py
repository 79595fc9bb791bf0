"""A page as a tree of elements: what a browser would make of it, as far as tests ask.

A newcomer's mistake: to search a page's HTML as text. Whether something is an element or only looks like one
is the very question here, so pages are parsed, and one whose tags do not match is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOID = frozenset({"meta", "link", "img"})
_WITHIN_A_LINE = frozenset({"a", "b", "bdi", "code", "em", "i", "small", "span", "time"})


@dataclass
class Element:
    """One element: its tag, its attributes, and what is in it."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text in it, white space folded, and a space where a block begins or ends."""
        return " ".join("".join(self._texts()).split())

    @property
    def classes(self) -> list[str]:
        """Its classes."""
        return self.attributes.get("class", "").split()

    def all(self, tag: str = "", name: str = "") -> list[Element]:
        """Return the elements in it of this tag and this class, in order; an empty word matches all."""
        return [found for found in self._elements if tag in ("", found.tag) and (not name or name in found.classes)]

    def one(self, tag: str = "", name: str = "") -> Element:
        """Return the only such element."""
        (found,) = self.all(tag, name)
        return found

    def by_id(self, identifier: str) -> Element:
        """Return the element with this id."""
        return self._by_id[identifier]

    def links(self) -> list[str]:
        """Return where its links lead."""
        return [found.attributes["href"] for found in self.all("a")]

    @cached_property
    def _by_id(self) -> dict[str, Element]:
        found = [element for element in self._elements if "id" in element.attributes]
        by_id = {element.attributes["id"]: element for element in found}
        assert len(by_id) == len(found), "two elements have the same id"
        return by_id

    @cached_property
    def _elements(self) -> list[Element]:
        found: list[Element] = []
        for part in self.inside:
            if isinstance(part, Element):
                found += [part, *part._elements]
        return found

    def _texts(self) -> Iterator[str]:
        for part in self.inside:
            if isinstance(part, str):
                yield part
            else:
                around = "" if part.tag in _WITHIN_A_LINE else " "
                yield around
                yield from part._texts()
                yield around


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute: {names}"
        found = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(found)
        if tag not in _VOID:
            self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read_document(html: str) -> Element:
    """Parse a page.

    Raises:
        AssertionError: a tag does not match, or an element repeats an attribute.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is not ended"
    return reader.open[0]
