"""Page furniture: a title, a section that asks a question, a table whose cells are markdown, a chart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import plotly.io
import pyarrow as pa
import streamlit as st
from plotly.basedatatypes import BaseFigure

from pages.panels.files import File, offer
from rollout_core.charts import words
from rollout_core.charts.picture import Picture
from rollout_core.insight.audit_file import harmless

LARGEST_WHOLE = 2**53
MOST_FIGURES = 200
BUTTON_WIDTH = 134
"""Px of the buttons at the end of a row, so that they stand in columns."""

_FIGURES: dict[tuple[Any, ...], tuple[tuple[Any, ...], Finished]] = {}
"""What was drawn -> what it was drawn from, which keeps those objects alive, and the figure; the oldest goes first."""


class Finished(BaseFigure):
    """A picture as Streamlit takes it: plotly's figure, of which it wants nothing but the dictionary at every rerun.

    Times and numbers are translated once. The rest of a figure, many times as large, is for changing it.
    """

    def __init__(self, picture: Picture) -> None:
        self._sent = json.loads(plotly.io.to_json(picture.to_dict(), validate=False))

    def to_dict(self) -> dict[str, Any]:
        """The figure as plain values."""
        return self._sent


def title(text: str, below: str = "") -> None:
    """The page's heading and one line of markdown. `text` may be a user's."""
    with st.container(gap="xsmall"):
        st.title(words.plain(text), anchor=False)
        if below:
            st.markdown(below)


def section(heading: str, below: str = "", file: File | None = None) -> None:
    """A heading that asks the reader's question, one quiet line (window, unit, n, how to read the marks), and what
    stands below as a file."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(gap=None):
            st.header(heading, anchor=False)
            if below:
                st.markdown(words.quiet(below))
        if file is not None:
            offer(file)


def table(rows: Sequence[dict[str, str]], alt: str) -> None:
    """Rows of markdown cells: badges, drawings, two lines. Users' text must have gone through `plain`."""
    columns = dict.fromkeys(name for row in rows for name in row)
    cells = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns}
    st.table(pa.table(cells), border="horizontal", hide_index=True, alt=alt)


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


def drawn(draw: Callable[..., Picture], *given: Any) -> Finished:
    """The figure that `draw(*given)` makes, made once for all viewers and reruns while `given` is the same.

    Answers are the same as long as they are remembered (panels/answers.py), so they count by identity; a viewer's
    method, such as `here.local`, counts by the viewer's zone.
    """
    key = (draw, *(_same(each) for each in given))
    known = _FIGURES.get(key)
    if known is None:
        known = _FIGURES[key] = (given, Finished(draw(*given)))
        while len(_FIGURES) > MOST_FIGURES:
            _FIGURES.pop(next(iter(_FIGURES)), None)
    return known[1]


def _same(given: Any) -> Any:
    """What tells one argument from another: its zone, its value, or which object it is (kept, so its id stays its own).
    """
    zone = getattr(getattr(given, "__self__", None), "zone", None)
    if zone is not None:
        return given.__name__, str(zone)
    if isinstance(given, list | tuple):
        return tuple(_same(each) for each in given)
    return given if isinstance(given, str | int | float | datetime | None) else id(given)


def chart(picture: Picture | Finished, alt: str, key: str) -> None:
    """A figure without mode bar (it would catch a finger's scrolling). `alt` says what it shows, in words."""
    finished = picture if isinstance(picture, Finished) else Finished(picture)
    st.plotly_chart(finished, config={"displayModeBar": False}, alt=alt, key=key)
