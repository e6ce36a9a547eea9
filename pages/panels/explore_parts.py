"""Pieces of the Explore page: questions to start from, the schema, the answer as a table and a simple chart."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.panels.furniture import chart, section
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import figure, palette
from rollout_core.charts.words import quiet
from rollout_core.ports.event_store import Found

SAVED: Mapping[str, str] = {
    "Tables and how much is in them":
        "select table_name as name, estimated_size as rows, column_count as columns\nfrom duckdb_tables()\n"
        "order by rows desc",
    "Events per day and kind":
        "select day, kind, sum(n) as events\nfrom subject_day\ngroup by all\norder by day desc, events desc\nlimit 200",
    "Columns of every table, explained":
        "select table_name, column_name, data_type, comment\nfrom duckdb_columns()\nwhere not internal\n"
        "order by table_name, column_index",
}
"""Name -> SQL; a person edits from there."""
MOST_ROWS, MOST_SECONDS = 10_000, 10.0


def take_saved() -> None:
    """The chosen question replaces what is in the box."""
    st.session_state["sql"] = SAVED[st.session_state["saved"]]


def run(sql: str) -> Found:
    """The answer. Raises QueryRefused with the reason (not a read, too long, unknown column)."""
    with st.spinner("Asking"):
        return bootstrap.current().room.events.query(sql, limit=MOST_ROWS, seconds=MOST_SECONDS)


def schema() -> None:
    """Tables with their columns and what they mean, closed until wanted."""
    with st.expander("What is in the store?", icon=":material/schema:"):
        st.dataframe(frame_of(run(SAVED["Columns of every table, explained"])), hide_index=True, height=280,
                     alt="Tables and columns")


def frame_of(found: Found) -> pd.DataFrame:
    """Rows as a data frame with the query's own column names."""
    return pd.DataFrame(list(found.rows), columns=list(found.columns))


def picture(here: Here, frame: pd.DataFrame) -> None:
    """A line or bars over any column; offered when there is a number to draw."""
    numbers = [name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    if frame.empty or not numbers or len(frame.columns) < 2:
        return
    section("As a picture")
    with st.container(horizontal=True):
        across = st.selectbox("Across", list(frame.columns), key="across", width=200)
        up = st.selectbox("Up", numbers, index=len(numbers) - 1, key="up", width=200)
        kind = st.selectbox("As", ["Bars", "Line"], key="picture", width=120)
    fig = figure.figure(here.theme)
    if kind == "Line":
        figure.line(fig, str(up), list(frame[across]), list(frame[up]))
    else:
        fig.add_bar(x=list(frame[across]), y=list(frame[up]), name=str(up), marker={"color": palette.TEXT[here.theme]})
    chart(fig, f"{up} by {across}", "explore-picture")
    st.markdown(quiet("Drawn as answered, without intervals: a picture to look around with, not evidence."))
