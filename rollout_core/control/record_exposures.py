"""Record exposures: subjects that met a flag, with the value and arm that the live snapshot gives them.

Treatment and control are recorded at the same place: what is compared later was seen in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.control.change import Change
from rollout_core.errors import InvalidRequest, RolloutNotFound
from rollout_core.flags.decision import Decision
from rollout_core.flags.evaluation import CompiledRollout, evaluate
from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Rejected, Sender, accept
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.event_store import Batch
from rollout_core.ports.room import Room

NAME = "record_exposures"


@dataclass(frozen=True, slots=True)
class RecordExposures:
    """`subjects` that met `flag` now, or at `occurred_at`. `token` makes a repetition harmless."""

    flag: str
    subjects: tuple[str, ...] = ()
    rollout: str | None = None
    occurred_at: datetime | None = None
    token: str | None = None


def record_exposures(room: Room, actor: Actor, request: RecordExposures) -> Change:
    """Evaluates and stores; `result` counts stored and rejected, and answers each subject's value.

    Raises NotPermitted, RolloutNotFound, FlagNotFound, InvalidRequest, DiskFull, StoreUnavailable.
    """
    require(actor, Role.SENDER, "send exposures")
    if not request.subjects:
        raise InvalidRequest("No subjects are named.", mend="Send a list named subjects.")
    compiled, now = _compiled(room, request.rollout), room.clock.now()
    decisions = _decisions(room, compiled, request, now)
    events = [_event(room, compiled, subject, decision, request.occurred_at or now)
              for subject, decision in decisions.items()]
    checked = [accept(event, Sender(trusted=True, name=actor.principal), now, Limits()) for event in events]
    accepted = [each for each in checked if isinstance(each, Accepted)]
    rejected = [each for each in checked if isinstance(each, Rejected)]
    written = room.events.write(Batch(accepted, now, rejected, request.token, actor.principal))
    return Change(NAME, compiled.served.key, 0, epoch=compiled.served.epoch, revision=compiled.served.revision,
                  result={"stored": written.stored, "duplicates": written.duplicates, "rejected": written.rejected,
                          "values": {subject: decision.value for subject, decision in decisions.items()}})


def _compiled(room: Room, key: str | None) -> CompiledRollout:
    """The rollout as it is served; None: the only one."""
    served = room.live.current.compiled
    if key is None and len(served) == 1:
        return next(iter(served.values()))
    if key is None or key not in served:
        raise RolloutNotFound(f"There is no rollout {key!r}." if key else "Which rollout is meant?",
                              mend=f"Known rollouts: {', '.join(served)}.", rollout=key)
    return served[key]


def _decisions(room: Room, compiled: CompiledRollout, request: RecordExposures,
               now: datetime) -> dict[str, Decision]:
    """What each subject gets, with the register's attributes."""
    with room.control.read() as unit:
        known = {subject: unit.register.get(compiled.served.unit, subject) or {} for subject in request.subjects}
    return {subject: evaluate(compiled, request.flag, subject, attributes, now)
            for subject, attributes in known.items()}


def _event(room: Room, compiled: CompiledRollout, subject: str, decision: Decision, occurred_at: datetime) -> Event:
    """The exposure as an event."""
    return Event(
        event_id=room.new_token(), kind=Kind.EXPOSURE, occurred_at=occurred_at,
        units={compiled.served.unit: subject}, rollout=decision.rollout, unit=compiled.served.unit, subject=subject,
        flag=decision.flag, arm=str(decision.arm), reason=str(decision.reason), variant=decision.variant,
        phase=decision.phase, epoch=decision.epoch, inclusion=decision.inclusion)
