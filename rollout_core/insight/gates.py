"""The gates of a phase: each criterion with its state, what was measured and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.formulas import Asked
from rollout_core.insight.judge import JUDGES, State
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.known_before import failed_before
from rollout_core.insight.measure import measure
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.missing_data import stopped
from rollout_core.insight.recent import PEOPLE
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.status import GateBrief, Waiting
from rollout_core.insight.timeline import stay
from rollout_core.insight.verdict_words import Since, gate_state, missing_of, ripe_after, since_of, words_of
from rollout_core.insight.window import floored
from rollout_core.insight.words import measured_in_words, target_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.ports.event_store import EventStore
from rollout_core.ports.room import Room
from rollout_core.rollouts.gates import in_words, left_in_words
from rollout_core.rollouts.phase import Criterion, Phase
from rollout_core.rollouts.targets import place_of


@dataclass(frozen=True, slots=True)
class GatesRequest:
    """`phase` None: the present one (what must be met to leave it)."""

    rollout: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that stands before more exposure.

    `kind`: criterion | duration | checklist | review. `needed` is the target in words ("at most 2%"), `words` says what
    was seen or what is missing. `judge`: interval (ordinary 95 %) or evidence (sequential). `missing`: how much more a
    criterion needs ("about 1,200 more requests"). `decides_at`: the end of a duration; of a criterion when it is as
    likely as not decided, `surely_at` nine times in ten, at the present inflow and value. `earliest_at`: when the first
    that may prove it have been in for long enough.
    """

    key: str
    name: str
    kind: str
    state: State
    measured: Measured | None
    needed: str
    words: str
    metric: str | None = None
    comparison: str | None = None
    target: float | None = None
    lists: tuple[str, ...] = ()
    signed_by: str = ""
    signed_at: datetime | None = None
    judge: str = "interval"
    missing: str = ""
    decides_at: datetime | None = None
    surely_at: datetime | None = None
    earliest_at: datetime | None = None

    @property
    def open(self) -> bool:
        """True when it lets exposure rise."""
        return self.state in (State.MET, State.SIGNED)


@dataclass(frozen=True, slots=True)
class GatesAnswer:
    """`may_advance` is True only when every gate is met or signed and there is at least one criterion. `since`: from
    when on what comes proves a criterion; what a number covers may reach further back. `failed_before`: criteria that
    were proven not to be met when evidence began anew."""

    rollout: str
    phase: str | None
    phase_name: str
    gates: tuple[Gate, ...]
    brief: GateBrief
    may_advance: bool
    computed_at: datetime
    since: Since | None = None
    failed_before: tuple[str, ...] = ()


def answer(room: Room, request: GatesRequest) -> GatesAnswer:
    """The gates of a phase. Raises RolloutNotFound, InvalidRequest for an unknown phase."""
    here = scene(room, request.rollout)
    place_of(here.plan, request.phase)
    present = request.phase in (None, here.rollout.phase)
    found = gates_of(room.events, here, request.phase, judgement_of(room, here) if present else None)
    return replace(found, failed_before=failed_before(room, here, found.since))


def gates_of(events: EventStore, scene: Scene, phase_key: str | None = None,
             found: Judgement | None = None) -> GatesAnswer:
    """The gates of a phase of one scene; None: of the present phase, or of the first before the start.

    `found` proves the criteria of the present phase; what it does not judge (facts, phases left behind) is read off.
    """
    phase = scene.plan.phase(phase_key or scene.rollout.phase or scene.plan.phases[0].key)
    proofs = {} if found is None or not found.phase == phase.key == scene.rollout.phase else {
        verdict.key: verdict for verdict in found.verdicts.criteria}
    gates = (*_checklist(scene), *_duration(scene, phase),
             *(_criterion(events, scene, phase, criterion, proofs.get(criterion.key)) for criterion in phase.criteria))
    proven = bool(phase.criteria) and all(gate.open for gate in gates)
    return GatesAnswer(scene.rollout.key, phase.key, phase.name, gates, brief_of(gates), proven, scene.now,
                       since_of(scene) if proofs else None)


