"""What stands beside the number of a verdict: of what it is, per what, and which way up."""

from __future__ import annotations

import pytest

from pages.panels.verdict_parts import drawn_ends, many, spoken, text
from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.verdict_numbers import told_of
from rollout_core.insight.verdicts import NamedVerdict, named


def line(metric: str, scale: str, *ends: float, criterion: bool = False, n: tuple[int, int] = (985, 6730),
         key: str = "k") -> NamedVerdict:
    low, middle, high = ends or (None, None, None)
    verdict = Verdict(key, metric, Status.WATCHING, scale, middle, low, high, n_treatment=n[0], n_control=n[1])
    return named(verdict, "Name", told_of(verdict, criterion=criterion, error_basis="sessions"))


def test_where_lower_is_worse_harm_is_positive_and_what_is_told_is_with_it_minus_without() -> None:
    # 1 point of harm, from -2 to +4: 1 point fewer with it, from 4 fewer to 2 more
    said = text(line("task_completion", "difference", -0.02, 0.01, 0.04))
    assert said.startswith("**−1.0 pp** (−4.0 to +2.0)")
    assert "with it minus without it" in said


def test_where_higher_is_worse_nothing_is_turned() -> None:
    assert text(line("error_rate", "difference", -0.02, 0.01, 0.04)).startswith("**+1.0 pp** (−2.0 to +4.0)")


def test_a_criterion_on_a_change_is_told_in_its_unit_beyond_its_target() -> None:
    said = text(line("active_minutes", "difference", -0.88, 1.05, 2.97, criterion=True))
    assert said.startswith("**+1.05 min** (−0.88 to +2.97)")
    assert "per session, beyond the target" in said


@pytest.mark.parametrize(("metric", "scale", "about"), [
    ("lcp_p75", "difference", "of page views slower than the usual p75, with it minus without it"),
    ("lcp_p75@300", "difference", "of page views slower than the usual p75, with it by over 30%, minus without it"),
    ("api_response_p95#500000", "level", "of requests above 500 ms; under 5% is asked"),
    ("telemetry_ratio", "difference", "sessions per exposure, with it minus without it"),
    ("support_tickets", "difference", "per session, with it minus without it"),
    ("error_rate", "ratio", "as often as without it"),
    ("adoption_rate", "level", ""),
])
def test_every_number_says_of_what_it_is(metric: str, scale: str, about: str) -> None:
    assert line(metric, scale).told.about == about


def test_how_many_says_what_is_counted_and_whether_that_is_all_of_treatment() -> None:
    assert many(line("error_rate", "difference")) == "985 sessions with it, 6,730 without"
    assert many(line("error_rate", "level")) == "all 985 sessions with it, 6,730 without"
    assert many(line("support_tickets", "difference")) == "985 sessions with it, 6,730 without"
    assert many(line("adoption_rate", "level", n=(1, 0))) == "1 person with it"
    assert many(line("exposures", "ratio", n=(5, 7), key="sample_ratio")) == "5 newcomers with it, 7 without"


def test_who_does_not_see_the_drawing_hears_the_numbers_without_markup() -> None:
    drawn = line("availability", "level", 0.9981, 0.99997, 1.0)
    ends = drawn_ends(drawn)
    assert ends is not None
    assert spoken(drawn, ends) == "Name: 99.997%, from 99.81% to 100.00%"
