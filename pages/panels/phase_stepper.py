"""A rollout's phases with dates, in the viewer's zone."""

from __future__ import annotations

import streamlit as st

from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.steps import Step, stepper
from rollout_core.insight.status import PhaseStep, StatusAnswer

STATES = {"done": "done", "now": "current", "left": "ahead", "ahead": "ahead"}


def phase_stepper(here: Here, status: StatusAnswer) -> None:
    """The ordered list of phases; while nobody is served the present phase is crimson."""
    off = status.status in ("paused", "stopped")
    st.html(stepper([Step(step.name, f"{step.percentage:g}%", _when(here, step, off),
                          "stopped" if off and step.state == "now" else STATES.get(step.state, "ahead"))
                     for step in status.phases], f"Phases of {status.name}"))


def _when(here: Here, step: PhaseStep, off: bool) -> str:
    if step.state == "now" and step.entered_at:
        return f"{'was ' if off else ''}since {here.day(step.entered_at)}"
    if step.state == "left" and step.left_at:
        return f"left {here.day(step.left_at)}"
    if step.entered_at and step.left_at:
        return f"{here.day(step.entered_at)}, {formats.span(step.spent or step.left_at - step.entered_at)}"
    return ""