def _criterion(events: EventStore, scene: Scene, phase: Phase, criterion: Criterion, proof: Verdict | None) -> Gate:
    if criterion.metric is None or criterion.comparison is None or criterion.target is None:
        return _by_hand(scene, phase, criterion)
    metric = CATALOG[criterion.metric]
    measuring = Measuring(events, scene, _window(scene, phase, criterion.metric), live=False)
    measured = measure(measuring, Asked(metric, tag=criterion.tag, waived_counts=True))
    seen = measured_in_words(measured)
    if measured.value is not None and _of_everybody(criterion.metric):
        seen += " since the start"
    state, words, judge = (_read_off(measured, criterion, seen) if proof is None
                           else _proven(events, scene, measured, proof, seen))
    gate = Gate(criterion.key, criterion.name, "criterion", state, measured,
                target_in_words(criterion.comparison, criterion.target, metric.unit), words, criterion.metric,
                criterion.comparison.value, criterion.target, criterion.lists, judge=judge)
    foretold = proof is not None and state is State.NOT_YET and measured.quality is not Quality.FEW
    return _foretold(scene, gate, proof) if foretold and proof is not None else gate


def _foretold(scene: Scene, gate: Gate, proof: Verdict) -> Gate:
    """With what is missing, when it is likely decided and, where nobody counts yet, when the first can."""
    if proof.need is not None:
        return replace(gate, missing=missing_of(proof), decides_at=_ahead(scene, proof.need.hours_50),
                       surely_at=_ahead(scene, proof.need.hours_90))
    since, ripe = since_of(scene), ripe_after(scene, proof.metric)
    unripe = since is not None and ripe is not None and since.at + ripe > scene.now
    return replace(gate, earliest_at=since.at + ripe) if unripe and since and ripe else gate


def _proven(events: EventStore, scene: Scene, measured: Measured, proof: Verdict,
            seen: str) -> tuple[State, str, str]:
    """By the sequential test, however often somebody looks. What has stopped arriving proves nothing any more; a quiet
    hour of the night undoes no proof of days.

    The number is the phase's, the proof only what came since the evidence began: where that is nothing yet, the words
    say from when on it counts, and the state is "not yet", since there are data. Of fewer than the metric's minimum
    sample neither the number nor a forecast is said.
    """
    silent = measured.quality is Quality.OFF or (measured.quality is Quality.STALE and stopped(
        events, scene, CATALOG[measured.metric].source))
    state, words = gate_state(proof), words_of(proof)
    if silent:
        state, words = State.NO_DATA, "nothing is proven of now"
    elif state is State.NO_DATA and measured.value is not None:
        since = since_of(scene) or "since the evidence began"
        state, words = State.NOT_YET, f"nothing to judge by yet {since}: {words}"
    if measured.value is None:
        return state, seen if measured.note else words, "evidence"
    if state is State.NOT_YET and measured.quality is Quality.FEW:
        seen = "too few to say anything yet"
        words = words if proof.status is Status.NO_DATA else _few(measured, CATALOG[measured.metric].minimum_sample)
    return state, f"{seen}; {words}", "evidence"


FARTHEST = timedelta(days=365)
"""A forecast further away is no date."""


def _ahead(scene: Scene, hours: float | None) -> datetime | None:
    return None if hours is None or hours > FARTHEST / timedelta(hours=1) else scene.now + timedelta(hours=hours)


def _read_off(measured: Measured, criterion: Criterion, seen: str) -> tuple[State, str, str]:
    """By the ordinary interval: facts (incidents, growth, procedures) that no sequential test judges."""
    if criterion.metric is None or criterion.comparison is None or criterion.target is None:
        return State.MANUAL, "waits for a signature", "interval"
    judge = JUDGES["evidence"]
    state = judge.judge(measured, criterion.comparison, criterion.target)
    if state is State.NOT_YET:
        seen += f"; {missing(measured, criterion.target, CATALOG[criterion.metric].minimum_sample)}"
    return state, seen, judge.name


def missing(measured: Measured, target: float, minimum: int) -> str:
    """What a criterion still waits for: more of them, or a better value. Rounded to two digits, a forecast."""
    if measured.quality is Quality.FEW:
        return _few(measured, minimum)
    if measured.value is None or measured.low is None or measured.high is None or measured.value == target:
        return "too close to the target to tell"
    reach = (measured.high if target > measured.value else measured.low) - measured.value
    needed = measured.n * ((reach / (target - measured.value)) ** 2 - 1)
    digits = max(0, len(str(int(needed))) - 2)
    return f"about {round(needed, -digits):,.0f} more {measured.noun} would settle it at this value"


