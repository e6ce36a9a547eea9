"""Which rises of a rate a phase can find, and how soon: every guardrail and limit that is a share. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, inf

from rollout_core.analysis.detectability import Compared, Harm, part_needed
from rollout_core.insight.foresight_answer import Detects
from rollout_core.insight.verdict_words import time_in_words
from rollout_core.insight.words import number
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.formula import Percentile
from rollout_core.rollouts.phase import Comparison
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.policies import Known

PROBABILITY = 0.8


@dataclass(frozen=True, slots=True)
class Traffic:
    """A phase to come: its `share` (0..1), the `eligible` subjects, how many of them come `an_hour`, its length in
    `hours`, and those who are in or out by chance. None: not known."""

    share: float
    eligible: int | None
    an_hour: float | None
    hours: float | None
    strata: tuple[Compared, ...] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    key: str
    name: str
    metric: str
    harm: Harm


def detects_of(plan: Plan, known: Known, traffic: Traffic) -> tuple[Detects, ...]:
    """One line per guardrail whose usual rate is known, and one for the plan's limit on errors."""
    guardrails = max(len(plan.guardrails) + sum(each.kind == "metric" for each in plan.pause_conditions), 1)
    return tuple(_detects(asked, traffic, guardrails, plan.unit) for asked in _asked(plan, known))


def _asked(plan: Plan, known: Known) -> Iterator[_Asked]:
    errors = plan.health.error_metric
    usual = known.baselines.get(errors) or plan.health.error_target
    for rule in plan.guardrails:
        formula = CATALOG[rule.metric].formula
        if isinstance(formula, Percentile):
            reference = known.references.get(formula.metric)
            if reference is not None:
                base = 1.0 - formula.share
                yield _Asked(rule.key, f"{rule.name}, {rule.mde:.0%} slower", rule.metric,
                             Harm(base, min(base + reference.rise(rule.mde), 0.99)))
        elif CATALOG[rule.metric].unit == "share" and not rule.relative:
            base_known = usual if rule.metric == errors else known.baselines.get(rule.metric)
            if base_known:
                rises = CATALOG[rule.metric].direction != "higher"
                risen = base_known + (rule.mde if rises else -rule.mde)
                yield _Asked(rule.key, rule.name, rule.metric, Harm(base_known, min(max(risen, 0.001), 0.999)))
    for limit in plan.pause_conditions:
        above = limit.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)
        if limit.metric == errors and above and limit.threshold is not None and usual < limit.threshold:
            yield _Asked(limit.key, limit.name, errors, Harm(usual, limit.threshold))


def _detects(asked: _Asked, traffic: Traffic, guardrails: int, unit: str) -> Detects:
    alike = Compared(traffic.share, 1)
    one = part_needed((alike,), asked.harm, PROBABILITY, guardrails) if 0.0 < traffic.share < 1.0 else inf
    needed = ceil(one) if one < inf else 0
    hours, possible = None, None
    if traffic.strata is not None and traffic.eligible is not None:
        part = part_needed(traffic.strata, asked.harm, PROBABILITY, guardrails)
        possible = False if part > 1.0 else None
        if part <= 1.0 and traffic.an_hour:
            hours = part * traffic.eligible / traffic.an_hour
            possible = traffic.hours is None or hours <= traffic.hours
    return Detects(asked.key, asked.name, asked.metric, asked.harm.base, asked.harm.risen, hours, needed, possible,
                   _words(asked, traffic, hours, needed, unit))


def _words(asked: _Asked, traffic: Traffic, hours: float | None, needed: int, unit: str) -> str:
    change = f"{number(asked.harm.base, 'share')} to {number(asked.harm.risen, 'share')}"
    if hours is not None:
        ends = traffic.hours is not None and hours > traffic.hours
        late = f", longer than the phase ({time_in_words(traffic.hours or 0.0)})" if ends else ""
        return f"{change}: found within about {time_in_words(hours)}{late}"
    if traffic.strata is not None and not traffic.strata:
        return f"{change}: nobody to compare with"
    if traffic.eligible is None or traffic.strata is None:
        return f"{change}: not known without a register"
    compared = sum(each.eligible for each in traffic.strata)
    said = f"{change}: not to be found among the {compared:,} {unit}s that can be compared"
    return said + (f"; at {number(traffic.share, 'share')} of everybody it would take {needed:,} eligible {unit}s, "
                   f"{traffic.eligible:,} there are" if needed else "")
