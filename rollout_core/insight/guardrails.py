"""Does it harm? Every guardrail of the plan: treatment against control, with the tolerated margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rollout_core.insight.formulas import Asked, built, why_unknown
from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.formulas_sides import compared
from rollout_core.insight.measure import by_key
from rollout_core.insight.measuring import CONTROL, TREATMENT, Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.window import window_of
from rollout_core.insight.words import difference_in_words, number
from rollout_core.metrics.catalog import CATALOG, HIGHER, Metric
from rollout_core.metrics.formula import Change, TelemetryRatio, WorstChange
from rollout_core.metrics.interval import difference
from rollout_core.metrics.measured import Measured
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Guardrail

SAFE, WATCHING, WORSE, NO_DATA = "safe", "watching", "worse", "no_data"
ALREADY_RELATIVE = (Change, WorstChange, TelemetryRatio)


@dataclass(frozen=True, slots=True)
class GuardrailsRequest:
    """Window as in MetricsRequest."""

    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GuardrailLine:
    """One guardrail. `difference` is treatment against control, relative or in the metric's unit; positive is not
    always worse: `direction` says which way is better. `state`: safe | watching | worse | no_data."""

    key: str
    name: str
    metric: str
    direction: str
    state: str
    difference: Measured
    margin: float
    relative: bool
    words: str
    judge: str = "interval"


@dataclass(frozen=True, slots=True)
class GuardrailsAnswer:
    """In the plan's order."""

    rollout: str
    guardrails: tuple[GuardrailLine, ...]
    computed_at: datetime


def answer(room: Room, request: GuardrailsRequest) -> GuardrailsAnswer:
    """Every guardrail with its ordinary 95 % interval; sequential verdicts take its place where they are wired in."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    lines = tuple(_line(measuring, guardrail) for guardrail in now_scene.plan.guardrails)
    return GuardrailsAnswer(now_scene.rollout.key, lines, now_scene.now)


def _line(measuring: Measuring, guardrail: Guardrail) -> GuardrailLine:
    metric = CATALOG[guardrail.metric]
    found = _difference(measuring, metric, relative=guardrail.relative)
    state = state_of(found, guardrail.margin, metric.direction)
    unit = "relative" if guardrail.relative else metric.unit
    tolerated = number(guardrail.margin, "share" if unit == "relative" else unit)
    words = f"{difference_in_words(found)}; tolerated {tolerated}"
    return GuardrailLine(guardrail.key, guardrail.name, guardrail.metric, metric.direction, state, found,
                         guardrail.margin, guardrail.relative, words)


def state_of(found: Measured, margin: float, direction: str) -> str:
    """Worse when the whole interval is beyond the margin in the bad direction, safe when none of it is."""
    if found.value is None or found.low is None or found.high is None:
        return NO_DATA
    low, high = (-found.high, -found.low) if direction == HIGHER else (found.low, found.high)
    if low > margin:
        return WORSE
    return SAFE if high < margin else WATCHING


def _difference(measuring: Measuring, metric: Metric, *, relative: bool) -> Measured:
    if isinstance(metric.formula, ALREADY_RELATIVE):
        return by_key(measuring, metric.key, None)
    if relative:
        return change_of(measuring, metric)
    sides = compared(measuring, Asked(metric, None))
    if sides is None:
        why = why_unknown(measuring, metric, TREATMENT, CONTROL) or "no control to compare with"
        return built(measuring, Asked(metric, None), None, 0, None, why)
    found = built(measuring, Asked(metric, None), sides.treatment.value - sides.control.value, sides.n,
                  difference(sides.treatment, sides.control))
    return replace(found, note="treatment minus control")
