"""Made-up subjects for any plan: attributes drawn from what its rules ask for; some fit, some do not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from rollout_core.flags.targeting import AttributeValue, Condition, Rule, Scalar
from rollout_core.ports.control_records import Subject
from rollout_core.rollouts.plan import Attribute, Plan

OTHER = "something else"
"""A text that no rule asks for."""

TIME_SPREAD_DAYS = 120.0


def people_for(plan: Plan, count: int, now: datetime, seed: int = 1) -> Iterator[Subject]:
    """`count` subjects of the plan's unit; the same for the same seed. Their names sort in their order."""
    random = Random(seed)
    asked = values_asked(plan)
    owned = [each for each in plan.attributes if each.owner == "register"]
    for number in range(count):
        attributes = {each.key: drawn(each, asked.get(each.key, ()), random, now) for each in owned}
        yield Subject(plan.unit, f"made-{number:06d}", attributes)


def values_asked(plan: Plan) -> dict[str, tuple[Scalar, ...]]:
    """Attribute -> every value that a rule of the plan compares it with."""
    rules = [plan.eligibility, *(each.rule for each in plan.segments), *(each.rule for each in plan.audiences)]
    found: dict[str, tuple[Scalar, ...]] = {}
    for rule in rules:
        for condition in conditions_of(rule):
            known = found.get(condition.attribute, ())
            found[condition.attribute] = (*known, *(each for each in condition.values if each not in known))
    return found


def conditions_of(rule: Rule) -> Iterator[Condition]:
    """Every condition in a rule, in its order."""
    if isinstance(rule, Condition):
        yield rule
        return
    for part in rule.rules:
        yield from conditions_of(part)


def drawn(attribute: Attribute, asked: tuple[Scalar, ...], random: Random, now: datetime) -> AttributeValue:
    """A value of the attribute's type."""
    if attribute.type == "time":
        return (now - timedelta(days=random.uniform(0, TIME_SPREAD_DAYS))).isoformat(timespec="seconds")
    if attribute.type == "boolean":
        return random.random() < 0.5
    if attribute.type == "number":
        numbers = [float(each) for each in asked if isinstance(each, int | float)] or [0.0]
        return random.choice(numbers) + random.choice((-1.0, 0.0, 1.0))
    texts = [*attribute.values, *(str(each) for each in asked if str(each) not in attribute.values), OTHER]
    if attribute.type == "list":
        return tuple(each for each in texts if random.random() < 0.5)
    return random.choice(texts)
