"""Explore: read-only SQL over everything recorded, with the columns explained, a chart and downloads."""

import streamlit as st

from pages.panels import explore_parts
from pages.panels.furniture import section, title
from pages.panels.page import page
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Explore", quiet("One SELECT over the event store: it cannot write or read files, and stops after 10 s"))
    names = list(explore_parts.SAVED)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Start from", names, key="saved", bind="query-params", width=320,
                              on_change=explore_parts.take_saved)
        st.button("Run", type="primary", icon=":material/play_arrow:", key="run-sql")
    sql = st.text_area("SQL", value=explore_parts.SAVED[chosen], key="sql", height=170)
    explore_parts.schema()
    found = explore_parts.run(sql)
    section("Answer", f"{len(found.rows):,} rows" + (", cut off" if found.capped else "") +
            " · download or search from the table's menu")
    frame = explore_parts.frame_of(found)
    st.dataframe(frame, hide_index=True, alt="Answer of the query")
    explore_parts.picture(here, frame)
