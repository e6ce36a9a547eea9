"""Traffic over time: a line per kind of event, with gaps where nothing was received."""

from __future__ import annotations

from rollout_core.charts import figure
from rollout_core.charts.over_time import Local, time_axis
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture
from rollout_core.insight.traffic import TrafficAnswer


def traffic_chart(answer: TrafficAnswer, theme: Theme, local: Local, height: int = 280) -> Picture:
    """Events per minute by kind. Without a single count it says so instead of drawing an empty grid."""
    if all(value is None for flow in answer.flows for value in flow.per_minute):
        return figure.nothing_drawn(theme, "Nothing was received in this window", height)
    fig = figure.figure(theme, height)
    x = [local(at) for at in answer.at]
    for place, flow in enumerate(answer.flows):
        figure.line(fig, flow.name, x, flow.per_minute, place)
    fig.update_yaxes(rangemode="tozero")
    time_axis(fig, (local(answer.window.since_at), local(answer.window.until_at)))
    return fig
