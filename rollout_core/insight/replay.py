"""Replays a decision from what was stored with it: the same evidence and policy must give the same verdicts."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import msgspec

from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.judge import EDITION, judge
from rollout_core.analysis.policy import Policy
from rollout_core.analysis.records import from_record, to_record
from rollout_core.analysis.verdict import Verdict, Verdicts
from rollout_core.errors import InvalidRequest
from rollout_core.ports.room import Room

TOLERANCE = 1e-9
"""Largest difference of a log e that still counts as the same."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """`number` of the decision."""

    number: int


@dataclass(frozen=True, slots=True)
class ReplayAnswer:
    """`same`: every status is equal and no log e differs by more than 1e-9. `largest_difference` is of log e.

    `edition` of the analysis judged then (0: not recorded), `edition_now` judged again; where they differ the numbers
    may, and the record holds.
    """

    number: int
    rollout: str
    act: str
    summary: str
    otherwise: str
    same: bool
    largest_difference: float
    verdicts: tuple[Verdict, ...]
    edition: int = 0
    edition_now: int = EDITION


def answer(room: Room, request: ReplayRequest) -> ReplayAnswer:
    """Judges the stored evidence again. Raises NotFound; InvalidRequest for a decision that saw no evidence."""
    with room.control.read() as unit:
        record = unit.decisions.get(request.number)
    seen = record.seen
    if "evidence" not in seen:
        raise InvalidRequest(f"Decision {request.number} saw no evidence: {record.summary}",
                             mend="Choose one that did.", number=request.number)
    evidence = from_record(Evidence, unpack(str(seen["evidence"])))
    again = judge(evidence, from_record(Policy, seen["policy"]))
    before = from_record(Verdicts, seen["verdicts"])
    pairs = list(zip(_all(before), _all(again), strict=True))
    largest = max((abs(old.log_e - new.log_e) for old, new in pairs), default=0.0)
    same = all(old.status is new.status and old.key == new.key for old, new in pairs) and largest <= TOLERANCE
    return ReplayAnswer(record.number, record.rollout, record.act, record.summary, str(seen.get("else", "")), same,
                        largest, _all(again), int(str(seen.get("edition", 0))))


def _all(verdicts: Verdicts) -> tuple[Verdict, ...]:
    return (verdicts.sample_ratio, *verdicts.guardrails, *verdicts.criteria, *verdicts.watched)


def pack(value: Any) -> str:
    """A dataclass of the analysis as compressed text."""
    return base64.b85encode(zlib.compress(msgspec.json.encode(to_record(value)), 6)).decode()


def unpack(text: str) -> Any:
    """The JSON value in a compressed text."""
    return msgspec.json.decode(zlib.decompress(base64.b85decode(text)))
