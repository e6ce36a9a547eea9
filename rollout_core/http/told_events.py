"""The answer to a batch of events: counts, and a line for every event."""

from __future__ import annotations

import msgspec

from rollout_core.jobs.judged_body import JudgedBody
from rollout_core.metrics.event_checks import Rejected
from rollout_core.ports.event_store import Written


class ToldAccepted(msgspec.Struct, frozen=True, gc=False, tag_field="status", tag="accepted"):
    """An event that is stored, now or before."""

    index: int
    event_id: str


class ToldRejected(msgspec.Struct, frozen=True, gc=False, tag_field="status", tag="rejected"):
    """An event that was refused, and why."""

    index: int
    event_id: str | None
    reason: str
    detail: str


class Told(msgspec.Struct, frozen=True):
    """The answer to a batch."""

    accepted: int
    rejected: int
    duplicates: int
    events: list[ToldAccepted | ToldRejected]


def told(judged: JudgedBody, written: Written) -> Told:
    """The answer: counts, and for every event its place, its id and what became of it."""
    late = {each.event_id: each for each in written.refused}
    answers = [_refusal(place, each) if isinstance(each, Rejected)
               else _refusal(place, late[each]) if each in late else ToldAccepted(place, each)
               for place, each in enumerate(judged.events)]
    accepted = sum(type(answer) is ToldAccepted for answer in answers)
    return Told(accepted, len(answers) - accepted, written.duplicates, answers)


def _refusal(place: int, refused: Rejected) -> ToldRejected:
    return ToldRejected(place, refused.event_id, str(refused.reason), refused.detail)
