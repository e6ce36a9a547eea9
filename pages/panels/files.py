"""What a table shows, as a file: every number with its interval, its n and the stretch of time it is of.

Counts are exact; measured numbers have DIGITS significant digits, far more than is known of any of them.
"""

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
    cells = [tuple(_rounded(row.get(name)) for name in columns) for row in made]
    return answer_file(Found(columns, cells, False), "csv")


DIGITS = 6
"""Significant digits of what is measured; percentiles of histograms are known to 1 %."""


def _rounded(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def numbers(name: str, measured: Measured) -> dict[str, Any]:
    """A measured number as columns: value, both ends of its interval, n. Units as the metric's: shares 0..1, ms."""
    unit = _unit(measured.unit)
    return {f"{name}{unit}": measured.value, f"{name}, low{unit}": measured.low, f"{name}, high{unit}": measured.high,
            f"{name}, n": measured.n}


def changed(name: str, change: Measured) -> dict[str, Any]:
    """A comparison as columns: its number, how much it may be trusted, and the two values it is of."""
    of = change.alike
    unit = _unit(of.unit) if of else ""
    return {**numbers(name, change), f"{name}, quality": str(change.quality),
            f"like with like treatment{unit}": of and of.treatment, f"like with like control{unit}": of and of.control,
            "like with like treatment, n": of and of.treatment_n, "like with like control, n": of and of.control_n}


def _unit(unit: str) -> str:
    said = UNITS.get(unit, unit)
    return f" ({said})" if said else ""


UNITS: Mapping[str, str] = {"share": "share 0 to 1", "relative": "relative, 0.1 = +10 %", "number": ""}


def within(window: Window) -> dict[str, Any]:
    """The stretch of time as columns, UTC."""
    return {"since": window.since_at, "until": window.until_at}
