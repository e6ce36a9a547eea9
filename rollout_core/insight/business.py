"""What it does for the business: retention, sessions, tasks, satisfaction, conversion, support."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from rollout_core.insight.formulas_people import place_on_scale, ratings, retained
from rollout_core.insight.formulas_sides import retained_pairs
from rollout_core.insight.measuring import MEMBERS, Measuring
from rollout_core.insight.metrics import MetricRow, has_sums, metric_row
from rollout_core.insight.scene import scene
from rollout_core.insight.window import window_of
from rollout_core.metrics.catalog import METRICS
from rollout_core.metrics.interval import Z95, Estimate, wilson
from rollout_core.metrics.measured import Window
from rollout_core.metrics.stratified import combined
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class BusinessRequest:
    """Window as in MetricsRequest."""

    rollout: str | None = None
    window: str = "rollout"
    since_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetentionPoint:
    """Share active on day `day` after their first day, of those old enough (`n`), with its 95 % interval. Younger ones
    are right-censored: they count for the days that are over for them. Both arms like with like, as the table compares
    them; where nobody can be compared on any day, everybody of each arm."""

    day: int
    treatment: float | None
    treatment_n: int
    control: float | None
    control_n: int
    treatment_ends: tuple[float, float] | None = None
    control_ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """How many answers gave one score, by arm."""

    score: int
    treatment: int
    control: int


@dataclass(frozen=True, slots=True)
class BusinessAnswer:
    """`rows` are the catalogue's business metrics. `alike`: `retention` compares like with like."""

    rollout: str
    window: Window
    rows: tuple[MetricRow, ...]
    retention: tuple[RetentionPoint, ...]
    scores: tuple[ScoreCount, ...]
    first_day: date | None
    computed_at: datetime
    alike: bool = False


DAYS = (*range(1, 15), 21, 28, 30)


def answer(room: Room, request: BusinessRequest) -> BusinessAnswer:
    """Business metrics of one rollout."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    measuring.prefetch(str(getattr(metric.formula, "metric", "")) for metric in METRICS
                       if metric.group == "business" and has_sums(metric))
    begun, alike = now_scene.rollout.started_at, _alike(measuring)
    return BusinessAnswer(
        now_scene.rollout.key, window,
        tuple(metric_row(measuring, metric) for metric in METRICS if metric.group == "business"),
        alike or _retention(measuring), _scores(measuring), begun.date() if begun else None, now_scene.now, bool(alike))


def _alike(measuring: Measuring) -> tuple[RetentionPoint, ...]:
    """The days on which the arms can be compared, over the same mix of strata."""
    days = ((day, combined(retained_pairs(measuring, day, among=DAYS))) for day in DAYS)
    return tuple(RetentionPoint(day, each.treatment.value, each.treated, each.control.value, each.controlled,
                                _ends(each.treatment), _ends(each.control)) for day, each in days if each is not None)


def _ends(share: Estimate) -> tuple[float, float]:
    half = Z95 * share.error
    return max(share.value - half, 0.0), min(share.value + half, 1.0)


def _retention(measuring: Measuring) -> tuple[RetentionPoint, ...]:
    """Only days that are over for somebody in either arm."""
    counts: dict[tuple[int, str], tuple[int, int]] = {}
    for row in retained(measuring, DAYS):
        for arm in ("treatment", "control"):
            if row["arm"] in MEMBERS[arm]:
                at_risk, kept = counts.get((row["day_n"], arm), (0, 0))
                counts[row["day_n"], arm] = (at_risk + row["at_risk"], kept + row["active"])
    return tuple(_point(day, *(counts.get((day, arm), (0, 0)) for arm in ("treatment", "control")))
                 for day in DAYS if (day, "treatment") in counts or (day, "control") in counts)


def _point(day: int, treatment: tuple[int, int], control: tuple[int, int]) -> RetentionPoint:
    """From (at risk, active) of both arms."""
    shares = [kept / at_risk if at_risk else None for at_risk, kept in (treatment, control)]
    ends = [(found.low, found.high) if (found := wilson(kept, at_risk)) is not None else None
            for at_risk, kept in (treatment, control)]
    return RetentionPoint(day, shares[0], treatment[0], shares[1], control[0], ends[0], ends[1])


def _scores(measuring: Measuring) -> tuple[ScoreCount, ...]:
    """Answers per score, brought to 1..5."""
    counts: dict[int, dict[str, int]] = {score: {"treatment": 0, "control": 0} for score in range(1, 6)}
    for arm in ("treatment", "control"):
        for row in ratings(measuring, "satisfaction", arm):
            counts[1 + round(4 * place_on_scale(row))][arm] += row["n"]
    return tuple(ScoreCount(score, by_arm["treatment"], by_arm["control"]) for score, by_arm in counts.items())
