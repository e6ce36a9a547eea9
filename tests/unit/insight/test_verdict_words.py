"""Verdicts in words: of how few nothing is said."""

from __future__ import annotations

import pytest

from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.verdict_words import enough, words_of


@pytest.mark.parametrize(("key", "metric", "scale", "with_it", "without", "told"), [
    ("sample_ratio", "exposures", "ratio", 1, 0, False),
    ("sample_ratio", "exposures", "ratio", 10, 20, True),
    ("errors", "critical_error_rate", "difference", 900, 29, False),       # 30 sessions in each arm
    ("errors", "critical_error_rate", "difference", 30, 30, True),
    ("limit", "error_rate", "level", 30, 0, True),                       # its own value needs no control
    ("limit", "error_rate", "level", 1, 900, False),
    ("slow", "api_response_p95", "difference", 99, 500, False),          # 100 requests
])
def test_a_verdict_of_fewer_than_its_metric_needs_says_so(
        key: str, metric: str, scale: str, with_it: int, without: int, told: bool) -> None:
    verdict = Verdict(key, metric, Status.WATCHING, scale, 26.24, n_treatment=with_it, n_control=without)
    assert enough(verdict) is told
    assert (words_of(verdict) == "not proven either way yet") is told
    assert (words_of(verdict) == "too few to say anything yet") is not told
