"""Who uses it: adoption at fixed age, funnel, cohorts, flags used together, stickiness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from rollout_core.insight.formulas import Asked, built
from rollout_core.insight.formulas_people import active, adopters, flags_of, own_flags
from rollout_core.insight.measure import by_key, measure
from rollout_core.insight.measuring import MEMBERS, TREATMENT, Measuring
from rollout_core.insight.people import exposed_now
from rollout_core.insight.scene import scene
from rollout_core.insight.series import Mark
from rollout_core.insight.share import census_of, share_of
from rollout_core.insight.status import Share
from rollout_core.insight.timeline import changes_of
from rollout_core.insight.window import floored, window_of
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.interval import wilson
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.ports.event_questions import ActiveSubjects, ExposureCohorts, FlagMatrix, FlagsUsed
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class AdoptionRequest:
    """Window as in MetricsRequest; `flag` None: any flag of the rollout."""

    rollout: str | None = None
    window: str = "rollout"
    since_at: datetime | None = None
    until_at: datetime | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """eligible -> enabled -> exposed -> tried -> used again, without enabled once the share was reduced; `n` None: it
    cannot be counted (no register)."""

    key: str
    name: str
    n: int | None
    share_of_previous: float | None


@dataclass(frozen=True, slots=True)
class PhaseAdoption:
    """Those first exposed while a phase was in force, however often it was entered. `tried` and `used_again` at any age
    so far; `adoption` at the plan's age, so that an early phase compares with a late one."""

    key: str
    name: str
    exposed: int
    tried: int
    used_again: int
    adoption: Measured


@dataclass(frozen=True, slots=True)
class DayUse:
    """One full day (UTC): how many people used it, and how often."""

    day: date
    adopters: int
    uses: int


@dataclass(frozen=True, slots=True)
class FlagAdoption:
    """One flag's adoption at the plan's age, and its stickiness."""

    flag: str
    name: str
    tags: tuple[str, ...]
    adoption: Measured
    stickiness: Measured


@dataclass(frozen=True, slots=True)
class Cohort:
    """Subjects first exposed in one week. `shares[k]` = share that used it within k+1 weeks; None: not old enough."""

    week: date
    exposed: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class AdoptionAnswer:
    """`naive` (users over enabled now) is shown, never decides. `matrix[i][j]`: adopters using flags i and j. `phases`
    in the plan's order, those that were entered; `days` oldest first, `marks` the rollout's changes in the window."""

    rollout: str
    window: Window
    age_hours: int
    adoption: Measured
    floor: Measured
    naive: Measured
    funnel: tuple[FunnelStep, ...]
    flags: tuple[FlagAdoption, ...]
    cohorts: tuple[Cohort, ...]
    matrix_flags: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    cross_feature_use: Measured
    stickiness: Measured
    dau_wau: Measured
    engagement: Measured
    usage_growth: Measured
    social_adoption: Measured
    computed_at: datetime
    phases: tuple[PhaseAdoption, ...] = ()
    days: tuple[DayUse, ...] = ()
    marks: tuple[Mark, ...] = ()


WEEKS = 8


