"""Pieces of the Web Vitals page: filters, cards, differences, pages and devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

import pandas as pd
import streamlit as st

from pages.panels import evidence
from pages.panels.files import changed, numbers, within
from pages.panels.page import Here
from rollout_core.charts import drawings, formats, palette, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.audit_file import harmless
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.vitals import (
    VitalCard,
    VitalsAnswer,
    VitalsRequest,
    VitalsSlice,
    compared_in_words,
)
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured

VITALS = ("LCP", "INP", "CLS", "FCP", "TTFB")
RATING = {"good": words.GOOD, "needs improvement": words.NEEDS_IMPROVEMENT, "poor": words.POOR}
COMPARED = {"Faster": words.FASTER, "Slower": words.SLOWER, "Unclear": words.UNCLEAR, "Too few": words.TOO_FEW}
ALL = {"page": "All pages", "device": "All devices"}
OTHER = {"page": "device", "device": "page"}
COLOURS = (palette.GOOD, palette.NEEDS_IMPROVEMENT, palette.POOR)


def narrow(here: Here, entry: RolloutEntry, window: str) -> tuple[VitalsRequest, VitalsAnswer]:
    """What is asked for as chosen, and its answer; pages and devices are offered that have data in this window."""
    vital = st.selectbox("Vital", VITALS, key="vital", bind="query-params", width=110)
    asked = VitalsRequest(entry.key, window, vital=vital)
    whole: VitalsAnswer = here.ask("vitals", asked, settled=True)
    chosen = {name: _one_of(name, [each.key for each in parts])
              for name, parts in (("page", whole.pages), ("device", whole.devices))}
    if not any(chosen.values()):
        return asked, whole
    asked = replace(asked, page=chosen["page"], device=None if chosen["page"] else chosen["device"])
    return asked, here.ask("vitals", asked, settled=True)


def _one_of(name: str, keys: Sequence[str]) -> str | None:
    """A page or a device; choosing one sets the other back, since vitals are shown for one of them."""
    chosen = st.selectbox(name.capitalize(), [ALL[name], *keys], key=name, bind="query-params", width=190,
                          on_change=_set_back, args=(OTHER[name],))
    return None if chosen == ALL[name] else chosen


def _set_back(name: str) -> None:
    st.session_state[name] = ALL[name]


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
    st.markdown(f"{drawings.shares(list(zip(parts, COLOURS, strict=True)), said)}  \n"
                f"{quiet(f'{parts[0]:.0%} good')}  \n{quiet(_against(card))}")


def _against(card: VitalCard) -> str:
    """Control's number where it is comparable: of those compared, else of everybody."""
    of = card.change.alike
    if of is not None:
        return (f"like with like {vital_value(of.treatment, card.unit)}, control {vital_value(of.control, card.unit)}")
    other = card.control.value
    return "no control" if other is None else f"control {vital_value(other, card.unit)}"


def vital_value(value: float | None, unit: str) -> str:
    """CLS has no unit and two digits; the others are times."""
    return formats.milliseconds(value) if unit == "ms" else formats.number(value, 2)


def answered(vital: str, answer: VitalsAnswer) -> None:
    """The page's question in a sentence: faster or slower, and where it is slowest."""
    card = next((each for each in answer.cards if each.vital == vital), None)
    if card is None or card.treatment.value is None:
        return
    change = card.change
    gap = "" if change.value is None else (
        f", {formats.difference(change.value, change.unit)} "
        f"{formats.signed_interval(change.low, change.high, change.unit)}")
    of = evidence.alike(change)
    said = {"Faster": f"{vital} is faster in treatment{gap}.", "Slower": f"{vital} is slower in treatment{gap}.",
            "Unclear": f"No clear difference in {vital} between the arms{gap}.",
            "Too few": f"Too few to compare {vital} between the arms."}
    st.markdown(f"**{said.get(card.comparison, f'{vital} has no control to compare with.')}** "
                f"{quiet(of)}  \n{_slowest(card, answer.pages)}")


def _slowest(card: VitalCard, pages: Sequence[VitalsSlice]) -> str:
    """The first page of the table; where no page has enough page views, the slowest of few, and that it is so."""
    found = next(iter(slowest_first(pages, card.vital)), None)
    if found is None or found.treatment.value is None:
        return ""
    enough = enough_views(card.vital)
    few = "" if found.treatment.n >= enough else f", fewer than {enough}: uncertain"
    counted = formats.counted(found.treatment.n, found.treatment.noun)
    many = quiet(f"{formats.interval(found.treatment.low, found.treatment.high, card.unit)} · {counted}{few}")
    return f"Slowest page: **{plain(found.key)}**, {vital_value(found.treatment.value, card.unit)} {many}"


