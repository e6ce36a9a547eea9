"""Replays a decision from what was stored with it: the same evidence and policy must give the same verdicts."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.judge import EDITION, judge
from rollout_core.analysis.policy import Policy
from rollout_core.analysis.records import from_record
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
class Difference:
    """One verdict that came out otherwise; a status or log e of None: it was not judged then, or is not now."""

    key: str
    metric: str
    then: str | None
    now: str | None
    log_e_then: float | None
    log_e_now: float | None


@dataclass(frozen=True, slots=True)
class ReplayAnswer:
    """`same`: every status is equal and no log e differs by more than 1e-9. `largest_difference` is of log e.

    `edition` of the analysis judged then (0: not recorded), `edition_now` judged again; where they differ the numbers
    may, and the record holds. `differences` are what came out otherwise, `words` says it all in a sentence or two.
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
    differences: tuple[Difference, ...] = ()
    words: str = ""


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
    edition, differences = int(str(seen.get("edition", 0))), differences_of(_all(before), _all(again))
    largest = max((abs(each.log_e_then - each.log_e_now) for each in differences
                   if each.log_e_then is not None and each.log_e_now is not None), default=0.0)
    return ReplayAnswer(
        record.number, record.rollout, record.act, record.summary, str(seen.get("else", "")), not differences, largest,
        _all(again), edition, EDITION, differences, in_words(edition, differences, largest))


def differences_of(then: Sequence[Verdict], now: Sequence[Verdict]) -> tuple[Difference, ...]:
    """Verdicts whose status changed, or whose log e by more than 1e-9; matched by key, metric and scale."""
    old, new = ({(each.key, each.metric, each.scale): each for each in verdicts} for verdicts in (then, now))
    return tuple(found for key in dict.fromkeys((*old, *new))
                 if (found := _difference(key[0], key[1], old.get(key), new.get(key))) is not None)


def _difference(key: str, metric: str, then: Verdict | None, now: Verdict | None) -> Difference | None:
    if then is not None and now is not None and then.status is now.status and (
            abs(then.log_e - now.log_e) <= TOLERANCE):
        return None
    old, new = ((None, None) if each is None else (each.status.value, each.log_e) for each in (then, now))
    return Difference(key, metric, old[0], new[0], old[1], new[1])


def in_words(edition: int, differences: Sequence[Difference], largest: float) -> str:
    """What the replay showed, for people."""
    if not differences:
        return "Judged again from its stored counts: the same verdicts."
    changed = [f"{each.key} was {_status(each.then)} and is {_status(each.now)}" for each in differences
               if each.then != each.now]
    by = f"log e differs by up to {largest:.3g}; {'; '.join(changed) or 'every status is the same'}"
    if edition == EDITION:
        return f"NOT the same, under the same edition of the analysis: {by}. The record or the program was changed."
    judged = f"under edition {edition} of the analysis" if edition else "before editions were recorded"
    return f"Judged {judged}, replayed with edition {EDITION}: {by}. The record holds: it says what was known then."


def _status(status: str | None) -> str:
    return "not judged" if status is None else status.replace("_", " ")


def _all(verdicts: Verdicts) -> tuple[Verdict, ...]:
    return (verdicts.sample_ratio, *verdicts.guardrails, *verdicts.criteria, *verdicts.watched)


def pack(value: Any) -> str:
    """A dataclass of the analysis as compressed text: the JSON of what `to_record` makes, much faster."""
    return base64.b85encode(zlib.compress(msgspec.json.encode(value), 6)).decode()


def unpack(text: str) -> Any:
    """The JSON value in a compressed text."""
    return msgspec.json.decode(zlib.decompress(base64.b85decode(text)))
