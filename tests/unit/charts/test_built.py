"""Charts that people build: bounded, arms in their own colours, names never markup."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rollout_core.charts import palette
from rollout_core.charts.built import MOST_COLOURS, MOST_POINTS, built, thinned
from tests.fakes.plotted import plotted

Values = st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), max_size=300)


def test_arms_have_their_fixed_colours_whatever_order_they_come_in() -> None:
    fig = built("light", "Line", [1, 1, 2], [1, 2, 3], ["other", "control", "treatment"]).fig
    assert [(trace.name, trace.line.color, trace.line.dash) for trace in plotted(fig).data[:2]] == [
        ("treatment", palette.TREATMENT, "solid"), ("control", palette.CONTROL, "dash")]
    assert plotted(fig).data[2].line.color not in {palette.TREATMENT, palette.CONTROL}


def test_no_trace_has_more_than_two_thousand_points_and_a_line_keeps_its_peak() -> None:
    many = 9_999
    peak = [1_000_000 if place == 4_321 else place % 7 for place in range(many)]
    line = built("light", "Line", list(range(many)), peak)
    assert len(plotted(line.fig).data[0].x) <= MOST_POINTS
    assert max(plotted(line.fig).data[0].y) == 1_000_000
    assert (line.drawn, line.rows) == (len(plotted(line.fig).data[0].x), many)
    assert len(plotted(built("light", "Dots", list(range(many)), peak).fig).data[0].x) == MOST_POINTS


@given(Values, st.integers(2, 40))
def test_thinning_keeps_the_ends_the_order_and_the_bound(values: list[float | None], most: int) -> None:
    points = list(enumerate(values))
    kept = thinned(points, most)
    assert len(kept) <= max(most, 2)
    assert kept == sorted(kept, key=lambda point: point[0])
    known = [value for value in values if value is not None]
    if known:
        drawn = [value for _, value in kept if value is not None]
        assert (min(drawn), max(drawn)) == (min(known), max(known))


def test_a_line_whose_x_falls_back_begins_anew_and_is_not_tied_across_the_chart() -> None:
    line = built("light", "Line", [1, 2, 3, 1, 2], [5, 6, 7, 8, 9])
    assert list(plotted(line.fig).data[0].y) == [5, 6, 7, None, 8, 9]
    assert line.drawn == 5


def test_the_colours_with_the_fewest_rows_are_left_out_and_counted() -> None:
    colours = [f"c{place}" for place in range(20) for _ in range(1 if place < 5 else 2)]
    drawn = built("light", "Bars", list(range(len(colours))), [1.0] * len(colours), colours)
    assert len(plotted(drawn.fig).data) == MOST_COLOURS
    assert drawn.colours_left_out == 8
    assert not {"c0", "c4"} & {trace.name for trace in plotted(drawn.fig).data}


def test_what_somebody_sent_is_no_markup_in_legend_or_axis() -> None:
    fig = built("light", "Bars", ["<a href='https://evil.example'>x</a>"], [1], ["<b>bold</b>"]).fig
    assert plotted(fig).data[0].name == "&lt;b&gt;bold&lt;/b&gt;"
    assert plotted(fig).data[0].x[0].startswith("&lt;a")


def test_a_missing_colour_has_a_name_and_a_lone_trace_means_no_arm() -> None:
    assert plotted(built("light", "Dots", [1], [1], [None]).fig).data[0].name == "none"
    assert plotted(built("dark", "Bars", [1], [1], name="n").fig).data[0].marker.color == palette.TEXT["dark"]


def test_times_are_written_day_before_month_as_on_the_other_pages() -> None:
    days = [datetime(2026, 10, day, tzinfo=UTC) for day in (11, 12, 13)]
    stops = plotted(built("light", "Line", days, [1, 2, 3]).fig).layout.xaxis.tickformatstops
    assert stops[1].value == "%-d %b"
    assert not plotted(built("light", "Line", [1, 2, 3], [1, 2, 3]).fig).layout.xaxis.tickformatstops
