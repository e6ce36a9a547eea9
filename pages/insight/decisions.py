"""Decisions: what the autopilot saw, what it did about it, and what would have changed its mind."""

import streamlit as st

from pages.panels import autopilot_parts, decision_detail, decision_list, filters
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.charts.words import quiet
from rollout_core.insight.decision import DecisionRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Decisions", quiet("What did the autopilot see, and what did it do about it?"))
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        everything = st.selectbox("Show", decision_list.SHOWN, key="show", bind="query-params", width=230)
    with part():
        autopilot_parts.doing_now(here, entry.key)
    found = decision_list.recorded(here, entry.key, everything)
    if not found.lines:
        decision_list.none_yet(entry, everything)
        st.stop()
    left, right = st.columns([1, 2.3], gap="large")
    with left:
        section("Which decision?", "Newest first · kept when a step is asked for or a verdict changes, else hourly · "
                "numbers run over all rollouts")
        number = decision_list.chosen(here, found)
    with right:
        answer = here.ask("decision", DecisionRequest(number), settled=True)
        decision_detail.told(here, entry, answer)
        decision_detail.replay(here, answer)
        decision_detail.numbers(here, answer)
