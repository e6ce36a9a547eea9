"""The health score as a number with its trend, and what to do about it in words."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from rollout_core.charts import drawings, formats, words
from rollout_core.charts.words import plain, quiet, sentence
from rollout_core.insight.health import HealthAnswer

MOST_POINTS = 60


def health_card(answer: HealthAnswer, window: str) -> None:
    """Number, word, change over the window, and the curve on the fixed scale 0 to 100."""
    score = answer.health
    with st.container(border=True, height="stretch", gap="small"):
        word = words.health_word(score.score, score.provisional, score.measured)
        if word is words.NO_DATA:
            nothing = drawings.hatch("No score: nothing is measured yet", 220, 48)
            st.markdown(f"Health score  \n{word.badge}  \n{nothing}")
            return
        st.metric("Health score", f"{score.score} of 100")
        changed = "" if answer.change is None else changed_words(answer, window)
        st.markdown(f"{word.badge} {quiet(changed)}")
        points = [point.score for point in answer.history]
        step = max(len(points) // MOST_POINTS, 1)
        thin = [*points[:-1:step], *points[-1:]]
        st.markdown(drawings.spark(thin, f"Health, {window.lower()}, now {score.score}", colour=word.mark, width=260,
                                   height=110))
        if score.provisional:
            st.markdown(quiet(f"{score.inputs_with_data} of {score.inputs} inputs have enough data of now"))


def changed_words(answer: HealthAnswer, window: str) -> str:
    """ "+3 over last 7 days"; over a day it is of whole hours, while the curve is finer and may begin elsewhere."""
    said = formats.signed(answer.change or 0, 0)
    hours = answer.history_window.until_at - answer.history_window.since_at <= timedelta(days=1)
    return f"{'±0' if said == '0' else said} over {window.lower()}{', from hour to hour' if hours else ''}"


def recommendations(answer: HealthAnswer) -> None:
    """The first recommendation in full; the others below, closed."""
    if not answer.recommendations:
        st.markdown("## Nothing to do\nNo rule has anything to say about this rollout.", anchors=False)
        return
    first, *rest = answer.recommendations
    st.markdown(f"## {plain(first.title)}\n{sentence(first.because)}", anchors=False)
    st.markdown("\n".join(f"1. {sentence(step)}" for step in first.steps[:4]))
    if rest:
        with st.expander(f"{len(rest)} more"):
            for each in rest:
                st.markdown(f"**{plain(each.title)}**  \n{quiet(sentence(each.because))}\n\n"
                            + "\n".join(f"1. {sentence(step)}" for step in each.steps))
