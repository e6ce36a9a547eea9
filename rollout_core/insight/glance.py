"""The parts of status, overview, health and monitor that are the same: errors, adoption, score, its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollout_core.health.issue import Issue, IssueState
from rollout_core.health.score import HealthScore, health_score
from rollout_core.insight.evidence_sources import ERROR_BASES
from rollout_core.insight.measuring import MEMBERS, TREATMENT, Measuring
from rollout_core.insight.missing_data import missing_data
from rollout_core.insight.recent import STEPS, over_phase, recent
from rollout_core.insight.scene import Scene
from rollout_core.insight.status import HealthBrief, ScorePoint
from rollout_core.insight.unnamed_errors import sessions_unknown
from rollout_core.insight.verdict_words import epoch_since
from rollout_core.metrics.aggregates import NOTHING, Sums
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.interval import wilson
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.ports.event_questions import Timeline, Totals
from rollout_core.ports.event_store import EventStore

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Glance:
    """The inputs of the health score as they are now, and the score."""

    errors: Measured
    adoption: Measured
    health: HealthScore


def glance(events: EventStore, scene: Scene) -> Glance:
    """Errors of the newest stretch with enough data, adoption at the plan's age since the start, and the score."""
    errors = recent(events, scene, scene.plan.health.error_metric)
    adoption = since_start(events, scene, "adoption_rate")
    score = score_of(scene, _begun(events, scene, _awake(events, scene, errors)), _awake(events, scene, adoption),
                     scene.issues, scene.now)
    return Glance(errors, adoption, score)


def _begun(events: EventStore, scene: Scene, errors: Measured) -> Measured:
    """In the first day of an epoch none are few too, while data arrive: what cannot be there yet is not missing. With
    since when they are counted."""
    since = epoch_since(scene)
    if errors.quality not in (Quality.NO_DATA, Quality.FEW) or since is None or scene.now - since.at >= STEPS[-1]:
        return errors
    return errors if missing_data(events, scene)[0] else replace(errors, quality=Quality.FEW, note=str(since))


def _awake(events: EventStore, scene: Scene, measured: Measured) -> Measured:
    """A quiet hour of the night makes no number old; data that stopped do."""
    if measured.quality is Quality.STALE and not missing_data(events, scene)[0]:
        return replace(measured, quality=Quality.OK)
    return measured


def since_start(events: EventStore, scene: Scene, key: str) -> Measured:
    """A metric of people over everybody first exposed since the start."""
    begun = scene.rollout.started_at
    everybody = scene if begun is None else replace(scene, rollout=replace(scene.rollout, phase_entered_at=begun))
    return over_phase(events, everybody, key)


def score_of(scene: Scene, errors: Measured, adoption: Measured, issues: tuple[Issue, ...],
             at: datetime) -> HealthScore:
    """The health score at an instant."""
    started = scene.rollout.started_at
    grace_until_at = None if started is None else started + scene.plan.health.grace
    return health_score(errors, adoption, issues, scene.plan.health, grace_until_at=grace_until_at, now=at)


def history(events: EventStore, scene: Scene, window: Window, adoption: Measured) -> tuple[ScorePoint, ...]:
    """The score per bucket: 10 minutes up to a day, else hours. Errors are those of the hour that ends with the bucket,
    reaching back up to a day for the minimum sample; adoption is the present one; issues as they were open then.
    """
    width = timedelta(minutes=10) if window.until_at - window.since_at <= timedelta(days=1) else HOUR
    key = base_of(scene)
    begin = _floor(window.since_at, width)
    sums = _sums(events, scene, key, Window(begin - STEPS[-1], window.until_at), width)
    count = max(1, round((window.until_at - begin) / width))
    return tuple(_point(scene, sums, begin + place * width, width, adoption) for place in range(count))


def hourly(events: EventStore, scene: Scene, adoption: Measured) -> tuple[ScorePoint, ...]:
    """The last 24 hours by hour, for a sparkline: rollups and the live tail only."""
    key = base_of(scene)
    end = _floor(scene.now, HOUR) + HOUR
    window = Window(end - timedelta(hours=48), min(end, scene.now))
    sums = _sums(events, scene, key, window, HOUR)
    return tuple(_point(scene, sums, end - (24 - place) * HOUR, HOUR, adoption) for place in range(24))


def base_of(scene: Scene) -> str:
    """The store metric of the plan's error rate."""
    return ERROR_BASES.get(scene.plan.measurement.error_basis, "request_errors")


def brief(score: HealthScore, points: tuple[ScorePoint, ...]) -> HealthBrief:
    """The score with its change over the curve."""
    first = next((point.score for point in points if point.score is not None), None)
    return HealthBrief(score.score, score.word, score.provisional, score.inputs, score.inputs_with_data,
                       None if first is None else score.score - first, tuple(point.score for point in points),
                       score.measured)


def _sums(events: EventStore, scene: Scene, key: str, window: Window, width: timedelta) -> dict[datetime, Sums]:
    """Bucket start -> sums of the treatment arm; none where they are no errors that are known."""
    measuring = Measuring(events, scene, window)
    if width >= HOUR:
        rows = measuring.ask(Totals(window, (key,), scene.rollout.key, ("hour", "arm"))).records()
        column = "hour"
    else:
        seconds = int(width.total_seconds())
        rows = measuring.ask(Timeline(scene.rollout.key, (key,), window, seconds)).records()
        column = "at"
    found: dict[datetime, Sums] = {}
    for row in rows:
        if row["arm"] in MEMBERS[TREATMENT]:
            found[row[column]] = found.get(row[column], NOTHING) + Sums(row["n"], int(row["s"]))
    hits = any(each.s for each in found.values())
    return {} if found and not hits and sessions_unknown(measuring, key, TREATMENT) else found


def _point(scene: Scene, sums: dict[datetime, Sums], at: datetime, width: timedelta, adoption: Measured) -> ScorePoint:
    end = at + width
    if scene.rollout.started_at is None or end <= scene.rollout.started_at:
        return ScorePoint(at, None)
    trailing, reach = NOTHING, timedelta(0)
    while reach < STEPS[-1] and (reach < HOUR or trailing.n < scene.plan.measurement.minimum_sample):
        reach += width
        trailing = trailing + sums.get(end - reach, NOTHING)
    errors = _rate(scene, trailing, Window(end - reach, end))
    issues = tuple(replace(issue, state=IssueState.OPEN) for issue in scene.issues if _open_at(issue, end))
    score = score_of(scene, errors, adoption, issues, min(end, scene.now))
    return ScorePoint(at, None if errors.value is None else score.score, score.provisional)


def _rate(scene: Scene, sums: Sums, window: Window) -> Measured:
    interval = wilson(sums.s, sums.n)
    noun = scene.plan.measurement.error_basis
    if interval is None:
        return Measured("error_rate", None, None, None, 0, noun, window, TREATMENT, "share", Quality.NO_DATA)
    quality = Quality.FEW if sums.n < CATALOG["error_rate"].minimum_sample else Quality.OK
    return Measured("error_rate", sums.s / sums.n, interval.low, interval.high, sums.n, noun, window, TREATMENT,
                    "share", quality)


def _open_at(issue: Issue, at: datetime) -> bool:
    return issue.opened_at < at and (issue.state is IssueState.OPEN or issue.changed_at >= at)


def _floor(moment: datetime, width: timedelta) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // width * width
