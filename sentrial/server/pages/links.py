"""Where the pages' links lead: always to ourselves, always keeping the project that was chosen.

A newcomer's mistake: to write a link in a template. A link that forgets `?project=` shows another project.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links.

    Attributes:
        project: The project every link names; None where there is only one, or the key decides.
    """

    project: str | None = None

    def sessions(self, **query: str | None) -> str:
        """Give the address of the list."""
        return f"/{self._query(query)}"

    def sessions_json(self, **query: str | None) -> str:
        """Give the address of the list as JSON."""
        return f"/index.json{self._query(query)}"

    def session(self, session_id: str, *, suffix: str = "", anchor: str = "", **query: str | None) -> str:
        """Give the address of a session's page, or with the suffix `.json` of its JSON."""
        path = f"/sessions/{quote(session_id, safe='')}{suffix}"
        return f"{path}{self._query(query)}{'#' + quote(anchor, safe='') if anchor else ''}"

    def within(self, project: str | None) -> Links:
        """Give the links of another project."""
        return Links(project)

    def _query(self, query: dict[str, str | None]) -> str:
        named = {name: value for name, value in query.items() if value}
        if self.project is not None:
            named["project"] = self.project
        return f"?{urlencode(named)}" if named else ""
