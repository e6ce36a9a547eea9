"""One sweep: evidence, verdicts, alerts, one decision, and in mode "act" the step itself, in one transaction.

A decision record is written when something is decided, when a verdict changed, and once an hour; it holds the
sufficient statistics, so that it can be replayed. Steps go through the same verbs as a person's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from logging import getLogger

from rollout_core.analysis.verdict import Verdict
from rollout_core.control.change import Change
from rollout_core.control.change_rollout import change_rollout
from rollout_core.control.decision_record import Outcome, record_decision
from rollout_core.control.freeze_references import freeze_references
from rollout_core.control.rollout_verbs import ROLLOUT_VERBS
from rollout_core.control.settle_alerts import settle_alerts
from rollout_core.control.transact import commit
from rollout_core.control.verb_spec import VerbSpec
from rollout_core.errors import RolloutError, StaleRollout
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.insight.autopilot import looked_key
from rollout_core.insight.conditions import conditions_of
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.look import still_look
from rollout_core.insight.monitor import MonitorAnswer, monitor
from rollout_core.insight.past import past_of
from rollout_core.insight.scene import Scene, scene
from rollout_core.people.actor import AUTOPILOT, Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.ladder import ROLLBACK_OF, Act, Proposal, Seen, propose
from rollout_core.rollouts.ramping import climb, guarded_by
from rollout_core.rollouts.status import Status
from rollout_core.rollouts.targets import Rollback

log = getLogger("rollout.sweeps")

SWEPT = (Status.RUNNING, Status.HELD, Status.PAUSED, Status.COMPLETED)
"""Statuses in which a sweep looks; a completed rollout is watched as before."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """`rollout` None: all that are under way."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep of one rollout came to. `failed` says why nothing could be judged or done.

    `to` is the share in percent that the act leads to (None: it names none), `otherwise` what would have changed it.
    """

    rollout: str
    act: str
    done: bool
    mode: str
    words: str
    decision: int | None
    alerts_opened: int
    alerts_resolved: int
    swept_at: datetime
    because: tuple[str, ...] = ()
    failed: str = ""
    to: float | None = None
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """One pass over the rollouts."""

    swept: tuple[Swept, ...]


def sweep(room: Room, actor: Actor, request: Sweep) -> SweepReport:
    """Looks at everything, whatever gate, timer or hold is pending. A rollout that cannot be judged does not keep the
    others from being swept."""
    require(actor, Role.OPERATOR, "sweep")
    with room.control.read() as unit:
        keys = [each.key for each in unit.rollouts.all() if each.status in SWEPT]
    chosen = [key for key in keys if request.rollout in (None, key)]
    return SweepReport(tuple(_guarded(room, key) for key in chosen))


def _guarded(room: Room, key: str) -> Swept:
    """One rollout's sweep; a defect in it is told and keeps no other rollout from being swept."""
    try:
        return sweep_one(room, key)
    except Exception as error:  # the guard of every other rollout depends on it
        log.exception("The sweep of %s failed.", key)
        return Swept(key, Act.NONE, False, "", "Nothing could be judged.", None, 0, 0, room.clock.now(),
                     failed=f"{type(error).__name__}: {error}")


def sweep_one(room: Room, key: str) -> Swept:
    """One rollout, at the present instant."""
    here = scene(room, key)
    try:
        freeze_references(room, here)
        with still_look(room) as within:        # after the freezing, which may change what the store counts
            found = judgement_of(within, here)
            seen = monitor(within, here, found)
    except RolloutError as error:
        return Swept(key, Act.NONE, False, here.rollout.autopilot, "Nothing could be judged.", None, 0, 0, here.now,
                     failed=str(error))
    proposal = Proposal(Act.NONE, words="Nothing is counted yet.")
    if found is not None:
        ramp = climb(here.plan, here.rollout, found.evidence, errors_of(here, found), here.now)
        known = Seen(found.verdicts, conditions_of(seen), all(gate.open for gate in seen.gates), ramp=ramp)
        proposal = propose(here.plan, here.rollout, found.asked, known, past_of(room, here), here.now)
    return carry_out(room, here, seen, found, proposal)


def errors_of(here: Scene, found: Judgement) -> Verdict | None:
    """The verdict of the guardrail that the ramp goes by."""
    rule = guarded_by(here.plan)
    return None if rule is None else next(
        (each for each in found.verdicts.guardrails if each.key == rule.key), None)


def carry_out(room: Room, here: Scene, seen: MonitorAnswer, found: Judgement | None, proposal: Proposal) -> Swept:
    """Settles alerts, records the decision and, where the autopilot acts, does the step in the same transaction."""
    acts = here.rollout.autopilot == "act" and proposal.act is not Act.NONE
    settled = [0, 0]

    def record(unit: ControlUnit, change: Change | None) -> int | None:
        settled[:] = settle_alerts(unit, here, seen.sightings)
        unit.meta.set(looked_key(here.rollout.key), here.now.isoformat())
        return record_decision(unit, here, seen, found, Outcome(proposal, change))
    number, failed = None, ""
    if acts:
        try:
            number = _step(room, here, proposal, record)
        except RolloutError as error:
            acts, failed = False, str(error)
    if not acts:
        number = commit(room, lambda unit, when: record(unit, None), urgent=True)
    return Swept(here.rollout.key, proposal.act, acts, here.rollout.autopilot, proposal.words, number, settled[0],
                 settled[1], here.now, proposal.because, failed,
                 None if proposal.to is None else percentage_of_buckets(proposal.to), proposal.else_words)


def _step(room: Room, here: Scene, proposal: Proposal,
          record: Callable[[ControlUnit, Change | None], int | None]) -> int | None:
    """Presses the verb that the act stands for."""
    name, fields = request_of(here, proposal)
    verb = ROLLOUT_VERBS[name]
    kept: list[int | None] = []

    def also(unit: ControlUnit, change: Change) -> None:
        if change.before is not None and change.before.revision != here.rollout.revision:
            raise StaleRollout(f"{here.rollout.name} changed while it was being judged.",
                               mend="The next sweep looks anew.", rollout=here.rollout.key)
        kept.append(record(unit, change))

    change_rollout(room, AUTOPILOT, verb, verb.request(rollout=here.rollout.key, reason=f"Autopilot: {proposal.words}",
                                                       **fields), also=also)
    return kept[0] if kept else None


def request_of(here: Scene, proposal: Proposal) -> tuple[str, Mapping[str, object]]:
    """The verb's name and the fields of its request for an act."""
    if proposal.act is Act.HOLD:
        return "hold", {}
    if proposal.act is Act.PAUSE:
        return "pause", {}
    if proposal.act is Act.ADVANCE:
        return "advance", {"revision": here.rollout.revision}
    to = percentage_of_buckets(proposal.to or 0)
    if proposal.act is Act.STEP_UP:
        return "set_percentage", {"percentage": to, "revision": here.rollout.revision}
    if proposal.act is Act.STEP_BACK:
        return "roll_back", {"kind": Rollback.GRADUAL.value, "to": to}
    return "roll_back", {"kind": ROLLBACK_OF[proposal.act].value, "to": to}


SPEC = VerbSpec("sweep", Sweep, sweep, Role.OPERATOR,  # type: ignore[arg-type]
                "Look at everything once; in mode act, do what the evidence asks for.")
