"""Charts built from answers: the lines, bands and marks follow from the numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.charts import palette
from rollout_core.charts.growth import daily_use
from rollout_core.charts.over_time import gaps, over_time, score_curve, starts_at, value_axis
from rollout_core.charts.shapes import coarser, cohorts, distribution, retention, scores, together
from rollout_core.insight.adoption import AdoptionRequest
from rollout_core.insight.business import BusinessRequest, ScoreCount
from rollout_core.insight.health import HealthRequest
from rollout_core.insight.series import Band, SeriesRequest
from rollout_core.insight.vitals import HistogramBin, VitalsRequest
from tests.fakes.control_room import ANSWERS
from tests.fakes.plotted import plotted


def wall_clock(at: datetime) -> datetime:
    """UTC shown as it is."""
    return at.astimezone(UTC).replace(tzinfo=None)


def latency():
    """A series in milliseconds around 2.3 s."""
    return ANSWERS["series"](SeriesRequest("lcp_p75"))


def test_milliseconds_from_a_thousand_are_drawn_in_seconds_with_a_named_band():
    fig = over_time(latency(), "light", wall_clock)
    treatment = next(trace for trace in plotted(fig).data if trace.name == "Treatment")
    assert 2.0 < next(y for y in treatment.y if y is not None) < 2.6
    assert plotted(fig).layout.yaxis.ticksuffix == " s"
    [band] = [note for note in plotted(fig).layout.annotations if "needs improvement, above 2.5 s" in note.text]
    assert band.bgcolor, "a mark at the right edge runs under the words, not through them"


def test_the_missing_day_of_treatment_stays_a_gap():
    fig = over_time(latency(), "light", wall_clock)
    treatment = next(trace for trace in plotted(fig).data if trace.name == "Treatment")
    assert sum(y is None for y in treatment.y) == 8
    ribbons = [trace for trace in plotted(fig).data if trace.fill == "toself" and palette.soft(palette.TREATMENT, 0.18)
               == trace.fillcolor]
    assert len(ribbons) == 2, "one polygon before the gap, one after"


def test_an_axis_that_does_not_start_at_zero_is_said_in_the_caption():
    assert starts_at(latency()).startswith("axis starts at ")
    assert starts_at(ANSWERS["series"](SeriesRequest("error_rate"))) == ""


def test_incidents_are_crimson_and_phases_grey():
    fig = over_time(latency(), "light", wall_clock)
    lines = [shape.line.color for shape in plotted(fig).layout.shapes if shape.type == "line"]
    assert sorted(lines) == sorted([palette.MUTED, palette.MUTED, palette.POOR])


def thin(answer, places, n=3):
    """The treatment's points at these places stand on n measurements only."""
    treatment = answer.arms[0]
    points = tuple(replace(point, n=n) if place in places else point for place, point in enumerate(treatment.points))
    return replace(answer, arms=(replace(treatment, points=points), answer.arms[1]))


def test_points_of_a_handful_are_gaps_and_the_caption_says_so():
    answer = thin(latency(), {5, 6})
    fig = plotted(over_time(answer, "light", wall_clock))
    treatment = next(trace for trace in fig.data if trace.name == "Treatment")
    assert [treatment.y[place] for place in (5, 6)] == [None, None]
    assert treatment.y[4] is not None
    assert gaps(answer) == "gap: fewer than 10 measurements"
    assert gaps(latency()) == ""


def test_where_every_point_is_of_a_handful_they_are_all_there_is():
    answer = thin(latency(), range(80))
    answer = replace(answer, arms=(answer.arms[0], replace(answer.arms[1], points=())))
    fig = plotted(over_time(answer, "light", wall_clock))
    treatment = next(trace for trace in fig.data if trace.name == "Treatment")
    assert treatment.y[5] is not None
    assert gaps(answer) == ""


def test_a_band_too_thin_for_its_name_leaves_it_out():
    low = replace(latency(), bands=(Band("needs improvement", 2000, 2540), Band("poor", 2540, None)))
    notes = [note.text for note in plotted(over_time(low, "light", wall_clock)).layout.annotations]
    assert "needs improvement, above 2 s" in notes
    assert not [note for note in notes if note.startswith("poor")]


def test_use_by_day_counts_a_day_without_any_as_zero_and_says_when_there_is_none():
    answer = ANSWERS["adoption"](AdoptionRequest("r"))
    thinned = replace(answer, days=(*answer.days[:3], *answer.days[5:]))
    people = plotted(daily_use(thinned, "light", wall_clock)).data[0].y
    assert list(people[2:6]) == [answer.days[2].adopters, 0, 0, answer.days[5].adopters]
    assert len(people) == len(answer.days)
    assert "Nobody" in plotted(daily_use(replace(answer, days=()), "dark", wall_clock)).layout.annotations[0].text


def test_a_series_without_any_value_is_said_in_words():
    empty = replace(latency(), arms=())
    assert plotted(over_time(empty, "dark", wall_clock)).layout.annotations[0].text == "No data in this window"
    assert starts_at(empty) == ""


