"""One metric over time as a section of a page: heading, how to read it, chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pages.panels.furniture import chart, drawn, section
from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.over_time import gaps, over_time, starts_at
from rollout_core.insight.series import SeriesRequest

POINTS = 72
"""About ten px a point."""
SAMPLE = 100
"""What the usual bucket should stand on: finer buckets of little traffic show noise, not a course."""


def over_time_chart(here: Here, request: SeriesRequest, heading: str, unit: str, points: int = POINTS) -> None:
    """Asks and draws. The caption says unit, bucket width, how to read the marks, and where the axis starts."""
    answer = here.ask("series", replace(request, points=points, sample=SAMPLE), settled=True)
    notes = (unit, f"per {formats.span(timedelta(seconds=answer.bucket_seconds))}", "ribbon: 95% interval",
             starts_at(answer), gaps(answer), answer.note)
    section(heading, " · ".join(note for note in notes if note))
    chart(drawn(over_time, answer, here.theme, here.local), f"{answer.name} over time by arm",
          f"series-{request.metric}")
