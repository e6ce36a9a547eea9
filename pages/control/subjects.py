"""Who has it: the enabled subjects, search by id, and why one sees a feature or does not."""

import streamlit as st

from pages.panels import filters, override_parts, subjects_parts, sure
from pages.panels.foresight import noun
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.charts.formats import counted
from rollout_core.charts.words import quiet
from rollout_core.insight.workspaces import WorkspacesRequest
from rollout_core.people.role import Role

WHO = {"Who has it": True, "Who has it not": False, "Everybody": None}

with page(Role.VIEWER) as here:
    title("Who has it")
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        shown = st.selectbox("Show", list(WHO), key="who", bind="query-params", width=170)
        search = st.text_input("Id begins with", key="search", bind="query-params", width=230)
    subjects_parts.explain(here, entry)
    with page(Role.VIEWER):
        number = int(st.session_state.get("subjects-page", 1))
        answer = here.ask("workspaces", WorkspacesRequest(entry.key, search.strip(), number, 50, WHO[shown]))
        many = "of this page" if answer.total is None else counted(answer.total, noun(entry.unit))
        section(shown, f"{many} · numbers of the last 28 days · sort by any column, download from the table's menu")
        if answer.note:
            st.markdown(quiet(answer.note))
        subjects_parts.listing(here, answer)
        if answer.total is None or answer.total > 50:
            pages = 1000 if answer.total is None else -(-answer.total // 50)
            st.number_input("Page", 1, max(pages, 1), key="subjects-page", width=120)
    with part():
        section("Who is on or off by hand?", "Overrides win over the percentage and count in no comparison")
        override_parts.everybody(here, entry)
    sure.open_if_asked()