def _few(measured: Measured, minimum: int) -> str:
    """How many more it takes before a number says anything; without a count where one arm has enough and one has not.
    """
    lacking = minimum - measured.n
    return f"{f'at least {lacking:,} ' if lacking > 0 else ''}more {measured.noun} are needed"


def _window(scene: Scene, phase: Phase, metric: str) -> Window:
    """The stretch a criterion is about: its phase; adoption and retention of everybody since the start.

    It ends with the last full 5 minutes: criteria are judged on closed windows.
    """
    rollout = scene.rollout
    entered_at, left_at = stay(scene.epochs, phase.key)
    if phase.key == rollout.phase:
        entered_at, left_at = rollout.phase_entered_at, None
    if _of_everybody(metric):
        entered_at = rollout.started_at
    until_at = left_at or floored(scene.now)
    return Window(min(entered_at or scene.now, until_at - timedelta(seconds=1)), until_at)


def _of_everybody(metric: str) -> bool:
    """What is known of people at an age is of everybody since the start, not of those of one phase."""
    return metric in PEOPLE or metric.startswith("retention")


def _by_hand(scene: Scene, phase: Phase, criterion: Criterion) -> Gate:
    signed = scene.signoffs.get((phase.key, criterion.key))
    if signed is None:
        return Gate(criterion.key, criterion.name, "criterion", State.MANUAL, None, "signed by a person, with evidence",
                    "waits for a signature", lists=criterion.lists)
    state = State.SIGNED if signed.met else State.NOT_MET
    return Gate(criterion.key, criterion.name, "criterion", state, None, "signed by a person, with evidence",
                signed.evidence, lists=criterion.lists, signed_by=signed.by, signed_at=signed.at)


def _duration(scene: Scene, phase: Phase) -> list[Gate]:
    if phase.minimum_duration is None or phase.key != scene.rollout.phase or scene.rollout.phase_entered_at is None:
        return []
    spent = scene.now - scene.rollout.phase_entered_at
    over = spent >= phase.minimum_duration
    words = f"{in_words(spent)} so far" + ("" if over else f", {left_in_words(phase.minimum_duration - spent)} to go")
    return [Gate("minimum_duration", "Minimum duration", "duration", State.MET if over else State.NOT_YET, None,
                 f"at least {in_words(phase.minimum_duration)}", words,
                 decides_at=None if over else scene.rollout.phase_entered_at + phase.minimum_duration)]


def _checklist(scene: Scene) -> list[Gate]:
    """The pre-rollout checklist, before the start only."""
    if scene.rollout.started_at is not None or not scene.plan.checklist:
        return []
    done, waived = {tick.item for tick in scene.ticks}, {waiver.item for waiver in scene.waivers}
    keys = {item.key for item in scene.plan.checklist}
    open_items = keys - done - waived
    words = ", ".join([f"{len(keys & done)} done", *(
        f"{len(items)} {word}" for items, word in (((keys & waived) - done, "waived"), (open_items, "open")) if items)])
    return [Gate("checklist", "Pre-rollout checklist", "checklist", State.NOT_MET if open_items else State.MET, None,
                 "every item ticked, or waived with a reason", words)]


WORST_FIRST = (State.NOT_MET, State.NO_DATA, State.NOT_YET, State.MANUAL, State.WAIVED, State.SIGNED,
               State.MET)


def brief_of(gates: tuple[Gate, ...]) -> GateBrief:
    """How many stand where, the worst of them in one sentence, and what is waited for."""
    count = {state: sum(1 for gate in gates if gate.state is state) for state in State}
    ranked = sorted(gates, key=lambda gate: WORST_FIRST.index(gate.state))
    worst = ranked[0] if ranked else None
    waiting = tuple(Waiting(gate.name, gate.state.value, gate.decides_at, gate.kind == "duration")
                    for gate in ranked if not gate.open)
    if worst is None:
        state, words = State.NO_DATA, "this phase has no criteria: it never advances by itself"
    elif worst.open:
        state, words = State.MET, "everything is met"
    else:
        state, words = worst.state, f"{worst.name}: {worst.words}"
    return GateBrief(state.value, words, count[State.MET] + count[State.SIGNED], count[State.NOT_MET],
                     count[State.NOT_YET], count[State.NO_DATA], count[State.MANUAL], len(gates), waiting)
