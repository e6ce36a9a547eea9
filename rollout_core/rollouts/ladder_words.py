"""Why the autopilot decides what it decides, and what would have changed it: sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, log

from rollout_core.analysis.verdict import Status, Verdict, Verdicts

LARGEST_PRINTED = 14.0
"""Above e**14 an e-value is printed as a power of ten."""


def reasons(wanted: Iterable[str], verdicts: Verdicts, conditions: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Each rule that asks for a step, in a sentence; `conditions` are words, `names` the rules' names in the plan, both
    by key."""
    guards = {verdict.key: verdict for verdict in verdicts.guardrails}
    return " ".join(_reason(guards[key], names.get(key, key)) if key in guards else conditions.get(key, key)
                    for key in wanted)


def _reason(verdict: Verdict, name: str) -> str:
    if verdict.status is Status.WORSE:
        return f"{name}: proven." if verdict.scale == "level" else f"{name}: proven worse than control."
    if verdict.status is Status.NO_DATA:
        return f"{name}: proven before the last step down, and nothing to judge it by since."
    return f"{name}: not ruled out since the last step down."


def otherwise(wanted: Iterable[str], verdicts: Verdicts, names: Mapping[str, str]) -> str:
    """What would have left it alone."""
    chosen = set(wanted)
    found = [(verdict, names.get(verdict.key, verdict.key)) for verdict in verdicts.guardrails if verdict.key in chosen]
    return " ".join(f"{name}: less evidence (e = {printed(verdict.log_e)}, {printed(verdict.log_e_needed)} is needed)."
                    if verdict.status is Status.WORSE else f"{name}: harm bounded below what is tolerated."
                    for verdict, name in found) or "The condition being resolved."


def staying(verdicts: Verdicts, blocked: str, names: Mapping[str, str]) -> str:
    """Why nothing changes; `names` are the criteria's in the plan, by key."""
    missing = [names.get(verdict.key, verdict.key) for verdict in verdicts.criteria
               if verdict.status is not Status.PROVEN]
    return f"Not proven yet: {'; '.join(missing)}." if missing else blocked or "Nothing asks for a change."


def printed(log_e: float) -> str:
    """An e-value for people, without astronomical digits."""
    return f"{exp(log_e):,.0f}" if log_e < LARGEST_PRINTED else f"10^{log_e / log(10.0):.0f}"
