"""Imported sums (n, mean, variance per arm and time) judged look by look, as sweeps at those times would have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from rollout_core.analysis.aggregated import Look, StreamVerdict, judge_stream
from rollout_core.ports.evidence_questions import CustomRows
from rollout_core.ports.room import Room

NAME = "aggregate"
"""The custom events that a mapping of aggregates makes."""

SIZES = ("n_treatment", "n_control", "mean_treatment", "mean_control", "variance_treatment", "variance_control")


@dataclass(frozen=True, slots=True)
class AggregatesRequest:
    """`mde`: the smallest difference worth finding as a part of control's first mean (0.01: 1 %); None: the two-sided
    bound tuned at 5,000 subjects. `experiment` narrows."""

    mde: float | None = None
    experiment: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One experiment, variant and metric."""

    experiment: str
    variant: str
    metric: str
    verdict: StreamVerdict


@dataclass(frozen=True, slots=True)
class AggregatesAnswer:
    """`usable` streams have numbers in both arms; `differs` were proven different at some look; `naive_any` and
    `naive_last` crossed |z| > 1.96 at some look, and at the last one."""

    streams: tuple[Stream, ...]
    usable: int
    differs: int
    naive_any: int
    naive_last: int


def answer(room: Room, request: AggregatesRequest) -> AggregatesAnswer:
    """Judges every stream that was imported. Raises StoreUnavailable."""
    looks: dict[tuple[str, str, str], list[Look]] = defaultdict(list)
    for row in room.events.measure(CustomRows(NAME)).records():
        given = msgspec.json.decode(row["attributes"] or "{}")
        key = tuple(str(given.get(name, "")) for name in ("experiment", "variant", "metric"))
        if request.experiment in (None, key[0]):
            looks[key[0], key[1], key[2]].append(_look(given, row["occurred_at"].timestamp() / 3600.0))
    streams = tuple(Stream(*key, judge_stream(found, _mde(found, request.mde))) for key, found in sorted(looks.items()))
    usable = [each.verdict for each in streams if each.verdict.status != "no_data"]
    return AggregatesAnswer(
        streams, len(usable), sum(each.status == "differs" for each in usable),
        sum(each.naive_any for each in usable), sum(each.naive_last for each in usable))


def _look(given: Mapping[str, Any], hours: float) -> Look:
    return Look(hours, *(float("nan") if given.get(name) is None else float(given[name]) for name in SIZES))


def _mde(looks: list[Look], part: float | None) -> float | None:
    """The MDE in the metric's unit, from control's mean at the first look that has one."""
    first = next((abs(each.mean_control) for each in looks if abs(each.mean_control) > 0.0), None)
    return None if part is None or first is None else part * first
