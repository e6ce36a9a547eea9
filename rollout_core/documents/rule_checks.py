"""What must fit in a plan's rules: attributes that exist, operators that suit their type, values that are allowed."""

from __future__ import annotations

from collections.abc import Iterator

from rollout_core.documents.plan_sheet import Sheet
from rollout_core.documents.rule_codec import DAYS
from rollout_core.flags.targeting import AllOf, AnyOf, Condition, Operator, Rule

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


def check_rules(sheet: Sheet) -> None:
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


def _condition(sheet: Sheet, path: str, condition: Condition) -> None:
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
