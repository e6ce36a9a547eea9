"""Formulas that count people: adoption at fixed age, stickiness, retention, engagement, growth, satisfaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from rollout_core.insight.formulas import Asked, built, scaled
from rollout_core.insight.measuring import MEMBERS, TREATMENT, Measuring, Stratum
from rollout_core.insight.scene import Scene
from rollout_core.insight.window import floored
from rollout_core.metrics import formula as f
from rollout_core.metrics.aggregates import Sums, merged
from rollout_core.metrics.interval import Z95, Estimate, Interval, mean_interval, relative_change, wilson
from rollout_core.metrics.measured import Measured, Window
from rollout_core.metrics.nps import net_promoter_score
from rollout_core.ports.event_questions import (
    ActiveSubjects,
    AdoptionAtAge,
    FlagsUsed,
    Ratings,
    Retention,
    Totals,
)
from rollout_core.rollouts.plan import Plan

ONLY_TREATMENT = "only those who have the feature can use it"
ONE_TO_FIVE = (1_000_000, 5_000_000)


def adoption(measuring: Measuring, asked: Asked, form: f.Adoption) -> Measured:
    """Tried within the age ÷ exposed at least that long ago, of those first exposed in the window."""
    if asked.arm != TREATMENT:
        return built(measuring, asked, None, 0, None, ONLY_TREATMENT)
    rules = measuring.scene.plan.measurement
    age = asked.age or (rules.adoption_floor_age if form.floor else rules.adoption_age)
    rows = adopters(measuring, age, asked.flag, form.tag or asked.tag, again=False)
    exposed, tried = sum(row["exposed"] for row in rows), sum(row["tried"] for row in rows)
    note = "" if exposed else f"nobody was exposed {_days(age)} ago or longer"
    return built(measuring, asked, tried / exposed if exposed else None, exposed, wilson(tried, exposed), note)


def stickiness(measuring: Measuring, asked: Asked, form: f.Stickiness) -> Measured:
    """Adopters who came back to it on a later day within 7 days ÷ adopters whose 7 days are over."""
    if asked.arm != TREATMENT:
        return built(measuring, asked, None, 0, None, ONLY_TREATMENT)
    age = measuring.scene.plan.measurement.adoption_age
    rows = adopters(measuring, age + timedelta(days=7), asked.flag, asked.tag, within=age)
    tried, again = sum(row["tried"] for row in rows), sum(row["used_again"] for row in rows)
    note = "" if tried else f"nobody exposed {_days(age + timedelta(days=7))} ago or longer has used it"
    return built(measuring, asked, again / tried if tried else None, tried, wilson(again, tried), note)


def adopters(measuring: Measuring, age: timedelta, flag: str | None = None, tag: str | None = None, *,
             within: timedelta | None = None, again: bool = True) -> list[dict[str, Any]]:
    """Rows of AdoptionAtAge for the treatment arm. `within`: the use must come within this age, if not within `age`;
    `again` False: whether they came back is not asked."""
    window, now = measuring.closed, floored(measuring.scene.now)
    counted = within or age
    until_at = min(window.until_at, now - (age - counted)) if within else window.until_at
    flags = flags_of(measuring.scene.plan, None, tag)
    since_at = window.since_at if tag is None else served_since(measuring.scene, flags, window.since_at)
    if since_at is None or until_at <= since_at:
        return []
    question = AdoptionAtAge(measuring.rollout, Window(since_at, until_at), now - (age - counted),
                             int(counted.total_seconds() // 3600), flag=flag, flags=flags,
                             again_days=7 if again else 0)
    return [row for row in measuring.ask(question).records() if row["arm"] in MEMBERS[TREATMENT]]


def served_since(scene: Scene, flags: Iterable[str], begin_at: datetime) -> datetime | None:
    """From when on somebody could use one of these flags, `begin_at` at the earliest; None while nobody can.

    Who came before they were served could not use them within the age: counting those would prove a new feature unused
    in the second in which it is switched on.
    """
    served = [epoch.began_at for epoch in scene.epochs if not epoch.served.isdisjoint(flags)]
    return max(min(served), begin_at) if served else None


def own_flags(plan: Plan) -> tuple[str, ...]:
    """Keys of the plan's flags: another rollout of the same unit has others."""
    return tuple(flag.key for flag in plan.flags)


