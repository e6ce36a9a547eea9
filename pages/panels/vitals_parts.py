"""Pieces of the Web Vitals page: filters, cards, differences, pages and devices."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import pandas as pd
import streamlit as st

from pages.panels import evidence
from pages.panels.page import Here
from rollout_core.charts import drawings, formats, palette, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.audit_file import harmless
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.vitals import VitalCard, VitalsAnswer, VitalsRequest, VitalsSlice

VITALS = ("LCP", "INP", "CLS", "FCP", "TTFB")
RATING = {"good": words.GOOD, "needs improvement": words.NEEDS_IMPROVEMENT, "poor": words.POOR}
COMPARED = {"Faster": words.FASTER, "Slower": words.SLOWER, "Unclear": words.UNCLEAR}
COLOURS = (palette.GOOD, palette.NEEDS_IMPROVEMENT, palette.POOR)


def narrow(here: Here, entry: RolloutEntry, window: str) -> tuple[str, str | None, str | None]:
    """(vital, device, page) as chosen; the offers are those that have data in this window."""
    everywhere = here.ask("vitals", VitalsRequest(entry.key, window), settled=True)
    vital = st.selectbox("Vital", VITALS, key="vital", bind="query-params", width=130)
    device = st.selectbox("Device", ["All devices", *(each.key for each in everywhere.devices)], key="device",
                          bind="query-params", width=150)
    where = st.selectbox("Page", ["All pages", *(each.key for each in everywhere.pages)], key="page",
                         bind="query-params", width=210)
    return vital, None if device == "All devices" else device, None if where == "All pages" else where


def cards(answer: Sequence[VitalCard]) -> None:
    """One card per vital: five across, two on a phone."""
    with st.grid(5, min_column_width=150, gap="xsmall"):
        for card in answer:
            with st.container(border=True, gap="xsmall", height="stretch"):
                _card(card)


def _card(card: VitalCard) -> None:
    value = card.treatment.value
    word: Word = RATING.get(card.rating, words.NO_DATA) if value is not None else words.NO_DATA
    st.markdown(f"**{card.vital}** {quiet('p75, treatment')}")
    st.markdown(f"## {vital_value(value, card.unit)}", anchors=False)
    st.markdown(word.badge)
    if value is None or card.good is None:
        why = plain(card.treatment.note or "none in this window")
        st.markdown(f"{drawings.hatch(f'{card.vital}: no data', 150, 16)}  \n{quiet(why)}")
        return
    parts = (card.good, card.needs_improvement or 0.0, card.poor or 0.0)
    said = f"{parts[0]:.0%} good, {parts[1]:.0%} needs improvement, {parts[2]:.0%} poor"
    other = card.control.value
    against = "no control" if other is None else f"control {vital_value(other, card.unit)}"
    st.markdown(f"{drawings.shares(list(zip(parts, COLOURS, strict=True)), said)}  \n"
                f"{quiet(f'{parts[0]:.0%} good · {against}')}")


def vital_value(value: float | None, unit: str) -> str:
    """CLS has no unit and two digits; the others are times."""
    return formats.milliseconds(value) if unit == "ms" else formats.number(value, 2)


def differences(answer: Sequence[VitalCard]) -> list[dict[str, str]]:
    """Each vital's difference around zero with its verdict word."""
    reach = evidence.reach_of([card.change for card in answer])
    rows = []
    for card in answer:
        word = COMPARED.get(card.comparison, words.NO_DATA)
        rows.append({"Vital": f"**{card.vital}**", "Verdict": word.badge,
                     "Difference": evidence.change_cell(card.vital, card.change, word, reach)})
    return rows


def slowest_first(answer: Sequence[VitalsSlice]) -> list[VitalsSlice]:
    """By the treatment's value, downwards; without one at the end."""
    return sorted(answer, key=lambda each: -inf if each.treatment.value is None else each.treatment.value, reverse=True)


def slices(answer: Sequence[VitalsSlice], name: str, vital: str) -> None:
    """A sortable table of pages or devices, the slowest in treatment first; it can be downloaded from its own menu."""
    if not answer:
        st.markdown(quiet(f"No {vital} in this window: choose a longer time."))
        return
    answer = slowest_first(answer)
    unit = answer[0].treatment.unit
    number = "%.0f ms" if unit == "ms" else "%.3f"
    frame = pd.DataFrame({
        name: [harmless(each.key) for each in answer],
        f"{vital} p75": [each.treatment.value for each in answer],
        "Control": [each.control.value for each in answer],
        "Good": [None if each.good is None else each.good * 100 for each in answer],
        "Page views, both arms": [each.page_views for each in answer],
    })
    st.dataframe(frame, hide_index=True, alt=f"{name}s by {vital} in treatment", column_config={
        f"{vital} p75": st.column_config.NumberColumn(format=number),
        "Control": st.column_config.NumberColumn(format=number),
        "Good": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d%%"),
        "Page views, both arms": st.column_config.NumberColumn(format="localized")})


def loads(answer: VitalsAnswer) -> None:
    """Page loads that are good in every vital, the score, and how exact the percentiles are."""
    st.markdown(f"**Good in LCP, INP and CLS at once:** {evidence.number(answer.good_loads)}, control "
                f"{evidence.number(answer.good_loads_control)}  \n**Performance score:** "
                f"{evidence.number(answer.performance_score)}, control "
                f"{evidence.number(answer.performance_score_control)}")
    if answer.relative_error:
        st.markdown(quiet(f"Percentiles come from histograms with at most {answer.relative_error:.0%} relative error."))
