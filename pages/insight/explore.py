"""Explore: read-only SQL over everything recorded, with the columns explained, a chart, files and a notebook."""

import streamlit as st

from pages.panels import explore_answer, explore_chart, explore_notebook, explore_questions, explore_schema
from pages.panels.explore_questions import CHOSEN, SQL
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Explore", quiet("Ask anything of what was recorded. A query only reads, and stops after 10 s."))
    writes = here.may(Role.OPERATOR)
    known = explore_questions.known_questions(here)
    explore_questions.open_address(here, known)
    explore_questions.choose(here, known)
    if writes:
        explore_questions.write(here, known)
    answered, below = st.container(), st.container()
    with below, part():
        explore_schema.schema(here) if writes else explore_schema.only_ready(st.session_state[SQL])
    asked = explore_questions.asked_for(here)
    if not asked:
        with answered:
            section("Where to begin?", "Questions that are ready to run" + (
                " · edit them, or write a SELECT of your own" if writes else " · press one"))
            explore_questions.offer(here, known)
        st.stop()
    with answered, part():
        chosen = known.get(st.session_state.get(CHOSEN) or "")
        query = explore_answer.asked(here, *asked)
        found = explore_answer.found_by(query)
        if found is None:
            explore_answer.running(query)
            st.stop()
        explore_answer.show(here, query, found, chosen.name if chosen else "answer")
        explore_chart.builder(here, found)
        explore_notebook.take_along(here, chosen.name if chosen else "Question", query.sql)
