"""A metric and its change are one row on the pages."""

from __future__ import annotations

from datetime import UTC, datetime

from pages.panels.evidence import folded
from rollout_core.insight.metrics import MetricRow
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality, Window

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


def row(key: str, *targets: str) -> MetricRow:
    metric = CATALOG[key]
    nothing = Measured(key, None, None, None, 0, metric.noun, WINDOW, None, metric.unit, Quality.NO_DATA)
    return MetricRow(key, metric.name, metric.group, metric.unit, metric.direction, nothing, nothing, nothing, nothing,
                     targets)


def test_a_change_is_told_in_the_row_of_its_metric_with_the_targets_of_both() -> None:
    found = folded([row("session_duration", "above 5 min"), row("session_duration_change", "above +25%"), row("nps")])
    assert [each.key for each in found] == ["session_duration", "nps"]
    assert found[0].targets == ("above 5 min", "above +25%")


def test_a_change_without_its_metric_keeps_its_own_row() -> None:
    assert [each.key for each in folded([row("session_duration_change"), row("nps")])] == [
        "session_duration_change", "nps"]
