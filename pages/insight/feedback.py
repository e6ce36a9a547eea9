"""Feedback: how both arms rate it, and what people wrote, newest first."""

import streamlit as st

from pages.panels import evidence, feedback_parts, filters
from pages.panels.files import File
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.charts.formats import counted
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Feedback")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window(here, entry, "Since the start")
        asked = feedback_parts.chosen(entry, window)
    answer = here.ask("feedback", asked, settled=True)
    filters.told(here, entry, answer.window, label)
    with part():
        section("Do they like it?", "Treatment against control, all answers · bar: 95% interval · tick: no difference",
                File("ratings", lambda: evidence.rows_as_file(answer.ratings)))
        st.markdown(quiet(evidence.LIKE_WITH_LIKE))
        evidence.metric_rows(answer.ratings)
    section("What do people say?", f"{counted(len(answer.comments), 'comments')}, newest first · the arm they were in "
            "when they wrote", File("comments", lambda: feedback_parts.as_file(answer)))
    feedback_parts.inbox(here, answer, asked)