def answer(room: Room, request: AdoptionRequest) -> AdoptionAnswer:
    """Adoption of one rollout."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    share = share_of(now_scene, census_of(room, now_scene))
    age = now_scene.plan.measurement.adoption_age
    keys, matrix = _matrix(measuring)

    def of_flag(metric: str) -> Measured:
        return measure(measuring, Asked(CATALOG[metric], flag=request.flag))

    return AdoptionAnswer(
        now_scene.rollout.key, window, int(age.total_seconds() // 3600),
        of_flag("adoption_rate"), of_flag("adoption_floor"), _naive(measuring, share, request.flag),
        funnel_of(measuring, share, request.flag), _flags(measuring), _cohorts(measuring, request.flag), keys, matrix,
        by_key(measuring, "cross_feature_use"), of_flag("stickiness"), _dau_wau(measuring, request.flag),
        of_flag("engagement"), of_flag("usage_growth_weekly"), by_key(measuring, "social_adoption"), now_scene.now,
        _phases(measuring, request.flag), _days(measuring, request.flag),
        tuple(mark for mark in changes_of(now_scene) if window.since_at <= mark.at < window.until_at))


def _naive(measuring: Measuring, share: Share, flag: str | None) -> Measured:
    """Users so far ÷ subjects that have it now: shown, never decides. It falls when many are enrolled at once.

    After a reduction more have used it than have it now; that is no share of anything and is not shown.
    """
    rows = measuring.ask(FlagsUsed(measuring.rollout, measuring.closed,
                                   flags=flags_of(measuring.scene.plan, flag))).records()
    users = sum(row["subjects"] for row in rows)
    have = share.have or exposed_now(measuring.events, measuring.scene) or 0
    if have and users > have:
        return Measured("naive_adoption", None, None, None, have, "people", measuring.window, "treatment", "share",
                        Quality.NO_DATA, "more have used it than have it now")
    interval = wilson(users, have)
    return Measured("naive_adoption", users / have if have else None, interval.low if interval else None,
                    interval.high if interval else None, have, "people", measuring.window, "treatment", "share",
                    Quality.OK if have else Quality.NO_DATA, "shown only; falls whenever many are enrolled at once")


def funnel_of(measuring: Measuring, share: Share, flag: str | None) -> tuple[FunnelStep, ...]:
    """Of one flag: exposed to that flag, tried that flag. Each step is a part of the one before: after a reduction some
    of those exposed no longer have it, and who has it now is no step."""
    used = _used(measuring, flag)
    reduced = any(_lowered(earlier.thresholds, later.thresholds) for earlier, later in pairwise(measuring.scene.epochs))
    counts = [("eligible", "Eligible", share.eligible), ("enabled", "Enabled", share.have),
              ("exposed", "Exposed", sum(row["exposed"] for row in adopters(measuring, NO_AGE, flag))),
              ("tried", "Tried", sum(row["tried"] for row in used)),
              ("used_again", "Used again", sum(row["used_again"] for row in used))]
    if reduced:
        del counts[1]
    before: list[int | None] = [None, *(count for _, _, count in counts)]
    return tuple(FunnelStep(key, name, n, n / earlier if n is not None and earlier and n <= earlier else None)
                 for (key, name, n), earlier in zip(counts, before, strict=False))


def _lowered(earlier: Mapping[str, int], later: Mapping[str, int]) -> bool:
    return any(later.get(audience, 0) < threshold for audience, threshold in earlier.items())


NO_AGE = timedelta(0)


def _used(measuring: Measuring, flag: str | None) -> list[dict[str, Any]]:
    """Tried and used again at any age so far, of those exposed in the window."""
    longest = floored(measuring.scene.now) - measuring.window.since_at
    return adopters(measuring, NO_AGE, flag, within=longest)


def _phases(measuring: Measuring, flag: str | None) -> tuple[PhaseAdoption, ...]:
    """The rows of the funnel and of adoption by the phase of their epoch: no question more."""
    phase_of = {epoch.number: epoch.phase for epoch in measuring.scene.epochs}
    known = (adopters(measuring, NO_AGE, flag), _used(measuring, flag),
             adopters(measuring, measuring.scene.plan.measurement.adoption_age, flag, again=False))
    found = []
    for phase in measuring.scene.plan.phases:
        entered, used, aged = ([row for row in rows if phase_of.get(row["epoch"]) == phase.key] for rows in known)
        exposed = sum(row["exposed"] for row in entered)
        if exposed:
            found.append(PhaseAdoption(phase.key, phase.name, exposed, sum(row["tried"] for row in used),
                                       sum(row["used_again"] for row in used), _at_age(measuring, aged)))
    return tuple(found)


def _at_age(measuring: Measuring, rows: list[dict[str, Any]]) -> Measured:
    exposed, tried = sum(row["exposed"] for row in rows), sum(row["tried"] for row in rows)
    return built(measuring, Asked(CATALOG["adoption_rate"]), tried / exposed if exposed else None, exposed,
                 wilson(tried, exposed), "" if exposed else "nobody is old enough yet")


def _days(measuring: Measuring, flag: str | None) -> tuple[DayUse, ...]:
    """Full days only: a day that goes on would look like a fall."""
    today = measuring.scene.now.date()
    found: dict[date, tuple[int, int]] = {}
    question = ActiveSubjects(measuring.rollout, measuring.closed, ("feature_use",),
                              whats=flags_of(measuring.scene.plan, flag))
    for row in measuring.ask(question).records():
        if row["arm"] in MEMBERS[TREATMENT] and row["day"] < today:
            people, uses = found.get(row["day"], (0, 0))
            found[row["day"]] = (people + int(row["subjects"]), uses + int(row["n"]))
    return tuple(DayUse(day, *counted) for day, counted in sorted(found.items()))


def _flags(measuring: Measuring) -> tuple[FlagAdoption, ...]:
    return tuple(FlagAdoption(flag.key, flag.name, flag.tags,
                              measure(measuring, Asked(CATALOG["adoption_rate"], flag=flag.key)),
                              measure(measuring, Asked(CATALOG["stickiness"], flag=flag.key)))
                 for flag in measuring.scene.plan.flags if flag.key in measuring.scene.rollout.served)


def _cohorts(measuring: Measuring, flag: str | None) -> tuple[Cohort, ...]:
    now = floored(measuring.scene.now)
    rows = measuring.ask(ExposureCohorts(measuring.rollout, measuring.closed, now, WEEKS, flag=flag,
                                         flags=own_flags(measuring.scene.plan))).records()
    weeks: dict[date, dict[int, tuple[int, int]]] = {}
    for row in rows:
        weeks.setdefault(row["week"], {})[row["weeks"]] = (row["exposed"], row["tried"])
    return tuple(Cohort(week, next(iter(found.values()))[0],
                        tuple(found[k][1] / found[k][0] if k in found else None for k in range(1, WEEKS + 1)))
                 for week, found in sorted(weeks.items()))


def _matrix(measuring: Measuring) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    flags = own_flags(measuring.scene.plan)
    rows = measuring.ask(FlagMatrix(measuring.rollout, measuring.closed, flags=flags)).records()
    pairs = {(row["flag_a"], row["flag_b"]): int(row["subjects"]) for row in rows}
    used = tuple(flag for flag in flags if (flag, flag) in pairs)
    return used, tuple(tuple(pairs.get((one, other), 0) for other in used) for one in used)


def _dau_wau(measuring: Measuring, flag: str | None) -> Measured:
    """Mean daily adopters ÷ adopters of the week, over the last 7 full days."""
    midnight = measuring.window.until_at.replace(hour=0, minute=0, second=0, microsecond=0)
    week = measuring.over(Window(midnight - timedelta(days=7), midnight))
    flags = flags_of(week.scene.plan, flag)
    days = active(week, ("feature_use",), "treatment", flags).n
    rows = week.ask(FlagsUsed(week.rollout, week.closed, flags=flags)).records()
    weekly = sum(row["subjects"] for row in rows)
    interval = wilson(days, 7 * weekly)
    return Measured("dau_wau", days / 7 / weekly if weekly else None, interval.low if interval else None,
                    interval.high if interval else None, weekly, "adopters", week.window, "treatment", "share",
                    Quality.OK if weekly else Quality.NO_DATA)
