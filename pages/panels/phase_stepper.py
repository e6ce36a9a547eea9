"""A rollout's phases with dates, in the viewer's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.steps import Step, stepper
from rollout_core.insight.status import PhaseStep, StatusAnswer

STATES = {"done": "done", "now": "current", "left": "ahead", "ahead": "ahead"}


def phase_stepper(here: Here, status: StatusAnswer) -> None:
    """The ordered list of phases; while nobody is served the present phase is crimson."""
    off = status.status in ("paused", "stopped")
    ahead = begins(here.now, status) if status.status == "running" else {}
    st.html(stepper([Step(step.name, f"{step.percentage:g}%", ahead_words(here, ahead.get(step.key)) or
                          when_words(here, step, off),
                          "stopped" if off and step.state == "now" else STATES.get(step.state, "ahead"))
                     for step in status.phases], f"Phases of {status.name}"))


@dataclass(frozen=True, slots=True)
class Begin:
    """When a phase ahead may begin: `likely` by what is known of the conditions, else no earlier than that."""

    at: datetime
    likely: bool


def begins(now: datetime, status: StatusAnswer) -> dict[str, Begin]:
    """The next phase when the last condition is likely met; later ones no earlier than the minimum durations between.

    Empty while a condition has no date.
    """
    dates = [each.at for each in status.gates.waiting]
    if status.gates.not_met or any(at is None for at in dates):
        return {}
    at, found = max((at for at in dates if at is not None), default=now), dict[str, Begin]()
    place = status.next_phase.number - 1 if status.next_phase else len(status.phases)
    for step in status.phases[place:]:
        found[step.key] = Begin(at, likely=not found)
        at += step.minimum or timedelta(0)
    return found


def ahead_words(here: Here, begin: Begin | None) -> str:
    """ "likely 9 Dec", "not before 16 Dec", "may begin now"."""
    if begin is None:
        return ""
    if begin.at <= here.now:
        return "may begin now"
    return f"{'likely' if begin.likely else 'not before'} {here.day(begin.at)}"


def when_words(here: Here, step: PhaseStep, off: bool) -> str:
    """ "since 12 Nov", "12 Nov, 7 days", "12 Nov, 2 times, 14 days in all", "left 13 Nov"."""
    if step.state == "now" and step.entered_at:
        return f"{'was ' if off else ''}since {here.day(step.entered_at)}"
    if step.state == "left" and step.left_at:
        return f"left {here.day(step.left_at)}"
    if step.entered_at and step.left_at:
        length = formats.span(step.spent or step.left_at - step.entered_at)
        again = step.stays > 1
        return f"{here.day(step.entered_at)}, " + (f"{step.stays} times, {length} in all" if again else length)
    return ""
