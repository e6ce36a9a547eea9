"""The two sides of a comparison: which rollout, window, arm and part each is of, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_core.errors import InvalidRequest
from rollout_core.insight.compare import CompareRequest
from rollout_core.insight.compare_parts import part_in_words
from rollout_core.insight.measuring import CONTROL, EVERYBODY, TREATMENT, Measuring
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.timeline import steps
from rollout_core.insight.window import window_of
from rollout_core.metrics.measured import Window
from rollout_core.ports.room import Room
from rollout_core.rollouts.rollout import Epoch

ARMS = {"treatment": TREATMENT, "control": CONTROL, "everybody": EVERYBODY}


@dataclass(frozen=True, slots=True)
class Facing:
    """One side before it is measured: `arm` as measured (None: everybody), `part` as "device:phone" or ""."""

    key: str
    label: str
    measuring: Measuring
    arm: str | None
    part: str = ""


def sides_of(room: Room, here: Scene, request: CompareRequest, segments: tuple[str, ...]) -> tuple[Facing, Facing]:
    """Both sides. Raises InvalidRequest for a side that does not exist, RolloutNotFound."""
    if request.arm not in ARMS:
        raise InvalidRequest(f"{request.arm!r} is no arm.", mend=f"Use one of {', '.join(ARMS)}.")
    make = {"arms": _arms, "periods": _periods, "phases": _phases, "plans": _plans}
    if request.across == "segments":
        return _segments(room, here, request, segments)
    return make[request.across](room, here, request)


def _own_window(here: Scene, request: CompareRequest) -> Window:
    return window_of(request.window, here.rollout, here.now, request.since_at, request.until_at)


def _arms(room: Room, here: Scene, request: CompareRequest) -> tuple[Facing, Facing]:
    measuring = Measuring(room.events, here, _own_window(here, request))
    return (Facing("treatment", "treatment", measuring, TREATMENT), Facing("control", "control", measuring, CONTROL))


def _periods(room: Room, here: Scene, request: CompareRequest) -> tuple[Facing, Facing]:
    now = _own_window(here, request)
    then_until = request.then_until_at or now.since_at
    then = Window(request.then_since_at or then_until - (now.until_at - now.since_at), then_until)
    if then.since_at >= then.until_at:
        raise InvalidRequest("The second period ends before it begins.", mend="Swap its two days.")
    arm = ARMS[request.arm]
    before = "the stretch before" if request.then_until_at is None else "the second period"
    return (Facing("first", "this period", Measuring(room.events, here, now), arm),
            Facing("second", before, Measuring(room.events, here, then), arm))


def _phases(room: Room, here: Scene, request: CompareRequest) -> tuple[Facing, Facing]:
    entered = [step for step in steps(here) if step.entered_at is not None]
    if len(entered) < 2 and not (request.first and request.second):
        raise InvalidRequest("Only one phase has been entered so far.", mend="Compare periods instead.")
    first = request.first or entered[-1].key
    second = request.second or next(step.key for step in reversed(entered) if step.key != first)
    names = {step.key: f"phase {step.number}, {step.name}" for step in entered}
    return _phase(room, here, first, names, request), _phase(room, here, second, names, request)


def _phase(room: Room, here: Scene, key: str, names: dict[str, str], request: CompareRequest) -> Facing:
    if key not in names:
        raise InvalidRequest(f"Phase {key!r} was not entered.", mend=f"Entered were {', '.join(names) or 'none'}.")
    window = last_stay(here.epochs, key, here.now)
    return Facing(key, names[key], Measuring(room.events, here, window), ARMS[request.arm])


def last_stay(epochs: Sequence[Epoch], phase: str, now: datetime) -> Window:
    """The last time a phase was in force without a break: two phases never overlap. Raises InvalidRequest."""
    places = [place for place, epoch in enumerate(epochs) if epoch.phase == phase]
    if not places:
        raise InvalidRequest(f"Phase {phase!r} was not entered.", mend="Compare phases that were.")
    first = last = places[-1]
    while first > 0 and epochs[first - 1].phase == phase:
        first -= 1
    return Window(epochs[first].began_at, epochs[last + 1].began_at if last + 1 < len(epochs) else now)


def _plans(room: Room, here: Scene, request: CompareRequest) -> tuple[Facing, Facing]:
    with room.control.read() as unit:
        keys = [each.key for each in unit.rollouts.all()]
    first = request.first or here.rollout.key
    second = request.second or next((key for key in keys if key != first), first)
    return _plan(room, first, request), _plan(room, second, request)


def _plan(room: Room, key: str, request: CompareRequest) -> Facing:
    there = scene(room, key)
    return Facing(key, f"{there.rollout.name} (plan version {there.plan.version})",
                  Measuring(room.events, there, _own_window(there, request)), ARMS[request.arm])


def _segments(room: Room, here: Scene, request: CompareRequest, known: tuple[str, ...]) -> tuple[Facing, Facing]:
    first = request.first or next(iter(known), "")
    kind = first.partition(":")[0]
    alike = [each for each in known if each != first and each.partition(":")[0] == kind]
    second = request.second or next(iter(alike), "")
    if not first or not second:
        raise InvalidRequest("This metric has no two segments with data in this window.",
                             mend="Choose a longer time, another metric, or compare arms.")
    measuring = Measuring(room.events, here, _own_window(here, request))
    return (_segment(measuring, first, request), _segment(measuring, second, request))


def _segment(measuring: Measuring, part: str, request: CompareRequest) -> Facing:
    column, _, value = part.partition(":")
    return Facing(part, part_in_words(measuring, column, value), measuring, ARMS[request.arm], part)
