"""A rehearsal over time: the share that happened, the share its rules would have left, and what they asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_core.charts import figure, palette
from rollout_core.charts.over_time import Local, time_axis
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture

MOST_MARKS = 18
"""More words than this at the foot of a chart cannot be read."""


@dataclass(frozen=True, slots=True)
class Shares:
    """From `at` on: percent that had it, and percent that the rehearsed rules would have left at most."""

    at: datetime
    happened: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that was asked for, in a word; `raises` where it would have given more."""

    at: datetime
    word: str
    raises: bool = False


def share_timeline(shares: Sequence[Shares], asked: Sequence[Asked], theme: Theme, local: Local,
                   height: int = 300) -> Picture:
    """Both shares as steps in percent, and a line at every step asked for. Nothing rehearsed says so."""
    if not shares:
        return figure.nothing_drawn(theme, "The rollout had not begun in this period", height)
    fig = figure.figure(theme, height)
    x = [local(point.at) for point in shares]
    fig.add_scatter(x=x, y=[point.happened for point in shares], name="As it happened", mode="lines",
                    line={"color": palette.TREATMENT, "width": 2.5, "shape": "hv"})
    fig.add_scatter(x=x, y=[point.allowed for point in shares], name="Left by these rules", mode="lines",
                    line={"color": palette.HOLDOUT, "width": 2, "dash": "dash", "shape": "hv"})
    figure.marks(fig, [figure.Mark(local(each.at), each.word, not each.raises) for each in asked[:MOST_MARKS]],
                 (x[0], x[-1]))
    fig.update_yaxes(ticksuffix="%", range=[0, max(max(point.happened for point in shares) * 1.15, 1)])
    time_axis(fig, (x[0], x[-1]))
    return fig
