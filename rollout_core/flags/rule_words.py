"""Targeting rules in words, for plans, previews and explanations."""

from __future__ import annotations

from rollout_core.flags.targeting import AllOf, AnyOf, Condition, Operator, Rule, Scalar

WORDS: dict[Operator, str] = {
    Operator.EQUALS: "{attribute} is {values}",
    Operator.NOT_EQUALS: "{attribute} is known and not {values}",
    Operator.IN: "{attribute} is one of {values}",
    Operator.NOT_IN: "{attribute} is known and none of {values}",
    Operator.HAS_ANY: "{attribute} has at least one of {values}",
    Operator.HAS_NONE: "{attribute} is known and has none of {values}",
    Operator.GREATER: "{attribute} is above {values}",
    Operator.AT_LEAST: "{attribute} is at least {values}",
    Operator.LESS: "{attribute} is below {values}",
    Operator.AT_MOST: "{attribute} is at most {values}",
    Operator.STARTS_WITH: "{attribute} starts with {values}",
    Operator.ENDS_WITH: "{attribute} ends with {values}",
    Operator.CONTAINS: "{attribute} contains {values}",
    Operator.EXISTS: "{attribute} is known",
    Operator.OLDER_THAN_DAYS: "{attribute} is at least {values} days ago",
    Operator.NEWER_THAN_DAYS: "{attribute} is less than {values} days ago",
}
"""Every operator as a sentence."""


def rule_in_words(rule: Rule) -> str:
    """A rule as people read it; empty for everybody."""
    if isinstance(rule, Condition):
        return WORDS[rule.operator].format(attribute=rule.attribute, values=_listed(rule.values))
    joint = " or " if isinstance(rule, AnyOf) else ", and "
    parts = [rule_in_words(each) for each in rule.rules]
    if isinstance(rule, AnyOf):
        return f"({joint.join(parts)})" if parts else "nobody"
    return joint.join(part for part in parts if part) if isinstance(rule, AllOf) else ""


def _listed(values: tuple[Scalar, ...]) -> str:
    return ", ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