def test_a_target_is_a_dotted_line_with_its_side_in_words():
    with_target = replace(ANSWERS["series"](SeriesRequest("error_rate")), bands=(Band("target", None, 0.02),))
    fig = over_time(with_target, "light", wall_clock)
    assert any(note.text == "target at most 2%" for note in plotted(fig).layout.annotations)


def test_one_wild_interval_does_not_flatten_the_lines():
    answer = latency()
    first, *rest = answer.arms[1].points
    control = replace(answer.arms[1], points=(replace(first, high=90_000.0), *rest))
    wild = replace(answer, arms=(answer.arms[0], control))
    assert plotted(over_time(wild, "light", wall_clock)).layout.yaxis.range[1] < 4


@pytest.mark.parametrize(("unit", "largest", "suffix", "factor"), [
    ("share", 0.4, "%", 100), ("ms", 236, " ms", 1), ("ms", 2310, " s", 0.001), ("rating", 4.1, "", 1),
])
def test_every_unit_has_its_axis(unit, largest, suffix, factor):
    axis = value_axis(unit, largest)
    assert (axis.suffix, axis.factor) == (suffix, factor)


def test_the_score_is_always_drawn_from_0_to_100_with_its_gap():
    fig = score_curve(ANSWERS["health"](HealthRequest("patient_engagement")), "light", wall_clock)
    assert tuple(plotted(fig).layout.yaxis.range) == (0, 100)
    assert None in plotted(fig).data[0].y


def test_the_distribution_uses_equal_bins_for_both_arms_and_names_its_regions():
    answer = ANSWERS["vitals"](VitalsRequest("exercise_library", vital="INP"))
    fig = distribution(answer.histogram, answer.cards[1], "light")
    control, treatment = plotted(fig).data
    assert control.x == treatment.x
    assert {note.text for note in plotted(fig).layout.annotations} == {"good", "needs impr.", "poor"}


def test_fine_bins_are_joined_without_losing_a_share():
    fine = [HistogramBin(1.01 ** k, 1.01 ** (k + 1), 0.01, 0.02) for k in range(100)]
    joined = coarser(fine)
    assert all(each.high >= each.low * 1.15 for each in joined[:-1])
    assert sum(each.treatment for each in joined) == pytest.approx(1.0)
    assert sum(each.control for each in joined) == pytest.approx(2.0)
    assert [each.high for each in joined[:-1]] == [each.low for each in joined[1:]]


def test_a_bin_that_begins_at_zero_stays_by_itself():
    assert len(coarser([HistogramBin(0, 1, 0.5, 0.5), HistogramBin(1, 1.01, 0.5, 0.5)])) == 2


def test_retention_leaves_out_days_nobody_has_reached():
    fig = retention(ANSWERS["business"](BusinessRequest("exercise_library")).retention, "light")
    treatment = next(trace for trace in plotted(fig).data if trace.name == "Treatment")
    assert treatment.y[19] is not None
    assert treatment.y[20] is None


def test_scores_are_shares_of_each_arm_so_that_unequal_arms_compare():
    fig = scores([ScoreCount(4, 30, 1), ScoreCount(5, 10, 1)], "light")
    assert list(plotted(fig).data[0].y) == [75, 25]
    assert list(plotted(fig).data[1].y) == [50, 50]


def test_a_cohort_that_is_not_old_enough_is_blank_and_not_zero():
    fig = cohorts(ANSWERS["adoption"](AdoptionRequest("exercise_library")), "light")
    assert plotted(fig).data[0].z[3][1] is None


def test_flags_used_together_are_shares_of_the_rows_users_with_a_blank_diagonal():
    answer = ANSWERS["adoption"](AdoptionRequest("exercise_library"))
    fig = together(answer, answer.matrix_flags, "light")
    # 400 of the 1,000 users of the first flag also use the second; 400 of the second's 600 use the first
    assert plotted(fig).data[0].z[0] == (None, 0.4, 0.12) or list(plotted(fig).data[0].z[0]) == [None, 0.4, 0.12]
    assert round(plotted(fig).data[0].z[1][0], 3) == round(400 / 600, 3)


def test_a_key_breaks_after_its_underscore_and_cells_carry_no_sign_so_that_a_phone_shows_them():
    answer = ANSWERS["adoption"](AdoptionRequest("exercise_library"))
    names = ["PERSONALIZED_RECOMMENDATIONS", *answer.matrix_flags[1:]]
    heat = plotted(together(answer, names, "light")).data[0]
    assert heat.y[0] == "1 · PERSONALIZED_<br>RECOMMENDATIONS"
    assert not [cell for row in heat.text for cell in row if "%" in cell]



def test_times_on_the_axis_are_the_viewers_wall_clock():
    fig = over_time(latency(), "light", lambda at: wall_clock(at) + timedelta(hours=1))
    assert plotted(fig).layout.xaxis.range[1] == wall_clock(latency().window.until_at) + timedelta(hours=1)
