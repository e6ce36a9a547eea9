"""Page furniture: a title, a section that asks a question, a table whose cells are markdown, a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from rollout_core.charts import words
from rollout_core.insight.audit_file import harmless

LARGEST_WHOLE = 2**53


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


def grid(columns: Sequence[str], rows: Sequence[Sequence[Any]], alt: str) -> None:
    """Rows of plain values, scrolled and sorted by the reader. The toolbar of this table saves CSV in the browser,
    where nothing can be mended any more, so a text that a spreadsheet would run has its apostrophe already here."""
    names = [str(harmless(name)) for name in columns]
    frame = pd.DataFrame({place: [_cell(row[place]) for row in rows] for place in range(len(names))})
    frame.columns = pd.Index(_told_apart(names))
    st.dataframe(frame, hide_index=True, alt=alt)


def _cell(value: Any) -> Any:
    """A value as a browser can show it: whole numbers beyond 2**53, such as subject keys, are text there."""
    return str(value) if isinstance(value, int) and abs(value) > LARGEST_WHOLE else harmless(value)


def _told_apart(names: list[str]) -> list[str]:
    return [name if names.index(name) == place else f"{name} ({place + 1})" for place, name in enumerate(names)]


def chart(fig: go.Figure, alt: str, key: str) -> None:
    """A figure without mode bar (it would catch a finger's scrolling). `alt` says what it shows, in words."""
    st.plotly_chart(fig, config={"displayModeBar": False}, alt=alt, key=key)
