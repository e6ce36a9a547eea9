"""Page furniture: a title, a section that asks a question, a table whose cells are markdown, a chart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from rollout_core.charts import words


def title(text: str, below: str = "") -> None:
    """The page's heading and one line of markdown. `text` may be a user's."""
    with st.container(gap="xsmall"):
        st.title(words.plain(text), anchor=False)
        if below:
            st.markdown(below)


def section(heading: str, below: str = "") -> None:
    """A heading that asks the reader's question, and one quiet line: window, unit, n, how to read the marks."""
    with st.container(gap=None):
        st.subheader(heading, anchor=False)
        if below:
            st.markdown(words.quiet(below))


def table(rows: Sequence[dict[str, str]], alt: str) -> None:
    """Rows of markdown cells: badges, drawings, two lines. Users' text must have gone through `plain`."""
    st.table(pd.DataFrame(list(rows)), border="horizontal", hide_index=True, alt=alt)


def chart(fig: go.Figure, alt: str, key: str) -> None:
    """A figure without mode bar (it would catch a finger's scrolling). `alt` says what it shows, in words."""
    st.plotly_chart(fig, config={"displayModeBar": False}, alt=alt, key=key)
