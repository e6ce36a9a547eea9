"""Who has it: the enabled subjects, search by id, and why one sees a feature or does not."""

import streamlit as st

from pages.panels import filters, override_parts, subjects_parts, sure
from pages.panels.files import File
from pages.panels.foresight import noun
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.charts.formats import counted
from rollout_core.charts.words import quiet
from rollout_core.insight.workspaces import WorkspacesRequest
from rollout_core.people.role import Role

WHO = {"Who has it": True, "Who has it not": False, "Everybody": None}
A_PAGE = 50

with page(Role.VIEWER) as here:
    title("Who has it")
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        shown = st.selectbox("Show", list(WHO), key="who", bind="query-params", width=170)
        search = st.text_input("Id contains", key="search", bind="query-params", width=230)
        number = st.number_input("Page", 1, 1_000_000, key="subjects-page", bind="query-params", width=130)
    subjects_parts.explain(here, entry)
    with page(Role.VIEWER):
        answer = here.ask("workspaces", WorkspacesRequest(entry.key, search.strip(), int(number), A_PAGE, WHO[shown]))
        many = "of this page" if answer.total is None else counted(answer.total, noun(entry.unit))
        pages = "" if answer.total is None else f" · page {number} of {max(1, -(-answer.total // A_PAGE)):,}"
        section(shown, f"{many}{pages} · numbers of the last 28 days · choose a row to see why",
                File("subjects", lambda: subjects_parts.as_file(answer)))
        if answer.note:
            st.markdown(quiet(answer.note))
        subjects_parts.listing(here, entry, answer, WHO[shown] is None)
    with part():
        section("Who is on or off by hand?", "Overrides win over the percentage and count in no comparison")
        override_parts.everybody(here, entry)
    sure.open_if_asked()
