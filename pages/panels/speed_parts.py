"""Pieces of the Speed page: the degradation in words, endpoints and components as a sortable table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.panels import evidence
from pages.panels.furniture import table
from rollout_core.charts import words
from rollout_core.charts.words import Word, quiet
from rollout_core.insight.audit_file import harmless
from rollout_core.insight.speed import Percentiles, SpeedAnswer
from rollout_core.metrics.measured import Measured

NAMES = {"lcp_p75": "LCP p75", "inp_p75": "INP p75", "api_response_p95": "API p95",
         "performance_degradation": "Worst of the three"}


def degradation(answer: SpeedAnswer) -> None:
    """The worst and its parts around zero, on one scale."""
    lines = [answer.degradation, *answer.parts]
    reach = evidence.reach_of(lines)
    table([{"What": f"**{NAMES.get(line.metric, line.metric)}**", "Verdict": _word(line).badge,
            "Against control": evidence.change_cell(line.metric, line, _word(line), reach)} for line in lines],
          "Degradation against control")


def _word(change: Measured) -> Word:
    return evidence.verdict(change, True, words.FASTER, words.SLOWER)


def listing(found: Sequence[Percentiles], name: str) -> None:
    """Milliseconds at p50, p95, p99, the control's p95 and the change."""
    if not found:
        st.markdown(quiet("Nothing was measured in this window."))
        return
    frame = pd.DataFrame({
        name: [harmless(each.key) for each in found],
        "p50": [each.p50.value for each in found], "p95": [each.p95.value for each in found],
        "p99": [each.p99.value for each in found], "Control p95": [each.control_p95.value for each in found],
        "Change": [None if each.change.value is None else each.change.value * 100 for each in found],
        "Measured": [each.p95.n for each in found]})
    milliseconds = {key: st.column_config.NumberColumn(format="%.0f ms")
                    for key in ("p50", "p95", "p99", "Control p95")}
    st.dataframe(frame, hide_index=True, alt=f"{name}s by p95 in treatment", column_config={
        **milliseconds, "Change": st.column_config.NumberColumn(format="%+.1f%%"),
        "Measured": st.column_config.NumberColumn(format="localized")})
