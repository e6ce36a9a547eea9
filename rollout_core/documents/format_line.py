"""The line `format: NAME/VERSION` that every document begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollout_core.documents.codec import UNREAD
from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located, kind_in_words


@dataclass(frozen=True, slots=True)
class FormatLine:
    """A part of a record that holds no value: the document must say `format: <name>`."""

    name: str

    @property
    def keys(self) -> tuple[str, ...]:
        return ("format",)

    def read(self, node: Located, path: str, found: Findings) -> dict[str, Any]:
        given = node.entries.get("format")
        if given is not None and given.value == self.name:
            return {}
        what = f"{kind_in_words(given)} is not a format this version reads" if given else "the key 'format' is missing"
        found.add("format", what, line=node.line_of("format"), allowed=self.name)
        return {"format": UNREAD}

    def write(self, record: Any) -> dict[str, object]:
        return {"format": self.name}
