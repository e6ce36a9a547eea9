"""When the criteria of the present phase are decided, and the chance that they are proven by its end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from rollout_core.analysis.forecast import Standing, chance_within
from rollout_core.analysis.policy import ImprovementCriterion, Policy, TargetCriterion
from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.insight.foresight_answer import Decides
from rollout_core.insight.judgement import Judgement
from rollout_core.insight.verdict_words import time_in_words
from rollout_core.rollouts.plan import Plan

UNKNOWN = "too little is known to say when"


def decides_of(found: Judgement, plan: Plan, left: float | None) -> tuple[Decides, ...]:
    """One line per criterion that numbers decide; `left`: hours until the phase's end, None or 0: it has none any more.
    """
    names = found.criterion_names(plan)
    return tuple(_decided(verdict, names.get(verdict.key, verdict.key), left, found)
                 for verdict in found.verdicts.criteria if verdict.status is not Status.MANUAL)


def all_met_of(decides: Sequence[Decides]) -> float | None:
    """The chance that every criterion is proven by the phase's end, taken as independent; None where one is unknown."""
    chances = [each.by_the_end for each in decides if each.by_the_end is not None]
    return prod(chances) if chances and len(chances) == len(decides) else None


def _decided(verdict: Verdict, name: str, left: float | None, found: Judgement) -> Decides:
    if verdict.status is Status.PROVEN:
        return Decides(verdict.key, name, 0.0, 0.0, 1.0, "proven")
    if verdict.status is Status.NOT_MET:
        return Decides(verdict.key, name, None, None, 0.0, "proven not to be met")
    need = verdict.need
    if need is None:
        return Decides(verdict.key, name, None, None, None, UNKNOWN)
    chance = _by_the_end(verdict, left, found)
    when = "" if need.hours_50 is None or need.hours_90 is None else (
        f"decided after {time_in_words(need.hours_50)} as often as not, after {time_in_words(need.hours_90)} nine "
        "times in ten")
    by_end = "" if chance is None else f"proven by the phase's end with a chance of {chance:.0%}"
    return Decides(verdict.key, name, need.hours_50, need.hours_90, chance,
                   "; ".join(part for part in (when, by_end) if part) or UNKNOWN)


def _by_the_end(verdict: Verdict, left: float | None, found: Judgement) -> float | None:
    """The chance of a proof at some time before the phase's end, at the present inflow."""
    metric = found.evidence.of(verdict.metric)
    inflow = None if metric is None else metric.treatment_per_hour
    if not inflow or not left or not verdict.n_treatment or verdict.information <= 0.0:
        return None
    now = Standing(verdict.score, verdict.information, _mde_of(verdict.key, found.asked.policy), verdict.log_e_needed,
                   (verdict.control_score, verdict.control_information))
    return chance_within(now, verdict.information / verdict.n_treatment * inflow * left)


def _mde_of(key: str, policy: Policy) -> float:
    rules: tuple[TargetCriterion | ImprovementCriterion, ...] = (*policy.targets, *policy.improvements)
    return next(rule.mde for rule in rules if rule.key == key)
