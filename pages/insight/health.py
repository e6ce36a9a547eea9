"""Health: the score, why it is not 100, when it changed, and what to do."""

from datetime import timedelta

import streamlit as st

from pages.panels import confirm, filters, states
from pages.panels.alerts_list import alerts_list
from pages.panels.furniture import chart, drawn, section, title
from pages.panels.health_card import health_card, recommendations
from pages.panels.health_waterfall import health_waterfall
from pages.panels.page import Here, live, page
from pages.panels.phase_controls import ways_out
from rollout_core.charts.over_time import score_curve
from rollout_core.charts.words import STATUS, of, quiet
from rollout_core.insight.health import HealthRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role


@live(timedelta(seconds=30))
def health(here: Here, entry: RolloutEntry, window: str, label: str) -> None:
    """Everything below the filters; refreshes by itself."""
    answer = here.ask("health", HealthRequest(entry.key, window))
    score = answer.health
    left, right = st.columns([1, 2], gap="medium")
    with left:
        health_card(answer, label)
    with right, st.container(border=True, height="stretch"):
        recommendations(answer)
        ways_out(here, entry)
    section(f"Why {score.score} and not 100?" if score.score < 100 else "Why 100?",
            f"Each row takes points away from the score above it · {score.inputs_with_data} of {score.inputs} inputs "
            "have enough data of now · for people to look at; it never decides anything")
    health_waterfall(score)
    section("When did it change?", f"Health score, {label.lower()} · higher is better · gap: nothing to compute from")
    if any(point.score is not None for point in answer.history):
        said = f"Health score, {label.lower()}, now {score.score} of 100"
        chart(drawn(score_curve, answer, here.theme, here.local), said, "score")
    else:
        st.markdown(quiet("No score in this time: nothing arrived that it could be computed from."))
    section("Open alerts", "Worst and most urgent first")
    alerts_list(here, answer.alerts)


with page(Role.VIEWER) as look:
    name = st.container()
    with st.container(horizontal=True):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window(look, chosen, "Last 24 hours")
    with name:
        title("Health", f"{of(STATUS, chosen.status).badge} {quiet(f'{chosen.percentage:g}% planned')}")
    if chosen.status in ("draft", "ready"):
        states.empty("It has not started.", "Nobody has it, so there is nothing to be healthy or not.")
        st.page_link("control/rollout.py", label="Open the rollout", icon=":material/stairs:",
                     query_params={"rollout": chosen.key})
        st.stop()
    health(chosen, choice, said)
    confirm.confirm_if_asked()
