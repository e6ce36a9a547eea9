"""Rehearsal: what these rules would have done with what really happened, without touching anything that runs."""

import streamlit as st

from pages.panels import filters, rehearsal_form, rehearsal_result, states
from pages.panels.furniture import title
from pages.panels.page import page
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Rehearsal", quiet("What would these rules have done with what really happened? It works on copies; nothing "
                             "that runs is touched"))
    if not here.may(Role.OPERATOR):
        states.view_only(here, Role.OPERATOR, "rehearse")
        st.page_link("insight/decisions.py", label="What the autopilot really decided", icon=":material/smart_toy:")
        st.stop()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        entry = filters.chosen_rollout(here)
        since, until = rehearsal_form.period(here, entry)
        every = st.selectbox("Look every", list(rehearsal_form.EVERY), index=2, key="every", bind="query-params",
                             width=130)
        rules = rehearsal_form.rules(here, entry)
    plan = rehearsal_form.variant(here, entry, rules)
    asked = rehearsal_form.Asked(entry.key, since, until, rehearsal_form.EVERY[every], plan)
    rehearsal_form.begin_button(here, asked)
    rehearsal_result.shown(here, entry)