def differences(answer: VitalsAnswer) -> list[dict[str, str]]:
    """Each vital's difference around zero with its verdict word."""
    reach = evidence.reach_of([card.change for card in answer.cards])
    rows = []
    for card in answer.cards:
        word = COMPARED.get(card.comparison, words.NO_DATA)
        rows.append({"Vital": f"**{card.vital}**", "Verdict": word.badge,
                     "Difference": evidence.change_cell(card.vital, card.change, word, reach)})
    return rows


def together(answer: VitalsAnswer) -> list[tuple[str, Measured, Measured, Measured]]:
    """What the vitals of a page load make together: name, treatment, control, change."""
    return [("Page loads good in LCP, INP and CLS", answer.good_loads, answer.good_loads_control,
             answer.good_loads_change),
            ("Performance score, 0 to 100", answer.performance_score, answer.performance_score_control,
             answer.performance_score_change)]


def whole_loads(answer: VitalsAnswer) -> list[dict[str, str]]:
    """The whole page load: both arms and the change, on one scale."""
    found = together(answer)
    reach = evidence.reach_of([change for *_, change in found])
    rows = []
    for name, treatment, control, change in found:
        word = evidence.verdict(change, lower_is_better=False)
        rows.append({"What": f"**{name}**  \n{word.badge}",
                     "Measured, everybody": evidence.both_arms(treatment, control),
                     "Compared like with like": evidence.change_cell(name, change, word, reach)})
    return rows


def as_file(answer: VitalsAnswer) -> list[dict[str, Any]]:
    """Cards and differences: a row a vital."""
    return [{"vital": card.vital, "rating": card.rating, "comparison": card.comparison,
             **numbers("p75 treatment", card.treatment), **numbers("p75 control", card.control),
             **changed("change", card.change), "good share": card.good,
             "needs improvement share": card.needs_improvement, "poor share": card.poor, **within(answer.window)}
            for card in answer.cards]


def loads_as_file(answer: VitalsAnswer) -> list[dict[str, Any]]:
    """The whole page loads: a row each."""
    return [{"what": name, **numbers("treatment", treatment), **numbers("control", control),
             **changed("change", change), **within(answer.window)}
            for name, treatment, control, change in together(answer)]


def enough_views(vital: str) -> int:
    """From how many page views on a p75 of this vital is more than chance."""
    return CATALOG[f"{vital.lower()}_p75"].minimum_sample


def slowest_first(found: Sequence[VitalsSlice], vital: str) -> list[VitalsSlice]:
    """By the treatment's value, downwards: first those of enough page views, then those of few; without one at the
    end."""
    enough = enough_views(vital)

    def place(each: VitalsSlice) -> tuple[bool, bool, float]:
        value = each.treatment.value
        return value is not None, each.treatment.n >= enough, -inf if value is None else value

    return sorted(found, key=place, reverse=True)


def slices_as_file(answer: VitalsAnswer, found: Sequence[VitalsSlice], name: str) -> list[dict[str, Any]]:
    """The table of pages or devices: a row each, ordered as on the page."""
    return [{name.lower(): each.key, **numbers(f"{answer.vital} p75 treatment", each.treatment),
             **numbers(f"{answer.vital} p75 control", each.control), **changed("change", each.change),
             "good share": each.good, **within(answer.window)} for each in slowest_first(found, answer.vital)]


def slices(found: Sequence[VitalsSlice], name: str, vital: str) -> None:
    """A sortable table of pages or devices, the slowest in treatment first, those of few page views after the
    others; choosing a row narrows the page to it."""
    if not found:
        st.markdown(quiet(f"No {vital} in this window: choose a longer time."))
        return
    found = slowest_first(found, vital)
    key = f"vitals-{name.lower()}"
    number = "%.0f ms" if found[0].treatment.unit == "ms" else "%.3f"
    columns = {
        f"{vital} p75": ([each.treatment.value for each in found], st.column_config.NumberColumn(format=number)),
        "95% interval": ([evidence.bounds(each.treatment) for each in found], st.column_config.TextColumn()),
        "Page views": ([each.treatment.n for each in found], st.column_config.NumberColumn(format="localized")),
        "Good": ([None if each.good is None else each.good * 100 for each in found],
                 st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d%%")),
        "Verdict": ([compared_in_words(each.change) for each in found], st.column_config.TextColumn()),
        **evidence.change_columns([each.change for each in found]),
    }
    shown = {column: values for column, (values, _) in columns.items()}
    st.dataframe(pd.DataFrame({name: [harmless(each.key) for each in found], **shown}), hide_index=True, key=key,
                 placeholder=formats.NONE, selection_mode="single-row",
                 alt=f"{name}s by {vital} in treatment, the slowest first",
                 column_config={column: how for column, (_, how) in columns.items()},
                 on_select=partial(_narrow, key, name.lower(), [each.key for each in found]))


def _narrow(table: str, choice: str, keys: Sequence[str]) -> None:
    """The filter above follows the chosen row."""
    rows = st.session_state[table]["selection"]["rows"]
    if rows:
        st.session_state[choice] = keys[rows[0]]
        _set_back(OTHER[choice])
