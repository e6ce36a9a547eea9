"""Explore: read-only SQL over everything recorded, with the columns explained, a chart and downloads."""

import streamlit as st

from pages.panels import explore_parts
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Explore", quiet("One SELECT over the event store: it cannot write or read files, and stops after 10 s"))
    if not here.may(Role.OPERATOR):
        explore_parts.only_to_look_at()
        st.stop()
    names = list(explore_parts.SAVED)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Start from", names, key="saved", bind="query-params", width=320,
                              on_change=explore_parts.take_saved)
        st.button("Run", type="primary", icon=":material/play_arrow:", key="run-sql")
    st.session_state.setdefault("sql", explore_parts.SAVED[chosen])
    sql = st.text_area("SQL", key="sql", height=170)
    with part():
        explore_parts.schema(here)
    found = explore_parts.run(here, sql)
    section("Answer", f"{len(found.rows):,} rows" + (", cut off here" if found.capped else ""))
    frame = explore_parts.frame_of(found)
    st.dataframe(frame, hide_index=True, alt="Answer of the query")
    explore_parts.downloads(frame)
    explore_parts.picture(here, frame)
