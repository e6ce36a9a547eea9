"""What must fit together inside a plan: names that exist, percentages that rise, limits in their metric's unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located
from rollout_core.documents.metric_units import KNOWN_METRICS, is_bounded_share
from rollout_core.documents.rule_codec import DAYS
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator, Rule
from rollout_core.rollouts.plan import Plan

_LISTS = frozenset({Operator.HAS_ANY, Operator.HAS_NONE})
_ORDERED = frozenset({Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST})
FITTING_TYPES: dict[Operator, tuple[str, ...]] = {
    **dict.fromkeys(_LISTS, ("list",)),
    **dict.fromkeys(_ORDERED, ("number",)),
    **dict.fromkeys(DAYS, ("time",)),
    **dict.fromkeys((Operator.STARTS_WITH, Operator.ENDS_WITH), ("string",)),
    Operator.CONTAINS: ("string", "list"),
    **dict.fromkeys((Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN),
                    ("string", "number", "boolean")),
    Operator.EXISTS: ("string", "number", "boolean", "time", "list"),
}
"""Operator -> the attribute types it can be asked of."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A plan with its document, and where to note what does not fit."""

    plan: Plan
    tree: Located
    found: Findings

    def wrong(self, path: str, what: str, allowed: str = "") -> None:
        self.found.add(path, what, line=self.tree.line_of(path), allowed=allowed)

    def must_know(self, path: str, kind: str, name: str | None, known: Iterable[str]) -> None:
        known = list(known)
        if name is not None and name not in known:
            self.found.unknown(path, kind, name, known, line=self.tree.line_of(path))


def check_fit(plan: Plan, tree: Located, found: Findings) -> None:
    """Notes everything in a readable plan that does not fit together."""
    sheet = _Sheet(plan, tree, found)
    for check in CHECKS:
        check(sheet)


def _audiences(sheet: _Sheet) -> None:
    *named, last = sheet.plan.audiences
    if last.rule != EVERYBODY:
        sheet.wrong(f"audiences[{len(named)}]", "the last audience must be every eligible subject",
                    "a last entry with rule: everybody")
    for index, audience in enumerate(named):
        if audience.rule == EVERYBODY:
            sheet.wrong(f"audiences[{index}]", "only the last audience can be everybody; those after it reach nobody")
    keys = [audience.key for audience in sheet.plan.audiences]
    for index, key in enumerate(sheet.plan.holdout.audiences):
        sheet.must_know(f"holdout.audiences[{index}]", "audience", key, keys)


def _flags(sheet: _Sheet) -> None:
    keys = [flag.key for flag in sheet.plan.flags]
    needs = {flag.key: flag.prerequisite for flag in sheet.plan.flags}
    order = {flag.key: _entry(sheet.plan, flag.key) for flag in sheet.plan.flags}
    for index, flag in enumerate(sheet.plan.flags):
        where = f"flags[{index}]"
        sheet.must_know(f"{where}.prerequisite", "flag", flag.prerequisite, keys)
        if order[flag.key] is None:
            sheet.wrong(where, f"no phase adds the flag {flag.key!r}", "name it in `adds` of one phase")
        if flag.key in _chain(flag.key, needs):
            sheet.wrong(f"{where}.prerequisite", f"the flag {flag.key!r} needs itself")
        elif flag.prerequisite in order and (order[flag.prerequisite] or 0) > (order[flag.key] or 0):
            sheet.wrong(f"{where}.prerequisite", f"{flag.prerequisite!r} enters in a later phase than {flag.key!r}")


def _entry(plan: Plan, flag: str) -> int | None:
    return next((index for index, phase in enumerate(plan.phases) if flag in phase.adds), None)


def _chain(flag: str, needs: dict[str, str | None]) -> list[str]:
    seen: list[str] = []
    step = needs.get(flag)
    while step is not None and step not in seen:
        seen.append(step)
        step = needs.get(step)
    return seen


def _phases(sheet: _Sheet) -> None:
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


def _percentages(sheet: _Sheet) -> None:
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


def _metrics(sheet: _Sheet) -> None:
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


def _guardrails(sheet: _Sheet) -> None:
    for index, guardrail in enumerate(sheet.plan.guardrails):
        sheet.must_know(f"guardrails[{index}].metric", "metric", guardrail.metric, KNOWN_METRICS)
        if guardrail.mde < guardrail.margin or guardrail.mde == 0:
            sheet.wrong(f"guardrails[{index}].mde", "the smallest harm worth finding is 0 or below the margin",
                        f"more than 0, at least the margin ({guardrail.margin:g})")


def _rules(sheet: _Sheet) -> None:
    rules = [("eligibility", sheet.plan.eligibility)]
    rules += [(f"segments[{n}].rule", one.rule) for n, one in enumerate(sheet.plan.segments)]
    rules += [(f"audiences[{n}].rule", one.rule) for n, one in enumerate(sheet.plan.audiences)]
    for path, rule in rules:
        for where, condition in _conditions(path, rule):
            _condition(sheet, where, condition)


def _conditions(path: str, rule: Rule) -> Iterator[tuple[str, Condition]]:
    if isinstance(rule, Condition):
        yield path, rule
    elif isinstance(rule, (AllOf, AnyOf)):
        word = "all" if isinstance(rule, AllOf) else "any"
        for index, inner in enumerate(rule.rules):
            yield from _conditions(f"{path}.{word}[{index}]", inner)


def _condition(sheet: _Sheet, path: str, condition: Condition) -> None:
    attributes = {attribute.key: attribute for attribute in sheet.plan.attributes}
    sheet.must_know(f"{path}.attribute", "attribute", condition.attribute, attributes)
    attribute = attributes.get(condition.attribute)
    if attribute is None:
        return
    if attribute.type not in FITTING_TYPES[condition.operator]:
        sheet.wrong(path, f"{condition.operator} cannot be asked of {attribute.key!r}, which is a {attribute.type}",
                    ", ".join(str(operator) for operator, types in FITTING_TYPES.items() if attribute.type in types))
    if attribute.values and condition.operator not in DAYS:
        for value in condition.values:
            sheet.must_know(f"{path}.{condition.operator}", f"value of {attribute.key}", str(value), attribute.values)


def _others(sheet: _Sheet) -> None:
    plan = sheet.plan
    flags = [flag.key for flag in plan.flags]
    for variable, flag in plan.environment.flags.items():
        sheet.must_know(f"environment.flags.{variable}", "flag", flag, flags)
    if plan.health.error_target >= plan.health.error_limit:
        sheet.wrong("health.error_limit", "the limit must be above the target, errors only get worse towards it")
    if plan.health.adoption_floor >= plan.health.adoption_target:
        sheet.wrong("health.adoption_target", "the target must be above the floor")


CHECKS: tuple[Callable[[_Sheet], None], ...] = (_audiences, _flags, _phases, _percentages, _metrics, _guardrails,
                                               _rules, _others)
"""Every check, each on one part of the plan."""
