"""The house style of charts."""

from datetime import UTC, datetime

from rollout_core.charts import figure as chart
from rollout_core.charts import palette
from tests.fakes.plotted import plotted


def test_known_runs_are_the_stretches_between_gaps():
    assert chart.known_runs([None, 1, 2, None, 3]) == [(1, 3), (4, 5)]
    assert chart.known_runs([]) == []
    assert chart.known_runs([None]) == []


def test_a_gap_splits_the_ribbon_and_is_not_bridged_by_the_line():
    fig = chart.figure("light")
    chart.ribbon(fig, chart.Run("treatment", [1, 2, 3, 4], [1, None, 3, 4], [0, None, 2, 3], [2, None, 4, 5]))
    polygons = [trace for trace in plotted(fig).data if trace.fill == "toself"]
    assert [list(p.x) for p in polygons] == [[1, 1], [3, 4, 4, 3]]
    assert plotted(fig).data[-1].connectgaps is False
    assert plotted(fig).data[-1].y == (1, None, 3, 4)


def test_a_lonely_point_between_gaps_is_visible():
    fig = chart.figure("light")
    chart.ribbon(fig, chart.Run("control", [1, 2, 3], [None, 2, None]))
    assert plotted(fig).data[-1].mode == "lines+markers"
    assert list(plotted(fig).data[-1].marker.size) == [0, 5, 0]


def test_arms_keep_their_colour_and_dash_and_treatment_comes_first_in_the_legend():
    fig = chart.figure("dark")
    chart.ribbon(fig, chart.Run("control", [1], [1]))
    chart.ribbon(fig, chart.Run("treatment", [1], [1]))
    control, treatment = plotted(fig).data
    assert (control.line.color, control.line.dash) == (palette.CONTROL, "dash")
    assert (treatment.line.color, treatment.line.dash) == (palette.TREATMENT, "solid")
    assert treatment.legendrank < control.legendrank


def test_text_takes_the_colour_of_the_theme():
    assert plotted(chart.figure("light")).layout.font.color == "#515b69"
    assert plotted(chart.figure("dark")).layout.xaxis.tickfont.color == "#a4aebc"


def test_neighbouring_marks_take_different_rows_and_incidents_are_crimson():
    fig = chart.figure("light")
    day = datetime(2026, 11, 22, tzinfo=UTC)
    chart.marks(fig, [chart.Mark(day.replace(hour=13, minute=41), "Deploy <b>", incident=True),
                      chart.Mark(day, "Phase 2, 10%"), chart.Mark(day.replace(day=1), "long ago")],
                (day, day.replace(hour=20)))
    layout = plotted(fig).layout
    assert [a.yshift for a in layout.annotations] == [0, 16]
    assert [a.text for a in layout.annotations] == ["Phase 2, 10%", "Deploy &lt;b&gt;"]
    assert [a.xanchor for a in layout.annotations] == ["left", "right"], "late words stand left of their line"
    assert [s.line.color for s in layout.shapes] == [palette.MUTED, palette.POOR]


def test_marks_within_minutes_never_lie_over_each_other():
    """Six within six minutes of a day and one hours later: the six are one label, which would else hide the lines."""
    fig = chart.figure("light")
    day = datetime(2026, 11, 22, tzinfo=UTC)
    happened = [chart.Mark(day.replace(hour=2, minute=minute), f"Change {minute}") for minute in range(6)]
    chart.marks(fig, [*happened, chart.Mark(day.replace(hour=12), "Later")], (day, day.replace(hour=23)))
    assert [(a.text, a.yshift) for a in plotted(fig).layout.annotations] == [
        ("Change 0, 5 more", 0), ("Later", 16)]
    assert len(plotted(fig).layout.shapes) == 7, "every mark keeps its line"


def test_a_chart_without_data_has_no_axes_and_says_so():
    fig = chart.nothing_drawn("light", "No page views in this window")
    assert plotted(fig).layout.xaxis.visible is False
    assert plotted(fig).layout.annotations[0].text == "No page views in this window"
