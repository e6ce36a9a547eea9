"""A decision in words: what was seen, what it means, what was done, and what would have changed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp
from typing import Any

from rollout_core.cli.value_words import MINUS, moment

Values = Mapping[str, Any]
LARGEST_PRINTED = 14.0
"""Above e**14 an e-value is a power of ten."""


def decision(record: Values) -> str:
    """One decision record."""
    seen = record["seen"]
    lines = [f"Decision {record['number']}: {record['rollout']}, {moment(record['swept_at'])}, epoch {record['epoch']}",
             "Seen", *(f"  {line}" for line in _seen(seen)),
             f"It means\n  {record['summary']}", f"Done\n  {_done(record)}"]
    if seen.get("else"):
        lines.append(f"What would have changed it\n  {seen['else']}")
    if "evidence" in seen:
        lines.append(f"`rollout decisions show {record['number']} --replay` judges the stored counts again.")
    return "\n".join(lines)


def replayed(found: Values) -> str:
    """A decision judged again from its stored counts."""
    lines = [f"Decision {found['number']}: {found['rollout']}, {found['act']}. {found['summary']}",
             found["words"],
             *(f"  {verdict_line(each)}" for each in found["verdicts"])]
    if found["otherwise"]:
        lines.append(f"What would have changed it: {found['otherwise']}")
    return "\n".join(lines)


def _seen(seen: Values) -> Iterator[str]:
    verdicts = seen.get("verdicts")
    if verdicts is None:
        yield "nothing was counted yet"
    else:
        yield f"closed windows up to {moment(seen.get('closed_until_at'))}"
        yield verdict_line(verdicts["sample_ratio"])
        for each in (*verdicts["guardrails"], *verdicts["criteria"]):
            yield verdict_line(each)
    if seen.get("firing"):
        yield f"alerts whose limit was crossed: {', '.join(seen['firing'])}"
    health = seen.get("health") or {}
    if "score" in health:
        yield f"health {health['score']} of 100 (shown, never decides)"


def verdict_line(verdict: Values) -> str:
    """`errors: worse, 2.4 times control (at least 1.7), e = 1,240 of 140 needed`."""
    line = f"{verdict['key']}: {str(verdict['status']).replace('_', ' ')}"
    if verdict["estimate"] is not None:
        line += f", {_number(verdict['estimate'], verdict['scale'])}{_bounds(verdict)}"
    if verdict["log_e_needed"]:
        line += f", e = {e_value(verdict['log_e'])} of {e_value(verdict['log_e_needed'])} needed"
    return line + (f" ({verdict['reason'].replace('_', ' ')})" if verdict["reason"] else "")


def e_value(log_e: float) -> str:
    """exp(log e) for people."""
    return f"{exp(log_e):,.2g}" if log_e < 0 else f"{exp(log_e):,.0f}" if log_e < LARGEST_PRINTED else (
        f"10^{log_e / 2.302585:.0f}")


def _bounds(verdict: Values) -> str:
    low, high = verdict["lower"], verdict["upper"]
    if low is None and high is None:
        return ""
    ends = ["…" if end is None else _number(end, verdict["scale"]) for end in (low, high)]
    return f" ({ends[0]} to {ends[1]})"


def _number(value: float, scale: str) -> str:
    text = f"{value:.3g} times control" if scale == "ratio" else f"{value:+.3g}" if scale == "difference" else (
        f"{value:.3g}")
    return text.replace("-", MINUS)


def _done(record: Values) -> str:
    act = str(record["act"]).replace("_", " ")
    if record["act"] == "none":
        return "Nothing was to be done."
    if record["done"]:
        return f"{act}, by the autopilot (audit entry {record['audit_seq']})."
    return f"Nothing: the autopilot was set to {record['mode']}; it would have been {act}."
