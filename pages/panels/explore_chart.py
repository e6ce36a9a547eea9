"""The chart builder of the Explore page: kind, x, y and colour over any columns; the choice lives in the address."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import streamlit as st

from pages.panels.furniture import chart, section
from pages.panels.page import Here
from rollout_core.charts.built import KINDS, MOST_COLOURS, Built, built
from rollout_core.charts.words import quiet
from rollout_core.ports.event_store import Found

NO_COLOUR = "one colour"
MOST_BY_ITSELF = 8
"""A column with more values becomes the colour only when somebody chooses it."""


def builder(here: Here, found: Found) -> None:
    """Offered when there is a number to draw over something."""
    columns = dict(zip(found.columns, zip(*found.rows, strict=True), strict=True)) if found.rows else {}
    numbers = [name for name, values in columns.items() if _numeric(values)]
    if not numbers or len(columns) < 2:
        return
    section("As a picture", "Drawn as answered, without intervals: to look around with, not evidence")
    with st.container(horizontal=True):
        kind = st.selectbox("Kind", KINDS, key="kind", bind="query-params", width=120)
        x = st.selectbox("Across (x)", list(columns), index=telling(columns, numbers), key="x", bind="query-params",
                         width=200)
        y = st.selectbox("Up (y)", numbers, index=weighty(columns, numbers), key="y", bind="query-params", width=200)
        colours = [NO_COLOUR, *(name for name in columns if name not in (x, y))]
        colour = st.selectbox("Colour", colours, index=colours.index(parting(columns, numbers, x)), key="colour",
                              bind="query-params", width=200)
    drawn = built(here.theme, kind, columns[x], [_number(value) for value in columns[y]],
                  columns[colour] if colour != NO_COLOUR else (), y)
    chart(drawn.fig, f"{kind} of {y} by {x}" + (f", coloured by {colour}" if colour != NO_COLOUR else ""),
          "explore-picture")
    st.markdown(quiet(_covered(drawn)))


def telling(columns: dict[str, tuple[Any, ...]], numbers: list[str]) -> int:
    """Which column tells most rows apart, numbers and arm aside: bars of different rows are never stacked."""
    names = list(columns)
    others = [name for name in names if name not in numbers and name != "arm"] or names
    return names.index(max(others, key=lambda name: len({str(value) for value in columns[name]})))


def parting(columns: dict[str, tuple[Any, ...]], numbers: list[str], x: str) -> str:
    """What is the colour at first: the arm, else the one other column of names, so that rows of different names at the
    same x do not become one bar. A column that says the same in every row parts nothing."""
    if "arm" in columns and x != "arm":
        return "arm"
    values = {name: {str(value) for value in columns[name]} for name in columns if name not in (x, *numbers)}
    others = [name for name in values if len(values[name]) > 1]
    names = [name for name in others if any(isinstance(value, str) for value in columns[name])] or others
    return names[0] if len(names) == 1 and len(values[names[0]]) <= MOST_BY_ITSELF else NO_COLOUR


def weighty(columns: dict[str, tuple[Any, ...]], numbers: list[str]) -> int:
    """Which number is drawn first: the first that has fractions (a rate, a time), else the last, since counts come
    before what they are of."""
    fractions = (place for place, name in enumerate(numbers)
                 if any(isinstance(value, float | Decimal) for value in columns[name]))
    return next(fractions, len(numbers) - 1)


def _covered(drawn: Built) -> str:
    """How much of the answer is in the picture."""
    left_out = f"; {drawn.colours_left_out} colours with the fewest rows are left out (at most {MOST_COLOURS})" \
        if drawn.colours_left_out else ""
    return f"{drawn.drawn:,} of {drawn.rows:,} rows are drawn{left_out}."


def _numeric(values: tuple[Any, ...]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float | Decimal) and not isinstance(value, bool)
                               for value in known)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
