"""A plan under check: the plan, its document, and where to note what does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located
from rollout_core.rollouts.plan import Plan


@dataclass(frozen=True, slots=True)
class Sheet:
    """A plan with its document, and where to note what does not fit."""

    plan: Plan
    tree: Located
    found: Findings

    def wrong(self, path: str, what: str, allowed: str = "") -> None:
        self.found.add(path, what, line=self.tree.line_of(path), allowed=allowed)

    def must_know(self, path: str, kind: str, name: str | None, known: Iterable[str]) -> None:
        known = list(known)
        if name is not None and name not in known:
            self.found.unknown(path, kind, name, known, line=self.tree.line_of(path))
