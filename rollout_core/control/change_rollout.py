"""Making a change to a rollout: state, epoch, audit entry and notice in one transaction, together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rollout_core.control.change import Change
from rollout_core.control.counting import refuse_uncounted, within
from rollout_core.control.moment import Moment, refuse_skew
from rollout_core.control.notice import notice
from rollout_core.control.serving import served_of
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.control.trail import asked_of, entry, facts_of
from rollout_core.control.transact import commit, recorded_refusals
from rollout_core.control.weigh import RolloutVerb, Situation, Weighed, gates_now, moved, weigh
from rollout_core.errors import RevisionMissing, StaleRollout
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.people.actor import AUTOPILOT, Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import AuditRecord
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.gates import Gate, pass_gates

MIRROR_PATIENCE_S = 1.0
"""How long a verb waits for the event store's mirror; the background clock brings it up to date anyway."""


Also = Callable[[ControlUnit, Change], None]
"""What else belongs into the change's own transaction (the autopilot's decision record)."""


def change_rollout(room: Room, actor: Actor, verb: RolloutVerb, request: Any, also: Also | None = None) -> Change:
    """Weighs the change, makes it, serves it. Raises Refused (recorded in the trail), Invalid, NotFound, StoreError."""
    def make(unit: ControlUnit, when: Moment) -> tuple[Change, ServedRollout]:
        made = _make(room, unit, actor, (verb, request, weighed), when)
        if also is not None:
            also(unit, made[0])
        return made

    with recorded_refusals(room, actor, verb.name, request):
        require(actor, verb.role, verb.name.replace("_", " "))
        weighed = weigh(room, verb, request)
        lowers = weighed.proposed is not None and not weighed.proposed.raises_exposure and not verb.raises
        change, served = commit(room, make, urgent=lowers)
    room.live.swap(served)
    if not verb.urgent and change.changed:
        within(MIRROR_PATIENCE_S, lambda: sync_epochs(room))
    return change


def check_raise(unit: ControlUnit, room: Room, actor: Actor, situation: Situation, when: Moment) -> None:
    """What every change that raises exposure needs besides its gates."""
    require(actor, Role.ADMIN, "raise exposure")
    refuse_skew(room, when)
    refuse_uncounted(unit, situation.rollout, situation.census_after)


def check_revision(situation: Situation, revision: int | None) -> None:
    """Raises RevisionMissing or StaleRollout unless the change was decided on what is there now."""
    rollout = situation.rollout
    if revision is None:
        raise RevisionMissing(f"A change that raises exposure names the revision it was decided on ({rollout.name}).",
                              mend="Look at the rollout and send its revision.", rollout=rollout.key)
    if revision != rollout.revision:
        raise StaleRollout(f"{rollout.name} has changed since you looked: it is at revision {rollout.revision}, "
                           f"not {revision}.", mend="Look at it again and decide anew.", rollout=rollout.key,
                           expected=revision, revision=rollout.revision)


def _make(room: Room, unit: ControlUnit, actor: Actor, asked: tuple[RolloutVerb, Any, Weighed],
          when: Moment) -> tuple[Change, ServedRollout]:
    """Everything that happens inside the transaction."""
    verb, request, weighed = asked
    situation = replace(weighed.situation, rollout=unit.rollouts.get(weighed.situation.rollout.key), now=when.at)
    proposed = verb.propose(situation, request)
    gates = gates_now(unit, situation, proposed, weighed.proof)
    overruled = _checked(room, unit, actor, asked, (situation, proposed, gates), when)
    record = _recorded(unit, actor, asked, (situation, proposed, gates), when, overruled)
    gained, lost, have = moved(situation, proposed, weighed)
    warnings = tuple(f"Overruled: {gate.name} ({gate.state.value.replace('_', ' ')})." for gate in overruled)
    after = proposed.rollout
    change = Change(verb.name, after.key, record.seq, proposed.before, after, gained, lost, have, after.epoch,
                    after.revision, warnings)
    return change, served_of(room, unit, after, situation.plan_after)


def _checked(room: Room, unit: ControlUnit, actor: Actor, asked: tuple[RolloutVerb, Any, Weighed],
             decided: tuple[Situation, Next, tuple[Gate, ...]], when: Moment) -> tuple[Gate, ...]:
    """Passes everything that a raise must pass; the gates that a person's written reason overruled."""
    verb, request, _ = asked
    situation, proposed, gates = decided
    if verb.raises or proposed.raises_exposure:
        check_revision(situation, request.revision)
    if not proposed.raises_exposure:
        return ()
    check_raise(unit, room, actor, situation, when)
    overrules = actor.role is Role.ADMIN and actor.via != AUTOPILOT.via
    return pass_gates(gates, admin=overrules, reason=request.reason)


def _recorded(unit: ControlUnit, actor: Actor, asked: tuple[RolloutVerb, Any, Weighed],
              decided: tuple[Situation, Next, tuple[Gate, ...]], when: Moment,
              overruled: tuple[Gate, ...]) -> AuditRecord:
    """Writes state, epoch, audit entry and notice, with what was shown."""
    verb, request, weighed = asked
    situation, proposed, gates = decided
    gained, lost, have = moved(situation, proposed, weighed)
    return write_change(unit, actor, (verb.name, request), proposed, when, {
        "gained": gained, "lost": lost, "have": have,
        "gates": {gate.key: gate.state.value for gate in gates}, "overruled": [gate.key for gate in overruled]})


def write_change(unit: ControlUnit, actor: Actor, asked: tuple[str, Any], proposed: Next, when: Moment,
                 shown: Mapping[str, object]) -> AuditRecord:
    """Writes what a decided change comes to, in the caller's transaction. `asked`: the verb's name and its request;
    `shown` is the evidence in the trail."""
    verb, request = asked
    before, after = proposed.before, proposed.rollout
    if proposed.changed:
        unit.rollouts.save(after, before.revision)
    if proposed.epoch is not None:
        unit.epochs.add(proposed.epoch)
    record = unit.audit.append(entry(
        actor, when, verb, outcome="done" if proposed.changed else "unchanged", rollout=after.key,
        before=facts_of(before), after=facts_of(after), reason=(request.reason or "").strip(),
        evidence={**shown, "asked": asked_of(request)},
        revision=after.revision, epoch=after.epoch))
    if proposed.changed:
        unit.outbox.add(notice(before, after, record))
    return record
