"""Who has it: audiences in filling order, each as a bar with who joins at the next phase."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.panels.furniture import table
from rollout_core.charts import drawings, formats
from rollout_core.charts.words import plain, quiet
from rollout_core.insight.phases import AudienceLine


def audience_table(audiences: Sequence[AudienceLine], next_percentage: float | None) -> None:
    """Rows by audience; without a register nothing is counted, and the table says so instead of showing zeros."""
    if not any(line.eligible is not None for line in audiences):
        st.markdown(quiet("Nobody is counted: the register holds no subjects of this unit. Import it with "
                          "`rollout import` to see who would have it."))
        return
    joins = "Join next" if next_percentage is None else f"Join at {next_percentage:g}%"
    table([{"Audience": f"**{plain(line.name)}**", "Filled": _bar(line), "Have it": _have(line),
            joins: f"+{line.joins:,}" if line.joins else quiet("none")} for line in audiences], "Audiences")


def _bar(line: AudienceLine) -> str:
    if not line.eligible or line.have is None:
        return drawings.hatch(f"{line.name}: nobody", 320, 16) if line.eligible is None else quiet("empty")
    now, then = line.have / line.eligible, (line.have + (line.joins or 0)) / line.eligible
    alt = f"{line.name}: {formats.percent(now, 0)} has it, {formats.percent(then - now, 0)} joins next"
    return drawings.filling(now, then, alt)


def _have(line: AudienceLine) -> str:
    if line.eligible is None or line.have is None:
        return quiet("not counted")
    return f"{line.have:,} {quiet(f'of {line.eligible:,}')}"
