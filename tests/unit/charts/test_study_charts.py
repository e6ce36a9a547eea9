"""Traffic, comparisons and rehearsals drawn: gaps stay gaps, nothing is never an empty grid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rollout_core.charts.compare import two_sides
from rollout_core.charts.formats import e_value
from rollout_core.charts.picture import Picture
from rollout_core.charts.rehearsal import MOST_MARKS, Asked, Shares, share_timeline
from rollout_core.charts.traffic import traffic_chart
from rollout_core.insight.compare import CompareRequest
from rollout_core.insight.traffic import TrafficRequest
from tests.fakes.plotted import plotted
from tests.fakes.sample_answers import HOSTILE
from tests.fakes.sample_numbers import measured
from tests.fakes.sample_pages import compare, traffic

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def local(at: datetime) -> datetime:
    """UTC as wall clock."""
    return at.replace(tzinfo=None)


def words_in(picture: Picture) -> list[str]:
    """The texts drawn inside."""
    return [each.text for each in plotted(picture).layout.annotations]


def test_each_kind_of_traffic_is_a_line_and_what_was_not_received_a_gap() -> None:
    fig = traffic_chart(traffic(TrafficRequest("r")), "light", local)
    assert [line.name for line in plotted(fig).data] == ["Page views", "Requests", "Uses of features"]
    assert list(plotted(fig).data[0].y[:6]) == [None] * 5 + [25.0]
    assert not plotted(fig).data[0].connectgaps


def test_no_traffic_says_so() -> None:
    found = traffic(TrafficRequest("r"))
    nothing = replace(found, flows=tuple(replace(flow, per_minute=(None,) * 60) for flow in found.flows))
    assert words_in(traffic_chart(nothing, "light", local)) == ["Nothing was received in this window"]


def test_both_sides_stand_in_every_row_with_their_intervals_in_percent() -> None:
    fig = two_sides(compare(CompareRequest(rollout="r", by="device")), "dark")
    first, second = plotted(fig).data
    assert (first.name, second.name) == ("Treatment", "Control")
    assert list(first.y)[:2] == ["All", "phone"]
    assert [round(x, 3) for x in first.x][:2] == [4.1, 5.0]
    assert [round(half, 3) for half in first.error_x.array][:2] == [0.4, 1.0]
    assert len(second.x) == 3, "the tablet has no data in control: no dot, not a zero"


def test_a_part_that_somebody_named_is_no_markup() -> None:
    fig = two_sides(compare(CompareRequest(rollout="r", by="page")), "light")
    assert not any("<script" in str(row) for line in plotted(fig).data for row in line.y)
    assert HOSTILE.startswith("<script"), "or this test could not fail"


def test_without_a_number_on_either_side_the_comparison_says_so() -> None:
    found = compare(CompareRequest(rollout="r"))
    none = measured("error_rate", None)
    blank = replace(found, first=replace(found.first, measured=none), second=replace(found.second, measured=none))
    assert words_in(two_sides(blank, "light")) == ["No data on either side"]


def test_a_rehearsal_draws_both_shares_and_a_line_for_each_step_asked_for() -> None:
    shares = [Shares(NOON, 20.0, 20.0), Shares(NOON + timedelta(days=1), 50.0, 10.0)]
    fig = share_timeline(shares, [Asked(NOON + timedelta(hours=6), "Halve the share")], "light", local)
    assert [list(line.y) for line in plotted(fig).data] == [[20.0, 50.0], [20.0, 10.0]]
    assert words_in(fig) == ["Halve the share"]


def test_marks_that_nobody_could_read_are_left_to_the_table() -> None:
    shares = [Shares(NOON, 20.0, 20.0), Shares(NOON + timedelta(days=9), 20.0, 20.0)]
    asked = [Asked(NOON + timedelta(hours=hour), "Hold") for hour in range(60)]
    fig = share_timeline(shares, asked, "light", local)
    assert len(plotted(fig).layout.shapes) == MOST_MARKS
    # 18 lines an hour apart; a label holds those within 2 % of 216 hours, 4.3 hours, of its first line: 5, 5, 5, 3.
    assert words_in(fig) == ["Hold, 4 more"] * 3 + ["Hold, 2 more"]


def test_nothing_rehearsed_is_said() -> None:
    assert words_in(share_timeline([], [], "light", local)) == ["The rollout had not begun in this period"]


def test_an_e_value_is_short_for_people() -> None:
    assert [e_value(log_e) for log_e in (-0.58, 0.0, 5.4, 19.28, -9.0)] == ["0.56", "1", "221", "10^8", "0"]
