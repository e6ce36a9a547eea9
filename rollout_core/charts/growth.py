"""Use by day: how many people in treatment used it, with what changed in between."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from rollout_core.charts import figure, palette
from rollout_core.charts.over_time import Local, chart_marks, time_axis
from rollout_core.charts.palette import Theme
from rollout_core.charts.picture import Picture
from rollout_core.insight.adoption import AdoptionAnswer


def daily_use(answer: AdoptionAnswer, theme: Theme, local: Local, height: int = 280) -> Picture:
    """A point a day (UTC), from zero; a day between others on which nobody used it is zero. Without any use it says so.
    """
    if not answer.days:
        return figure.nothing_drawn(theme, "Nobody has used it yet", height)
    fig = figure.figure(theme, height)
    first, last = answer.days[0].day, answer.days[-1].day
    counted = {each.day: each for each in answer.days}
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    people = [counted[day].adopters if day in counted else 0 for day in days]
    uses = [counted[day].uses if day in counted else 0 for day in days]
    x = [datetime.combine(day, time()) for day in days]
    fig.add_scatter(x=x, y=people, customdata=uses, mode="lines", name="people", showlegend=False,
                    line={"color": palette.TREATMENT, "width": palette.WIDTH["treatment"]},
                    hovertemplate="%{y:,} people, %{customdata:,} uses<extra></extra>")
    ends = (x[0], x[-1] + timedelta(days=1))
    figure.marks(fig, chart_marks(answer.marks, local), ends)
    fig.update_layout(margin={"t": 8})
    fig.update_yaxes(range=[0, max(people) * 1.1], tickformat=",d")
    time_axis(fig, ends)
    return fig
