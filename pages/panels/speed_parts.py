"""Pieces of the Speed page: the degradation in words, endpoints and components as a sortable table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.panels import evidence
from pages.panels.evidence import bounds
from pages.panels.files import changed, numbers, within
from pages.panels.furniture import table
from rollout_core.charts import formats, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.audit_file import harmless
from rollout_core.insight.speed import Percentiles, SpeedAnswer
from rollout_core.metrics.measured import Measured

NAMES = {"lcp_p75": "LCP p75", "inp_p75": "INP p75", "api_response_p95": "API p95",
         "performance_degradation": "Worst of the three"}


def degradation(answer: SpeedAnswer) -> None:
    """The worst and its parts around zero, on one scale; everybody's numbers of the API below its change."""
    lines = [answer.degradation, *answer.parts]
    reach = evidence.reach_of(lines)
    arms = {"api_response_p95": f"{quiet('everybody')} {evidence.both_arms(answer.api.p95, answer.api.control_p95)}",
            "performance_degradation": quiet(plain(answer.degradation.note))}
    rows = []
    for line in lines:
        cell = evidence.change_cell(line.metric, line, _word(line), reach)
        more = arms.get(line.metric) if line.value is not None else quiet(plain(line.note))
        rows.append({"What": f"**{NAMES.get(line.metric, line.metric)}**", "Verdict": _word(line).badge,
                     "Against control": "  \n".join(each for each in (cell, more) if each)})
    table(rows, "Degradation against control")


def _word(change: Measured) -> Word:
    return evidence.verdict(change, True, words.FASTER, words.SLOWER)


def as_file(answer: SpeedAnswer, found: Sequence[Percentiles], name: str) -> list[dict[str, Any]]:
    """The table of endpoints or components: a row each."""
    return [{name.lower(): each.key, **numbers("p50 treatment", each.p50), **numbers("p95 treatment", each.p95),
             **numbers("p99 treatment", each.p99), **numbers("p95 control", each.control_p95),
             **changed("change of p95", each.change), **within(answer.window)} for each in slowest_first(found)]


def degradation_as_file(answer: SpeedAnswer) -> list[dict[str, Any]]:
    """The worst and its parts: a row each."""
    return [{"what": NAMES.get(line.metric, line.metric), "verdict": _word(line).text, **changed("change", line),
             **within(line.window)} for line in (answer.degradation, *answer.parts)]


def slowest_first(found: Sequence[Percentiles]) -> list[Percentiles]:
    """By the treatment's p95, downwards; without one at the end."""
    return sorted(found, key=lambda each: -1.0 if each.p95.value is None else each.p95.value, reverse=True)


def listing(found: Sequence[Percentiles], name: str) -> None:
    """Milliseconds at p50, p95, p99 in treatment, the control's p95 and the change; the slowest first."""
    if not found:
        st.markdown(quiet("Nothing was measured in this window."))
        return
    found = slowest_first(found)
    milliseconds, text = st.column_config.NumberColumn(format="%.0f ms"), st.column_config.TextColumn()
    columns = {
        name: ([harmless(each.key) for each in found], text),
        "p50": ([each.p50.value for each in found], milliseconds),
        "p95": ([each.p95.value for each in found], milliseconds),
        "p95 interval": ([bounds(each.p95) for each in found], text),
        "p99": ([each.p99.value for each in found], milliseconds),
        found[0].p95.noun.capitalize(): ([each.p95.n for each in found],
                                         st.column_config.NumberColumn(format="localized")),
        "Verdict": ([_word(each.change).text for each in found], text),
        **evidence.change_columns([each.change for each in found]),
    }
    st.dataframe(pd.DataFrame({column: values for column, (values, _) in columns.items()}), hide_index=True,
                 alt=f"{name}s by p95 in treatment, the slowest first", placeholder=formats.NONE,
                 column_config={column: how for column, (_, how) in columns.items()})
