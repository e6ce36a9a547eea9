"""Answers Ratings: counts of feedback scores."""

from __future__ import annotations

from typing import Any

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event import Kind
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Ratings, Rows
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_histograms import counted
from rollout_core.storage.read_raw import attributed_cte
from rollout_core.storage.read_settled import settled_edge
from rollout_core.storage.read_stretches import DAY, parts_of
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

BY = {"arm": "arm", "day": "day", "epoch": "epoch", "inclusion": "inclusion"}
RAW_BY = {**BY, "day": "occurred_at::DATE"}
RATED = "CASE WHEN name = 'nps' THEN 'nps' ELSE 'satisfaction' END"
SCORE = "round(value / 1000000)::INTEGER"
"""Of an answer: what it rates, and its score in whole points."""

IS_METRIC = {"nps": "name = 'nps'", "satisfaction": "name IS DISTINCT FROM 'nps'"}


def ratings(reader: Reader, question: Ratings) -> Rows:
    """Ratings; low and high are millionths, k the score in whole points. Raises InvalidRequest."""
    if question.metric not in IS_METRIC or set(question.by) - set(BY):
        raise InvalidRequest("Ratings are of satisfaction or nps, by arm, day, epoch or inclusion.")
    parts = parts_of(question.window, reader.closed_until_at, DAY, live=question.live)
    rows: list[tuple[Any, ...]] = []
    if parts.rolled is not None:
        rows += reader.rows(
            f"SELECT {_selected(question, BY)} low, high, k, sum(n)::BIGINT FROM rating_day "
            f"WHERE rollout = {quoted(question.rollout or '')} AND metric = {quoted(question.metric)} "
            f"AND day >= {literal(parts.rolled.since_at)}::DATE AND day < {literal(parts.rolled.until_at)} "
            f"GROUP BY ALL").rows
    for window in parts.raw:
        rows += settled_edge(reader, question, window, lambda edge: _raw(reader, question, edge))
    return Rows((*question.by, "low", "high", "k", "n"), counted(rows), reader.closed_until_at)


def _raw(reader: Reader, question: Ratings, window: Window) -> list[tuple[Any, ...]]:
    cte = attributed_cte(reader, Kind.FEEDBACK, question.rollout, window)
    if not cte:
        return []
    return reader.rows(f"{cte} SELECT {_selected(question, RAW_BY)} low, high, {SCORE}, count(*) "
                       f"FROM attributed WHERE {IS_METRIC[question.metric]} GROUP BY ALL").rows


def _selected(question: Ratings, names: dict[str, str]) -> str:
    return "".join(f"{names[key]} AS {key}, " for key in question.by)
