"""Feedback: what people wrote, newest first."""

import streamlit as st

from pages.panels import filters
from pages.panels.furniture import section, table, title
from pages.panels.page import page
from rollout_core.charts.formats import counted
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.insight.business import BusinessRequest
from rollout_core.people.role import Role

ARMS = {"Both arms": "", "Treatment": "treatment", "Control": "control"}

with page(Role.VIEWER) as here:
    title("Feedback")
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window("Since the start")
        arm = st.selectbox("From", list(ARMS), key="arm", bind="query-params", width=150)
    answer = here.ask("business", BusinessRequest(entry.key, window), settled=True)
    shown = [each for each in answer.comments if not ARMS[arm] or each.arm == ARMS[arm]]
    section("What do people say?", f"The newest {counted(len(shown), 'comments')}, {label.lower()} · the arm they were "
            "in when they wrote")
    if not shown:
        st.markdown(quiet("Nobody has written anything in this window."))
        st.stop()
    table([{"When": f"{here.when(each.at)}  \n{quiet(plain(each.arm))}",
            "Score": "" if each.score is None else badge(f"{each.score:g}", "gray", "star"), "Said": plain(each.text)}
           for each in shown[:100]], "Comments, newest first")
