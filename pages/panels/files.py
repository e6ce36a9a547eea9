"""What a table shows, as a file: every number unrounded, with its interval, its n and the stretch of time it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from rollout_core.insight.answer_file import answer_file
from rollout_core.metrics.measured import Measured, Window
from rollout_core.ports.event_store import Found

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A table to download. `name` without ending; `rows` are made only when somebody presses; rows may differ in their
    columns, which stand in the order in which they first appear."""

    name: str
    rows: Callable[[], Sequence[Row]]


def offer(file: File) -> None:
    """The button beside a heading."""
    st.download_button("CSV", partial(as_csv, file.rows), f"{file.name}.csv", "text/csv", key=f"file-{file.name}",
                       icon=":material/download:", type="tertiary", on_click="ignore", width="content")


def as_csv(rows: Callable[[], Sequence[Row]]) -> bytes:
    """The rows as CSV in UTF-8 with a header; no cell becomes a formula."""
    made = rows()
    columns = tuple(dict.fromkeys(name for row in made for name in row))
    return answer_file(Found(columns, [tuple(row.get(name) for name in columns) for row in made], False), "csv")


def numbers(name: str, measured: Measured) -> dict[str, Any]:
    """A measured number as columns: value, both ends of its interval, n. Units as the metric's: shares 0..1, ms."""
    unit = UNITS.get(measured.unit, measured.unit)
    return {f"{name}{f' ({unit})' if unit else ''}": measured.value, f"{name}, low": measured.low,
            f"{name}, high": measured.high, f"{name}, n": measured.n}


UNITS: Mapping[str, str] = {"share": "share 0 to 1", "relative": "relative change", "number": ""}


def within(window: Window) -> dict[str, Any]:
    """The stretch of time as columns, UTC."""
    return {"since": window.since_at, "until": window.until_at}
