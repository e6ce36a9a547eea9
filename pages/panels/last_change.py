"""Who changed a rollout last, for somebody who decided on what is no longer there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pages.panels import answers
from pages.panels.wording import PAST
from rollout_core.charts import formats
from rollout_core.errors import RolloutError
from rollout_core.insight.audit import AuditRequest
from rollout_core.ports.control_records import AuditEntry

LOOKED_THROUGH = 10
"""Ticks and signatures come between changes of the rollout itself."""


def changed_by(rollout: str, when: Callable[[datetime], str] | None = None) -> str:
    """ "jonas@example.org held it 2 min ago", "... (01:19)" after it with `when`, which words an instant.

    Names are users' text. Where nobody can say: "somebody changed it".
    """
    try:
        records = answers.ask("audit", AuditRequest(rollout, LOOKED_THROUGH, outcome="done")).records
    except RolloutError:
        return "somebody changed it"
    found = next((each.entry for each in records if each.entry.verb in PAST), None)
    if found is None:
        return "somebody changed it"
    at = formats.ago(found.at, datetime.now(UTC)) + ("" if when is None else f" ({when(found.at)})")
    return f"{found.principal} {PAST[found.verb]} {step_of(found)}{at}"


def step_of(entry: AuditEntry) -> str:
    """Where it went, if its share changed: "from 50% to 75% "."""
    was, now = entry.before.get("percentage"), entry.after.get("percentage")
    if not isinstance(was, int) or not isinstance(now, int) or was == now:
        return ""
    return f"from {formats.bucket_percent(was)} to {formats.bucket_percent(now)} "
