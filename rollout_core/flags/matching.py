"""Matching: a targeting rule compiled to one function of a subject's attributes, once per epoch.

Times are measured from the instants handed in (`anchors.py`), so nobody falls out by the clock. `storage/rule_sql.py`
compiles the same rules to SQL; a contract test holds both to one answer.
"""

from __future__ import annotations

from rollout_core.flags.anchors import Looks
from rollout_core.flags.conditions import OPERATORS, Attributes, Matches, asks_for_texts, each_one_of, looks_from
from rollout_core.flags.targeting import AnyOf, Condition, Rule

__all__ = ["Attributes", "Matches", "compile_rule"]


def compile_rule(rule: Rule, looks: Looks) -> Matches | None:
    """The rule as a function of attributes, None when it matches everybody; time conditions look from `looks`."""
    if isinstance(rule, Condition):
        return OPERATORS[rule.operator](rule, looks_from(rule, looks))
    if isinstance(rule, AnyOf):
        parts = [compile_rule(each, looks) for each in rule.rules]
        return None if None in parts else _any([part for part in parts if part is not None])
    texts = [each for each in rule.rules if isinstance(each, Condition) and asks_for_texts(each)]
    parts = [compile_rule(each, looks) for each in rule.rules if each not in texts]
    joint = [each_one_of(texts)] if texts else []
    return _all([*joint, *(part for part in parts if part is not None)])


def _all(parts: list[Matches]) -> Matches | None:
    """All of them: spelled out up to three, which rules mostly are."""
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    first, second, *others = parts
    if not others:
        return lambda attributes: first(attributes) and second(attributes)
    if len(others) == 1:
        third = others[0]
        return lambda attributes: first(attributes) and second(attributes) and third(attributes)
    rest = tuple(parts)
    return lambda attributes: all(part(attributes) for part in rest)


def _any(parts: list[Matches]) -> Matches:
    """At least one of them; none of none."""
    if len(parts) == 1:
        return parts[0]
    rest = tuple(parts)
    return lambda attributes: any(part(attributes) for part in rest)