def flags_of(plan: Plan, flag: str | None, tag: str | None = None) -> tuple[str, ...]:
    """That flag, else those of the plan with the tag, else all of the plan's."""
    if flag is not None:
        return (flag,)
    return own_flags(plan) if tag is None else tuple(each.key for each in plan.flags if tag in each.tags)


def cross_feature(measuring: Measuring, asked: Asked, form: f.CrossFeature) -> Measured:
    """Adopters of two flags or more ÷ adopters."""
    if asked.arm != TREATMENT:
        return built(measuring, asked, None, 0, None, ONLY_TREATMENT)
    rows = measuring.ask(FlagsUsed(measuring.rollout, measuring.closed,
                                   flags=own_flags(measuring.scene.plan))).records()
    everyone = sum(row["subjects"] for row in rows)
    several = sum(row["subjects"] for row in rows if row["flags"] > 1)
    return built(measuring, asked, several / everyone if everyone else None, everyone, wilson(several, everyone))


def engagement(measuring: Measuring, asked: Asked, form: f.Engagement) -> Measured:
    """Minutes of feature use per adopter and active day."""
    if asked.arm != TREATMENT:
        return built(measuring, asked, None, 0, None, ONLY_TREATMENT)
    sums = active(measuring, ("feature_use",), asked.arm, flags_of(measuring.scene.plan, asked.flag))
    if sums.mean is None or sums.s == 0:
        return built(measuring, asked, None, 0, None, "uses were sent without a duration" if sums.n else "")
    return built(measuring, asked, sums.mean / 60e6, sums.n, scaled(mean_interval(sums), 60e6))


def active(measuring: Measuring, kinds: tuple[str, ...], arm: str | None, whats: tuple[str, ...] = ()) -> Sums:
    """Subject-days (n) with the sum and the sum of squares of what was done on them; `whats` as in ActiveSubjects."""
    rows = measuring.ask(ActiveSubjects(measuring.rollout, measuring.closed, kinds, whats=whats)).records()
    return merged(Sums(row["subjects"], int(row["x"]), int(row["xx"])) for row in rows if row["arm"] in MEMBERS[arm])


def weekly_growth(measuring: Measuring, asked: Asked, form: f.WeeklyGrowth) -> Measured:
    """Uses of the last 7 full days over those of the 7 before, minus 1; the interval treats uses as counts."""
    midnight = measuring.window.until_at.replace(hour=0, minute=0, second=0, microsecond=0)
    flags = flags_of(measuring.scene.plan, asked.flag, form.tag)
    week = timedelta(days=7)
    last = _uses(measuring, Window(midnight - week, midnight), asked.arm, flags)
    before = _uses(measuring, Window(midnight - 2 * week, midnight - week), asked.arm, flags)
    if before == 0:
        return built(measuring, asked, None, last, None, "no use in the week before")
    interval = relative_change(Estimate(last, sqrt(last)), Estimate(before, sqrt(before))) if last else None
    return built(measuring, asked, last / before - 1, last + before, interval)


def _uses(measuring: Measuring, window: Window, arm: str | None, flags: Iterable[str]) -> int:
    question = Totals(window, ("feature_use",), measuring.rollout, ("metric", "arm", "flag"), live=measuring.live)
    wanted = frozenset(flags)
    return sum(row["n"] for row in measuring.ask(question).records()
               if row["arm"] in MEMBERS[arm] and row["flag"] in wanted)


def retention(measuring: Measuring, asked: Asked, form: f.RetentionOn) -> Measured:
    """Active on (or within) day N ÷ those whose day N is over; the others are right-censored and not counted."""
    rows = [row for row in retained(measuring, (form.day,), within=form.within) if row["arm"] in MEMBERS[asked.arm]]
    at_risk, kept = sum(row["at_risk"] for row in rows), sum(row["active"] for row in rows)
    note = "" if at_risk else f"nobody's day {form.day} is over yet"
    return built(measuring, asked, kept / at_risk if at_risk else None, at_risk, wilson(kept, at_risk), note)


