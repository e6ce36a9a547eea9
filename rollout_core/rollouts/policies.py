"""A plan's guardrails, pause conditions and criteria as the analysis judges them. Pure; numbers come from the plan.

Rules that compare percentiles are put as shares above a frozen reference. A rule that cannot be put (no reference yet,
no baseline for a relative margin) is left in with what is missing, so that it shows as "no data", never as fine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rollout_core.analysis.policy import (
    DifferenceGuardrail,
    Direction,
    ImprovementCriterion,
    LimitGuardrail,
    ManualCriterion,
    Policy,
    TargetCriterion,
)
from rollout_core.analysis.references import Reference
from rollout_core.metrics.catalog import CATALOG, HIGHER
from rollout_core.metrics.formula import (
    Adoption,
    Availability,
    Change,
    Mean,
    PerActive,
    Percentile,
    Proportion,
    RetentionOn,
    Satisfaction,
    TelemetryRatio,
    WorstChange,
)
from rollout_core.rollouts.phase import Comparison, Criterion
from rollout_core.rollouts.plan import AlertRule, Guardrail, PauseCondition, Plan, Rung

WANTS_MORE = (Comparison.ABOVE, Comparison.AT_LEAST)
PROVABLE = (Proportion, Mean, PerActive, Percentile, Adoption, RetentionOn, Satisfaction, Availability,
            TelemetryRatio)
"""Formulas that a sequential test can judge; the rest (growth, counts, procedures) are facts read off directly."""

MDE_OF_UNIT = {"share": 0.25, "score": 0.03, "rating": 0.05, "ms": 0.1, "minutes": 0.1, "number": 0.25}
"""Distance from a target worth finding, as a part of the target, by the metric's unit; shares at least 1 point."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was fixed before the data: references by store metric, usual values by metric, signatures by criterion."""

    references: Mapping[str, Reference] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    signed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """A policy with the way back: which rung each acting rule asks for, and in whose name."""

    policy: Policy
    rungs: Mapping[str, Rung]
    names: Mapping[str, str]
    criterion_names: Mapping[str, str] = field(default_factory=dict)


def far(metric: str, relative: float) -> str:
    """The evidence key of "metric worse than control by more than this": `lcp_p75@300` for 30 %."""
    return f"{metric}@{round(relative * 1000)}"


def beyond(metric: str, stored: float) -> str:
    """The evidence key of "share of values above a fixed limit": `api_response_p95#500000` for 500 ms."""
    return f"{metric}#{round(stored)}"


def asked_of(plan: Plan, phase: str | None, percentage: int, known: Known, phase_epoch: int = 1) -> Asked:
    """Everything that is judged while `phase` is served at `percentage` buckets.

    `phase_epoch`: the ordinal of the epoch with which the phase began; what subjects do at an age counts from the
    version's start all the same.
    """
    guards = [(rule.key, _difference(rule, known), rule.rung, rule.name) for rule in plan.guardrails
              if isinstance(CATALOG[rule.metric].formula, PROVABLE)]
    limits: list[tuple[str, LimitGuardrail, Rung, str]] = []
    for condition in plan.pause_conditions:
        if condition.kind == "metric" and condition.decide == "evidence" and _applies(condition, percentage):
            formula = CATALOG[condition.metric or ""].formula
            if isinstance(formula, WorstChange):
                guards += [(rule.key, rule, condition.rung, f"{condition.name}: {CATALOG[metric].name}")
                           for metric, rule in _degradation(condition, formula, known)]
            elif isinstance(formula, PROVABLE):
                [key] = judged_as(plan, condition)
                limits.append((key, _limit(key, condition), condition.rung, condition.name))
    criteria = plan.phase(phase).criteria if phase else ()
    policy = Policy(
        guardrails=tuple(rule for _, rule, _, _ in guards), limits=tuple(rule for _, rule, _, _ in limits),
        targets=tuple(_targets(criteria, phase_epoch)), improvements=tuple(_improvements(criteria, known)),
        manual=tuple(ManualCriterion(each.key, each.key in known.signed) for each in criteria if each.manual),
        alpha_pause=plan.autopilot.error_budget,
        watched=tuple(replace(_limit(watched(rule), rule), acts=False) for rule in plan.alerts
                      if rule.kind == "metric" and _applies(rule, percentage) and limit_judges(rule.metric, rule.tag)))
    every = [*guards, *limits]
    return Asked(policy, {key: rung for key, _, rung, _ in every}, {key: name for key, _, _, name in every},
                 {each.key: each.name for each in criteria})


def metrics_of(policy: Policy) -> tuple[str, ...]:
    """The evidence keys that the policy needs, each once."""
    against = [rule.metric for rule in policy.guardrails] + [rule.metric for rule in policy.limits]
    proven = [rule.metric for rule in policy.targets] + [rule.metric for rule in policy.improvements]
    return tuple(dict.fromkeys(against + proven + [rule.metric for rule in policy.watched]))


