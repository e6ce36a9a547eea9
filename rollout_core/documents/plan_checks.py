"""What must fit together inside a plan: names that exist, percentages that rise, limits in their metric's unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located
from rollout_core.documents.metric_units import KNOWN_METRICS, is_bounded_share
from rollout_core.documents.plan_sheet import Sheet
from rollout_core.documents.rule_checks import check_rules
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.flags.targeting import EVERYBODY
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.event import Kind
from rollout_core.metrics.formula import WorstChange
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.policies import PROVABLE
from rollout_core.rollouts.ramping import budget_needed, ramp_policy

MOST_AUDIENCES = 20
"""How many audiences with a rule the register can be counted by at once."""

LONGEST_CHAIN = 50
"""How many flags a flag may need, one after the other: each is walked through whenever it is evaluated."""


def check_fit(plan: Plan, tree: Located, found: Findings) -> None:
    """Notes everything in a readable plan that does not fit together."""
    sheet = Sheet(plan, tree, found)
    for check in CHECKS:
        check(sheet)


def _audiences(sheet: Sheet) -> None:
    *named, last = sheet.plan.audiences
    if len(named) > MOST_AUDIENCES:
        sheet.wrong("audiences", f"{len(named)} audiences with a rule are too many", f"at most {MOST_AUDIENCES}")
    if last.rule != EVERYBODY:
        sheet.wrong(f"audiences[{len(named)}]", "the last audience must be every eligible subject",
                    "a last entry with rule: everybody")
    for index, audience in enumerate(named):
        if audience.rule == EVERYBODY:
            sheet.wrong(f"audiences[{index}]", "only the last audience can be everybody; those after it reach nobody")
    keys = [audience.key for audience in sheet.plan.audiences]
    for index, key in enumerate(sheet.plan.holdout.audiences):
        sheet.must_know(f"holdout.audiences[{index}]", "audience", key, keys)


def _flags(sheet: Sheet) -> None:
    keys = [flag.key for flag in sheet.plan.flags]
    needs = {flag.key: flag.prerequisite for flag in sheet.plan.flags}
    order = {flag.key: _entry(sheet.plan, flag.key) for flag in sheet.plan.flags}
    for index, flag in enumerate(sheet.plan.flags):
        where = f"flags[{index}]"
        sheet.must_know(f"{where}.prerequisite", "flag", flag.prerequisite, keys)
        if order[flag.key] is None:
            sheet.wrong(where, f"no phase adds the flag {flag.key!r}", "name it in `adds` of one phase")
        chain = _chain(flag.key, needs)
        if flag.key in chain:
            sheet.wrong(f"{where}.prerequisite", f"the flag {flag.key!r} needs itself")
        elif len(chain) > LONGEST_CHAIN:
            sheet.wrong(f"{where}.prerequisite", f"the flag {flag.key!r} needs more flags, one after the other, than "
                        "are walked through", f"at most {LONGEST_CHAIN}")
        elif flag.prerequisite in order and (order[flag.prerequisite] or 0) > (order[flag.key] or 0):
            sheet.wrong(f"{where}.prerequisite", f"{flag.prerequisite!r} enters in a later phase than {flag.key!r}")


def _entry(plan: Plan, flag: str) -> int | None:
    return next((index for index, phase in enumerate(plan.phases) if flag in phase.adds), None)


def _chain(flag: str, needs: dict[str, str | None]) -> list[str]:
    """What a flag needs, the nearest first; no further than one beyond what is allowed."""
    seen: list[str] = []
    step = needs.get(flag)
    while step is not None and step not in seen and len(seen) <= LONGEST_CHAIN:
        seen.append(step)
        step = needs.get(step)
    return seen


def _phases(sheet: Sheet) -> None:
    audiences = [audience.key for audience in sheet.plan.audiences]
    flags = [flag.key for flag in sheet.plan.flags]
    added: dict[str, str] = {}
    for index, phase in enumerate(sheet.plan.phases):
        where = f"phases[{index}]"
        sheet.must_know(f"{where}.through", "audience", phase.through, audiences)
        for place, key in enumerate(phase.fill_first):
            sheet.must_know(f"{where}.fill_first[{place}]", "audience", key, audiences)
        for place, key in enumerate(phase.adds):
            sheet.must_know(f"{where}.adds[{place}]", "flag", key, flags)
            if added.setdefault(key, phase.key) != phase.key:
                sheet.wrong(f"{where}.adds[{place}]", f"the flag {key!r} is already added by phase {added[key]!r}")
        if phase.minimum_duration and phase.maximum_duration and phase.minimum_duration > phase.maximum_duration:
            sheet.wrong(f"{where}.maximum_duration", "the maximum is shorter than the minimum duration")


def _percentages(sheet: Sheet) -> None:
    before = 0
    for index, phase in enumerate(sheet.plan.phases):
        where = f"phases[{index}].percentage"
        if phase.percentage == 0:
            sheet.wrong(where, "a phase of 0 % reaches nobody", "more than 0; to serve nobody, pause the rollout")
        if phase.percentage < before:
            sheet.wrong(where, f"{percentage_of_buckets(phase.percentage):g} % is less than the phase before",
                        f"{percentage_of_buckets(before):g} to 100; phases never fall")
        before = max(before, phase.percentage)
    if isinstance(sheet.plan.safe_state, str):
        sheet.must_know("safe_state", "phase", sheet.plan.safe_state, [phase.key for phase in sheet.plan.phases])


@dataclass(frozen=True, slots=True)
class _Limited:
    """Anything in a plan that holds a metric against a limit. `kind` is "metric", or what needs no metric."""

    path: str
    metric: str | None
    limit: float | None
    tag: str | None
    kind: str | None = None


def _metrics(sheet: Sheet) -> None:
    tags = sorted({tag for flag in sheet.plan.flags for tag in flag.tags})
    for one in _limited(sheet.plan):
        sheet.must_know(f"{one.path}.metric", "metric", one.metric, KNOWN_METRICS)
        sheet.must_know(f"{one.path}.tag", "flag tag", one.tag, tags)
        if one.kind is not None and (one.kind == "metric") != (one.metric is not None):
            verb = "needs" if one.kind == "metric" else "cannot have"
            sheet.wrong(one.path, f"a rule of kind {one.kind!r} {verb} a metric")
        if one.metric and is_bounded_share(one.metric) and one.limit is not None and not 0 <= one.limit <= 1:
            sheet.wrong(one.path, f"{one.metric} lies between 0 and 100 %, not at {one.limit:g}",
                        f"such as {one.limit:g} %" if one.limit <= 100 else "0 % to 100 %")
    sheet.must_know("health.error_metric", "metric", sheet.plan.health.error_metric, KNOWN_METRICS)


def _limited(plan: Plan) -> Iterator[_Limited]:
    for number, phase in enumerate(plan.phases):
        for index, one in enumerate(phase.criteria):
            yield _Limited(f"phases[{number}].criteria[{index}]", one.metric, one.target, one.tag)
    for index, kpi in enumerate(plan.kpis):
        yield _Limited(f"kpis[{index}]", kpi.metric, kpi.target, kpi.tag)
    for index, rule in enumerate(plan.pause_conditions):
        yield _Limited(f"pause_conditions[{index}]", rule.metric, rule.threshold, rule.tag, rule.kind)
    for index, alert in enumerate(plan.alerts):
        yield _Limited(f"alerts[{index}]", alert.metric, alert.threshold, alert.tag, alert.kind)


def _guardrails(sheet: Sheet) -> None:
    for index, guardrail in enumerate(sheet.plan.guardrails):
        sheet.must_know(f"guardrails[{index}].metric", "metric", guardrail.metric, KNOWN_METRICS)
        _must_be_provable(sheet, f"guardrails[{index}].metric", guardrail.metric, PROVABLE)
        if guardrail.mde < guardrail.margin or guardrail.mde == 0:
            sheet.wrong(f"guardrails[{index}].mde", "the smallest harm worth finding is 0 or below the margin",
                        f"more than 0, at least the margin ({guardrail.margin:g})")


def _must_be_provable(sheet: Sheet, path: str, metric: str | None, formulas: tuple[type, ...]) -> None:
    """What acts by proof needs a metric that evidence can judge; else it would be left out in silence."""
    if metric is not None and metric in CATALOG and not isinstance(CATALOG[metric].formula, formulas):
        able = (key for key, known in CATALOG.items() if isinstance(known.formula, formulas))
        sheet.wrong(path, f"{metric} is read off, not proven from two arms: nothing may act on it", ", ".join(able))


def _pause_conditions(sheet: Sheet) -> None:
    for index, rule in enumerate(sheet.plan.pause_conditions):
        if rule.decide == "evidence":
            _must_be_provable(sheet, f"pause_conditions[{index}].metric", rule.metric, (*PROVABLE, WorstChange))


def _risk_budget(sheet: Sheet) -> None:
    """A ramp needs a margin on errors to exclude, and a budget that lasts until it is excluded."""
    if sheet.plan.autopilot.risk_budget_errors is None:
        return
    path = "autopilot.risk_budget_errors"
    if ramp_policy(sheet.plan) is None:
        sheet.wrong(path, f"a risk budget needs a guardrail on {sheet.plan.health.error_metric} with a margin that is "
                          "not relative")
        return
    needed = budget_needed(sheet.plan)
    if needed is not None:
        sheet.wrong(path, "the ramp would stand still at a quarter: this budget is spent before the margin is excluded",
                    f"at least {needed:,.0f} errors, or a larger margin")


def _others(sheet: Sheet) -> None:
    plan = sheet.plan
    flags = [flag.key for flag in plan.flags]
    for variable, flag in plan.environment.flags.items():
        sheet.must_know(f"environment.flags.{variable}", "flag", flag, flags)
    for variable, kinds in plan.environment.collection.items():
        for kind in kinds:
            sheet.must_know(f"environment.collection.{variable}", "kind of event", kind, map(str, Kind))
    if plan.health.error_target >= plan.health.error_limit:
        sheet.wrong("health.error_limit", "the limit must be above the target, errors only get worse towards it")
    if plan.health.adoption_floor >= plan.health.adoption_target:
        sheet.wrong("health.adoption_target", "the target must be above the floor")


CHECKS: tuple[Callable[[Sheet], None], ...] = (_audiences, _flags, _phases, _percentages, _metrics, _guardrails,
                                              _pause_conditions, check_rules, _risk_budget, _others)
"""Every check, each on one part of the plan."""
