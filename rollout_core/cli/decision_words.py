"""A decision in words: what was seen, what it means, what was done, and what would have changed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rollout_core.analysis.reasons import REASONS
from rollout_core.charts import words
from rollout_core.charts.formats import e_value
from rollout_core.cli.value_words import MINUS, moment

Values = Mapping[str, Any]


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
    """`errors: Worse, 2.4 times control (1.7 times control to …), evidence 1,240, decides at 140`, as pages say it."""
    status = str(verdict["status"])
    known = words.GUARDRAIL.get(status) or words.CRITERION.get(status)
    line = f"{verdict['key']}: {known.text if known else status.replace('_', ' ')}"
    if verdict["estimate"] is not None:
        line += f", {_number(verdict['estimate'], verdict['scale'])}{_bounds(verdict)}"
    if verdict["log_e_needed"]:
        line += f", evidence {e_value(verdict['log_e'])}, decides at {e_value(verdict['log_e_needed'])}"
    return line + (f" ({REASONS.get(verdict['reason'], verdict['reason'])})" if verdict["reason"] else "")


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