def judged_as(plan: Plan, condition: PauseCondition) -> tuple[str, ...]:
    """The keys of the verdicts that answer a pause condition: one per percentile of a degradation, else one. A
    guardrail may have the condition's key; what is proven of one is not proven of the other."""
    formula = CATALOG[condition.metric].formula if condition.metric else None
    if isinstance(formula, WorstChange):
        return tuple(f"{condition.key}:{metric}" for metric in formula.of)
    taken = any(rule.key == condition.key for rule in plan.guardrails)
    return (f"{condition.key}:limit" if taken else condition.key,)


def watched(rule: AlertRule) -> str:
    """The key under which an alert's limit is judged."""
    return f"alert:{rule.key}"


def limit_judges(metric: str | None, tag: str | None) -> bool:
    """True when a sequential test can hold this metric against a limit: counted for the whole plan, not for a tag."""
    return metric is not None and tag is None and isinstance(CATALOG[metric].formula, PROVABLE)


def _applies(condition: PauseCondition | AlertRule, percentage: int) -> bool:
    return condition.while_percentage_above is None or percentage > condition.while_percentage_above


def _worse(metric: str) -> Direction:
    return Direction.LOWER if CATALOG[metric].direction == HIGHER else Direction.HIGHER


def _difference(rule: Guardrail, known: Known) -> DifferenceGuardrail:
    formula = CATALOG[rule.metric].formula
    mde, margin, baseline = rule.mde, rule.margin, known.baselines.get(rule.metric)
    if isinstance(formula, Percentile):
        reference = known.references.get(formula.metric)
        mde, margin = (reference.rise(rule.mde), reference.rise(rule.margin)) if reference else (rule.mde, rule.margin)
        return DifferenceGuardrail(rule.key, rule.metric, mde, Direction.HIGHER, margin=margin,
                                   baseline=1.0 - formula.share)
    if rule.relative:
        # Without a usual value a relative margin means nothing yet: only "not worse at all" is then called safe.
        mde, margin = (rule.mde * baseline, rule.margin * baseline) if baseline else (rule.mde, 0.0)
    share = baseline if CATALOG[rule.metric].unit == "share" else None
    return DifferenceGuardrail(rule.key, rule.metric, mde, _worse(rule.metric), margin=margin, baseline=share)


def _degradation(condition: PauseCondition, formula: WorstChange,
                 known: Known) -> Iterator[tuple[str, DifferenceGuardrail]]:
    """(metric, rule) per percentile: treatment's share above (1 + threshold)·reference against control's above it."""
    threshold = condition.threshold or 0.0
    for metric in formula.of:
        percentile = CATALOG[metric].formula
        if isinstance(percentile, Percentile):
            reference = known.references.get(percentile.metric)
            mde = reference.rise(0.15) if reference else 0.05
            yield metric, DifferenceGuardrail(f"{condition.key}:{metric}", far(metric, threshold), mde,
                                              Direction.HIGHER, baseline=1.0 - percentile.share)


def _limit(key: str, rule: PauseCondition | AlertRule) -> LimitGuardrail:
    """A limit of treatment's own value. Adoption below a floor is judged at the floor's short age."""
    worse = Direction.HIGHER if rule.comparison in WANTS_MORE else Direction.LOWER
    name = rule.metric or ""
    if name == "adoption_rate" and worse is Direction.LOWER:
        name = "adoption_floor"
    metric, limit = _counted(name, rule.threshold or 0.0)
    return LimitGuardrail(key, metric, limit, _mde(name, limit), worse)


def _targets(criteria: tuple[Criterion, ...], phase_epoch: int) -> Iterator[TargetCriterion]:
    for each in criteria:
        own_tag = getattr(CATALOG[each.metric].formula, "tag", None) if each.metric else None
        if each.metric and each.target is not None and limit_judges(each.metric, each.tag if own_tag is None else None):
            better = Direction.HIGHER if each.comparison in WANTS_MORE else Direction.LOWER
            metric, target = _counted(each.metric, each.target)
            at_an_age = isinstance(CATALOG[each.metric].formula, (Adoption, RetentionOn))
            yield TargetCriterion(each.key, metric, target, _mde(each.metric, target), better,
                                  1 if at_an_age else phase_epoch)


def _counted(metric: str, limit: float) -> tuple[str, float]:
    """The evidence key and the limit on its scale: a percentile's is the share of values above it."""
    formula = CATALOG[metric].formula
    if isinstance(formula, Percentile):
        return beyond(metric, limit * formula.per), 1.0 - formula.share
    return metric, limit


def _improvements(criteria: tuple[Criterion, ...], known: Known) -> Iterator[ImprovementCriterion]:
    for each in criteria:
        formula = CATALOG[each.metric].formula if each.metric else None
        if not isinstance(formula, Change) or each.target is None:
            continue
        better = Direction.HIGHER if each.comparison in WANTS_MORE else Direction.LOWER
        baseline = known.baselines.get(formula.of, 0.5)
        yield ImprovementCriterion(each.key, formula.of, 1.0 + each.target, 0.1 * baseline, better)


def _mde(metric: str, target: float) -> float:
    formula = CATALOG[metric].formula
    unit = "share" if isinstance(formula, Percentile) else CATALOG[metric].unit
    part = MDE_OF_UNIT.get(unit, 0.1) * (min(target, 1.0 - target) if unit == "share" else abs(target))
    return max(part, 0.005) if unit == "share" else max(part, 1e-3)
