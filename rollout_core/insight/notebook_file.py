"""A notebook that asks one question of a copy of the event store: what the Explore page hands out."""

from __future__ import annotations

import json
from typing import Any

FORMAT, MINOR = 4, 5

INTRODUCTION = """# {name}

This notebook asks its question of a **copy** of the event store, so nothing here touches what people are served.

1. Make a copy on the Explore page, or `rollout do copy_events` in a terminal. It answers with the file's name.
2. Put the copy beside this notebook, or set `EVENTS_COPY` to where it lies before Jupyter starts:
   `EVENTS_COPY=/path/to/events-….duckdb jupyter lab`. Of several copies beside it the newest is opened.
3. `pip install duckdb pandas plotly` and open this notebook with Jupyter on the machine that has the file.

Times are UTC, durations microseconds, scores millionths; the view `view_columns` says what every column means."""

OPENING = """import os
from glob import glob

import duckdb

COPY = os.environ.get("EVENTS_COPY") or {copy!r} or max(glob("events-*.duckdb"), default="")
if not COPY:
    raise FileNotFoundError("No copy of the event store here: put one beside this notebook, or set EVENTS_COPY.")
store = duckdb.connect(COPY, read_only=True)
store.execute("SET TimeZone = 'UTC'")
store.sql("SELECT view_name, count(*) AS columns FROM view_columns GROUP BY ALL ORDER BY 1").df()"""

ASKING = """question = {sql!r}
answer = store.execute(question).df()
answer"""

DRAWING = """import plotly.graph_objects as go

numbers = answer.select_dtypes("number").columns
if len(numbers) and len(answer.columns) > 1:
    across = next(name for name in answer.columns if name != numbers[-1])
    figure = go.Figure(go.Bar(x=answer[across].astype(str), y=answer[numbers[-1]], name=numbers[-1]))
    figure.update_layout(yaxis_title=numbers[-1], xaxis_title=across)
    figure.show()"""


def notebook(name: str, sql: str, copy: str) -> bytes:
    """A Jupyter notebook, format 4.5. `copy` is the file it opens unless EVENTS_COPY names another; "" where none was
    made yet: the newest beside the notebook."""
    cells = [_cell("markdown", "introduction", INTRODUCTION.format(name=_heading(name))),
             _cell("code", "open-copy", OPENING.format(copy=copy)),
             _cell("code", "ask", ASKING.format(sql=sql)),
             _cell("code", "draw", DRAWING)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"nbformat": FORMAT, "nbformat_minor": MINOR, "cells": cells,
                       "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}}, indent=1).encode()


def _heading(name: str) -> str:
    """A name as words of a heading: one line, nothing in it that Markdown reads."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isalnum() or letter in " ,.-")


def _cell(kind: str, id: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": id, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
