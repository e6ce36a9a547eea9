"""The answer of a comparison: words, then the difference, then a picture, a table by part, and the course over time."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.panels import evidence
from pages.panels.files import File, changed, numbers, within
from pages.panels.filters import stretch
from pages.panels.furniture import chart, drawn, section, table
from pages.panels.page import Here, part
from pages.panels.series_chart import over_time_chart
from rollout_core.charts import drawings, formats
from rollout_core.charts.compare import two_sides
from rollout_core.charts.words import Word, badge, plain, quiet, sentence
from rollout_core.insight.compare import CompareAnswer, Pair
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.series import SeriesRequest
from rollout_core.metrics.catalog import CATALOG, LOWER
from rollout_core.metrics.formula import Mean, Percentile, Proportion
from rollout_core.metrics.measured import Measured, Quality

POINTS = 36
"""Coarse buckets: a course, not noise."""


def verdict(here: Here, answer: CompareAnswer, label: str) -> None:
    """The answer in a sentence with its numbers, and what kind of answer it is."""
    word = word_of(answer, answer.difference)
    with st.container(border=True):
        st.markdown(f"## {sentence(answer.words)}\n{_numbers(answer)}", anchors=False)
        kind = (badge("Split by chance", "green", "shuffle") if answer.causal
                else badge("Not causal", "gray", "help"))
        why = evidence.LIKE_WITH_LIKE if answer.causal else "The two may differ for other reasons, too."
        st.markdown(f"{word.badge} {kind} {quiet(why)}")
        st.markdown(quiet(_windows(here, answer, label)))


def word_of(answer: CompareAnswer, difference: Measured) -> Word:
    """Better, worse, unclear or no data, by the whole interval."""
    return evidence.verdict(difference, answer.direction == LOWER)


def _numbers(answer: CompareAnswer) -> str:
    gap = answer.difference
    sides = " against ".join(f"{evidence.number(side.measured)} in {plain(side.label)}"
                             for side in (answer.first, answer.second))
    if gap.value is None:
        return sides
    if gap.alike is not None:
        sides = f"{plain(evidence.alike(gap))}  \n{quiet('everybody:')} {sides}"
    if gap.quality is Quality.FEW:
        return f"Too few to compare, {sides}"
    relative = answer.change
    more = "" if relative.value is None else (
        f", {formats.difference(relative.value, 'relative')} "
        f"{formats.signed_interval(relative.low, relative.high, 'relative')}")
    around = formats.signed_interval(gap.low, gap.high, gap.unit)
    return f"**{formats.difference(gap.value, gap.unit)}** {around}{more}: {sides}"


def _windows(here: Here, answer: CompareAnswer, label: str) -> str:
    first, second = answer.windows
    said = stretch(here, first)
    if second != first:
        said += f", against {here.stretch(second.since_at, second.until_at)}"
    return " · ".join(part for part in (f"{label}: {said}" if label else said, plain(answer.note)) if part)


def picture(here: Here, answer: CompareAnswer) -> None:
    """Both sides with their intervals, the whole on top and its parts below."""
    of = " · everybody of each arm" if answer.causal else ""
    section("How do they stand?", f"{answer.name} with its 95% interval · filled: {plain(answer.first.label)}, hollow: "
            f"{plain(answer.second.label)}{of}", File("comparison", lambda: as_file(answer)))
    chart(drawn(two_sides, answer, here.theme), f"{answer.name}: {answer.words}", "compare")


def as_file(answer: CompareAnswer) -> list[dict[str, Any]]:
    """The whole comparison: one row, each side with its own window."""
    first, second = answer.windows
    return [{"metric": answer.name, "unit": answer.unit, "first": answer.first.label, "second": answer.second.label,
             **numbers("first measured", answer.first.measured), **numbers("second measured", answer.second.measured),
             **numbers("difference", answer.difference), **changed("change", answer.change),
             "split by chance": answer.causal, "note": answer.note, **within(first),
             "second since": second.since_at, "second until": second.until_at}]


def parts_as_file(answer: CompareAnswer) -> list[dict[str, Any]]:
    """The parts: a row each."""
    return [{"part": each.key, "verdict": word_of(answer, each.difference).text, **numbers("first", each.first),
             **numbers("second", each.second), **numbers("difference", each.difference),
             **changed("change", each.change), **within(answer.windows[0])} for each in answer.parts]


def rows(answer: CompareAnswer) -> None:
    """Each part with its difference around zero on one scale; those without a comparison last."""
    if not answer.parts:
        return
    known = [each for each in answer.parts if each.difference.value is not None]
    section("Where is it different?", "The most frequent first · bar: 95% interval · tick: no difference · one in "
            "twenty intervals misses by chance", File("parts", lambda: parts_as_file(answer)))
    if not known:
        st.markdown(quiet("No part has data on both sides."))
        return
    reach = evidence.reach_of([each.difference for each in known])
    table([_row(answer, each, reach) for each in (*known, *(each for each in answer.parts if each not in known))],
          f"{answer.name} by part")


def _row(answer: CompareAnswer, pair: Pair, reach: float) -> dict[str, str]:
    gap, word = pair.difference, word_of(answer, pair.difference)
    part = f"**{plain(pair.name or pair.key)}**"
    if gap.value is None or gap.low is None or gap.high is None:
        drawn = f"{drawings.hatch(f'{pair.key}: no data')}  \n{quiet(plain(gap.note))}"
    else:
        if gap.quality is Quality.FEW:
            return {"Part": part, "Verdict": word.badge, "Difference": quiet(_both(pair))}
        text = f"**{formats.difference(gap.value, gap.unit)}** {formats.signed_interval(gap.low, gap.high, gap.unit)}"
        bar = drawings.around_zero((gap.low, gap.value, gap.high), word.mark, reach, f"{pair.key} {text}")
        drawn = f"{bar}  \n{text}  \n{quiet(_both(pair))}"
    return {"Part": part, "Verdict": word.badge, "Difference": drawn}


def _both(pair: Pair) -> str:
    if pair.difference.alike is not None:
        return plain(evidence.alike(pair.difference))
    values = [formats.in_unit(each.value, each.unit) for each in (pair.first, pair.second)]
    return f"{values[0]} against {values[1]} · {pair.first.n:,} and {pair.second.n:,} {pair.first.noun}"


def over_time(here: Here, entry: RolloutEntry, answer: CompareAnswer, window: str) -> None:
    """The course of both arms, where a metric has one and arms are compared."""
    drawable = isinstance(CATALOG[answer.metric].formula, Proportion | Mean | Percentile)
    if answer.across != "arms" or not drawable:
        return
    with part():
        over_time_chart(here, SeriesRequest(answer.metric, entry.key, window), "Since when?", answer.name, POINTS)

