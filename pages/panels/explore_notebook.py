"""From the page to a notebook: the question as a notebook, and a copy of the event store to ask it of."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.panels import acting
from pages.panels.page import Here
from rollout_core.charts.words import plain, quiet
from rollout_core.errors import RolloutError
from rollout_core.insight.notebook_file import notebook
from rollout_core.people.role import Role

COPY = "explore-copy"


def take_along(here: Here, name: str, sql: str) -> None:
    """The notebook of this question; for admins the copy it opens."""
    with st.expander("Open in a notebook", icon=":material/book_2:"):
        st.markdown("The notebook asks this question of a copy of the event store: no time limit, no effect on what "
                    "people are served. docs/notebooks/exploring.ipynb is a longer example.")
        file = str(st.session_state.get(COPY) or "")
        with st.container(horizontal=True):
            st.download_button("Download notebook", partial(notebook, name, sql, file), "question.ipynb",
                               "application/x-ipynb+json", icon=":material/download:", key="notebook",
                               on_click="ignore")
            if here.may(Role.ADMIN):
                st.button("Copy the event store", key="copy-events", icon=":material/content_copy:", on_click=_copy)
        if COPY in st.session_state:
            st.markdown(f"Copied to {plain(file)} on the app's machine, which the notebook opens. To run it elsewhere, "
                        "take the copy along: put it beside the notebook, or set EVENTS\\_COPY to where it lies. The "
                        "newest three copies are kept.")
        elif not here.may(Role.ADMIN):
            st.markdown(quiet("An admin can make the copy, here or with `rollout do copy_events`."))


def _copy() -> None:
    try:
        change = acting.perform("copy_events", {"reason": "For a notebook"})
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
        return
    st.session_state[COPY] = change.result["file"]
    st.session_state[acting.DONE] = "Copied."
