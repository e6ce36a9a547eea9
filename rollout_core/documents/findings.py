"""Everything that is wrong with one document, collected so that a person sees all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from rollout_core.errors import Problem

MOST = 200
"""Mistakes that are told; of the others only how many there are. Nobody reads more, and each costs time and room."""


LIKENESS = 0.7
"""difflib's ratio from which on a name may have been meant: "dimer" is 0.91 like "dimmer", "colour" 0.62 like
"holdout"."""


class Findings:
    """Collects problems of one file. Readers add to it and go on; nobody stops at the first mistake."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self._problems: list[Problem] = []
        self._untold = 0

    def add(self, where: str, what: str, *, line: int, allowed: str = "") -> None:
        """Notes one mistake at a path and line."""
        if len(self._problems) >= MOST:
            self._untold += 1
            return
        self._problems.append(Problem(where or "document", what, allowed, self.file, line))

    def unknown(self, where: str, kind: str, name: object, known: Iterable[str], *, line: int) -> None:
        """Notes a name that does not exist, with the nearest one that does."""
        names = list(known) if len(self._problems) < MOST else []
        self.add(where, f"unknown {kind} {str(name)!r}{did_you_mean(str(name), names)}", line=line,
                 allowed=", ".join(names))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The mistakes in the order of their lines, at the end how many more there are. What stands once in the text
        and is used twice (`*name` in YAML) is one mistake."""
        once: dict[tuple[object, ...], Problem] = {}
        for each in self._problems:
            once.setdefault((each.line, each.what, each.allowed, each.where.rpartition(".")[2]), each)
        told = sorted(once.values(), key=lambda problem: problem.line)
        more = [Problem("document", f"{self._untold:,} more mistakes", "", self.file)] if self._untold else []
        return (*told, *more)

    def __bool__(self) -> bool:
        return bool(self._problems)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, or nothing. Case does not count."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=LIKENESS)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
