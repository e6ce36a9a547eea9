"""The catalogue is documented, and plans and rules can rely on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollout_core.metrics.catalog import CATALOG, METRICS
from rollout_core.storage.accumulations import ACCUMULATIONS, feeds

DOCUMENT = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", CATALOG)
def test_every_metric_is_documented_as_it_is(key: str) -> None:
    metric = CATALOG[key]
    assert f"| `{key}` | {metric.name} | {metric.unit} | {metric.direction} | {metric.aggregation} |" in DOCUMENT


def test_no_key_stands_twice() -> None:
    assert len(CATALOG) == len(METRICS)


@pytest.mark.parametrize("key", [metric.key for metric in METRICS if hasattr(metric.formula, "metric")])
def test_the_store_accumulates_what_a_formula_reads(key: str) -> None:
    store_metric = CATALOG[key].formula.metric
    assert any(feeds(row, store_metric) for row in ACCUMULATIONS), store_metric