def retained(measuring: Measuring, days: tuple[int, ...], *, within: bool = False) -> list[dict[str, Any]]:
    """Rows of Retention for those first exposed in the window."""
    return measuring.ask(Retention(measuring.closed, floored(measuring.scene.now), rollout=measuring.rollout, days=days,
                                   within=within)).records()


def satisfaction(measuring: Measuring, asked: Asked, form: f.Satisfaction) -> Measured:
    """Mean score brought to 1..5: 1 + 4·(k - low)/(high - low); Student's interval."""
    sums = merged(on_five(row) for row in ratings(measuring, "satisfaction", asked.arm))
    if sums.mean is None:
        return built(measuring, asked, None, 0, None)
    return built(measuring, asked, sums.mean / 1e6, sums.n, scaled(mean_interval(sums), 1e6))


def ratings(measuring: Measuring, metric: str, arm: str | None) -> list[dict[str, Any]]:
    """Counts of scores: rows with low, high (millionths), k (whole points) and n."""
    rows = measuring.ask(Ratings(measuring.window, metric, measuring.rollout, live=measuring.live)).records()
    return [row for row in rows if row["arm"] in MEMBERS[arm]]


def rating_strata(measuring: Measuring, metric: str) -> dict[Stratum, list[dict[str, Any]]]:
    """The rows of `ratings` by arm, epoch and inclusion."""
    question = Ratings(measuring.window, metric, measuring.rollout, ("arm", "epoch", "inclusion"), measuring.live)
    found: dict[Stratum, list[dict[str, Any]]] = {}
    for row in measuring.ask(question).records():
        found.setdefault(Stratum(row["arm"], row["epoch"], row["inclusion"]), []).append(row)
    return found


def on_five(row: dict[str, Any]) -> Sums:
    """The answers of one score, brought to 1..5, in millionths."""
    score = ONE_TO_FIVE[0] + round((ONE_TO_FIVE[1] - ONE_TO_FIVE[0]) * place_on_scale(row))
    return Sums(row["n"], score * row["n"], score * score * row["n"])


def place_on_scale(row: dict[str, Any]) -> float:
    """Where a score stands between the ends of its scale, 0..1."""
    return float((row["k"] * 1_000_000 - row["low"]) / (row["high"] - row["low"]))


def on_ten(rows: Iterable[dict[str, Any]]) -> dict[int, int]:
    """Scores brought to 0..10 -> answers."""
    counts: dict[int, int] = {}
    for row in rows:
        score = round(place_on_scale(row) * 10)
        counts[score] = counts.get(score, 0) + row["n"]
    return counts


def promoters(measuring: Measuring, asked: Asked, form: f.PromoterScore) -> Measured:
    """Net promoter score with a normal interval."""
    counts = on_ten(ratings(measuring, "nps", asked.arm))
    found = net_promoter_score(counts)
    if found is None:
        return built(measuring, asked, None, 0, None)
    half = Z95 * found.error
    interval = Interval(max(-100.0, found.value - half), min(100.0, found.value + half))
    return built(measuring, asked, found.value, sum(counts.values()), interval)


def per_active(measuring: Measuring, asked: Asked, form: f.PerActive) -> Measured:
    """Events (or their sum) per active subject-day; counts as Poisson, sums by their own spread."""
    days = active(measuring, ("session",), asked.arm).n
    sums = measuring.sums(form.metric, asked.arm)
    if days == 0:
        return built(measuring, asked, None, 0, None, "nobody was active")
    total, error = (sums.s / form.per, sqrt(sums.ss) / form.per) if form.per else (float(sums.n), sqrt(sums.n))
    interval = Interval(max(0.0, (total - Z95 * error) / days), (total + Z95 * error) / days)
    return built(measuring, asked, total / days, days, interval)


def _days(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 48 else f"{hours} h"
