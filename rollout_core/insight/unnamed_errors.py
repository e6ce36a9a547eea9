"""Is a share of sessions unknown, since errors come without the session they happened in?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from rollout_core.insight.measuring import CONTROL, EVERYBODY, TREATMENT, Measuring
from rollout_core.metrics.unnamed_errors import WITNESSES, Witness, unnamed

ERRORS = "errors"
"""The store metric whose n are errors, and whose s the critical ones."""


def sessions_unknown(measuring: Measuring, key: str, arm: str | None) -> bool:
    """True when a store metric of sessions has no hit in an arm though errors came: in the arm, or in all arms
    together and some of them in this one. Errors are asked for only where there are sessions and no hit."""
    if key not in WITNESSES:
        return False
    whole = measuring.undivided
    own = whole.sums(key, arm)
    if own.n == 0 or own.s:
        return False
    whole.prefetch((ERRORS, *(each.metric for each in WITNESSES[key])))
    return any(_named_by_none(whole, each, arm) for each in WITNESSES[key])


def unnamed_count(measuring: Measuring) -> int:
    """How many errors of both arms named no session, where that leaves a share of sessions unknown; else 0. The
    critical ones alone where only these do."""
    for key, critical in (("session_errors", False), ("session_critical_errors", True)):
        found = sum(_errors(measuring, arm, critical=critical) for arm in (TREATMENT, CONTROL)
                    if sessions_unknown(measuring, key, arm))
        if found:
            return found
    return 0


def _named_by_none(whole: Measuring, witness: Witness, arm: str | None) -> bool:
    def told(side: str | None) -> bool:
        seen = whole.sums(witness.metric, side)
        return unnamed(seen.n, seen.s, _errors(whole, side, critical=witness.critical))
    return _errors(whole, arm, critical=witness.critical) > 0 and (told(arm) or told(EVERYBODY))


def _errors(measuring: Measuring, arm: str | None, *, critical: bool) -> int:
    found = measuring.sums(ERRORS, arm)
    return found.s if critical else found.n


def asked_besides(key: str) -> tuple[str, ...]:
    """The store metrics that say of the evidence of another whether errors name their session."""
    return (*(each.metric for each in WITNESSES[key]), ERRORS) if key in WITNESSES else ()


def unnamed_in_evidence(key: str, rows: Mapping[Hashable, Sequence[Mapping[str, Any]]]) -> bool:
    """The same of bucket sums by store metric: in one side, or in both together."""
    def total(sides: tuple[str, ...]) -> Callable[[str, str], int]:
        return lambda metric, column: sum(
            int(row[column].sum()) for row in rows.get(metric, ()) if row["side"] in sides)
    return any(unnamed_in_totals(key, total(sides)) for sides in ((TREATMENT,), (CONTROL,), (TREATMENT, CONTROL)))


def unnamed_in_totals(key: str, total: Callable[[str, str], int]) -> bool:
    """The same of the totals of a store metric's columns d and x."""
    return any(unnamed(total(each.metric, "d"), total(each.metric, "x"), total(ERRORS, "x" if each.critical else "d"))
               for each in WITNESSES.get(key, ()))
