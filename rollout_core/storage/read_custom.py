"""Answers CustomRows: imported sums and series, as they were stored."""

from __future__ import annotations

from rollout_core.metrics.event import Kind
from rollout_core.ports.event_questions import Rows
from rollout_core.ports.evidence_questions import CustomRows
from rollout_core.storage.event_tables import event_table
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted


def custom_rows(reader: Reader, question: CustomRows) -> Rows:
    """Custom events of one name in the order of time."""
    return reader.rows(
        f"SELECT occurred_at, value, attributes FROM {event_table(Kind.CUSTOM)} WHERE name = {quoted(question.name)} "
        f"ORDER BY occurred_at, event_id LIMIT {int(question.limit)}")
