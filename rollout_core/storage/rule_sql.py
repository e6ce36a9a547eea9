"""Targeting rules as SQL conditions over the register's mirror: the same answers as `flags/conditions.py`.

An expression may be NULL where a value is missing; NULL counts as false, as WHERE, AND and OR take it, and no rule
negates another. Values are bound, never written into the text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, true
from sqlalchemy import column as sql_column

from rollout_core.flags.anchors import Looks
from rollout_core.flags.conditions import cut_off, looks_from
from rollout_core.flags.targeting import AnyOf, Condition, Operator, Rule, Scalar
from rollout_core.storage.register_table import SEPARATOR, Columns, Kind, escaped

Expression = ColumnElement[Any]
Compile = Callable[[Condition, Columns, datetime], Expression]


def rule_expression(rule: Rule, columns: Columns, looks: Looks) -> Expression:
    """The rule as a condition. `columns`: where each attribute is; `looks`: where time conditions look from."""
    if isinstance(rule, Condition):
        return OPERATORS[rule.operator](rule, columns, looks_from(rule, looks))
    parts = [rule_expression(each, columns, looks) for each in rule.rules]
    return or_(false(), *parts) if isinstance(rule, AnyOf) else and_(true(), *parts)


def _column(condition: Condition, kind: Kind, columns: Columns) -> Expression | None:
    """The column that holds an attribute's values of this kind; None when there is none."""
    name = columns.get((condition.attribute, kind))
    return None if name is None else sql_column(name)


def _known(condition: Condition, columns: Columns) -> Expression:
    """The attribute has a value of any kind."""
    held: list[Expression] = [sql_column(name) for (attribute, _), name in columns.items()
                              if attribute == condition.attribute]
    return or_(false(), *(each.is_not(None) for each in held))


def _equal(condition: Condition, columns: Columns, values: tuple[Scalar, ...]) -> Expression:
    """The attribute is one of these values; each is looked for among values of its own kind."""
    by_kind: dict[Kind, list[Scalar]] = {}
    for value in values:
        by_kind.setdefault(_kind_of(value), []).append(float(value) if _kind_of(value) is Kind.NUMBER else value)
    parts = []
    for kind, wanted in by_kind.items():
        held = _column(condition, kind, columns)
        if held is not None:
            parts.append(held == literal(wanted[0]) if len(wanted) == 1 else held.in_(wanted))
    return or_(false(), *parts)


def _kind_of(value: Scalar) -> Kind:
    return Kind.TRUTH if isinstance(value, bool) else Kind.TEXT if isinstance(value, str) else Kind.NUMBER


def _is(condition: Condition, columns: Columns, at: datetime) -> Expression:
    return _equal(condition, columns, condition.values)


def _is_not(condition: Condition, columns: Columns, at: datetime) -> Expression:
    equal = _equal(condition, columns, condition.values)
    return and_(_known(condition, columns), ~func.coalesce(equal, false()))


def _holds(condition: Condition, columns: Columns) -> tuple[Expression | None, Expression]:
    """A list's column, and whether it holds one of the values."""
    held = _column(condition, Kind.LIST, columns)
    if held is None:
        return None, false()
    return held, or_(false(), *(func.contains(held, f"{SEPARATOR}{escaped(value)}{SEPARATOR}")
                                for value in condition.values if isinstance(value, str)))


def _has_any(condition: Condition, columns: Columns, at: datetime) -> Expression:
    return _holds(condition, columns)[1]


def _has_none(condition: Condition, columns: Columns, at: datetime) -> Expression:
    held, found = _holds(condition, columns)
    return false() if held is None else and_(held.is_not(None), ~found)


def _number(condition: Condition, columns: Columns, at: datetime, *, compare: str) -> Expression:
    held = _column(condition, Kind.NUMBER, columns)
    return false() if held is None else held.op(compare, is_comparison=True)(literal(float(condition.values[0])))


def _text(condition: Condition, columns: Columns, at: datetime, *, function: str) -> Expression:
    held = _column(condition, Kind.TEXT, columns)
    return false() if held is None else getattr(func, function)(held, str(condition.values[0]))


def _exists(condition: Condition, columns: Columns, at: datetime) -> Expression:
    return _known(condition, columns)


def _age(condition: Condition, columns: Columns, at: datetime, *, compare: str) -> Expression:
    held = _column(condition, Kind.INSTANT, columns)
    limit = cut_off(condition, at).astimezone(UTC).replace(tzinfo=None)
    return false() if held is None else held.op(compare, is_comparison=True)(literal(limit))


OPERATORS: dict[Operator, Compile] = {
    Operator.EQUALS: _is,
    Operator.NOT_EQUALS: _is_not,
    Operator.IN: _is,
    Operator.NOT_IN: _is_not,
    Operator.HAS_ANY: _has_any,
    Operator.HAS_NONE: _has_none,
    Operator.GREATER: partial(_number, compare=">"),
    Operator.AT_LEAST: partial(_number, compare=">="),
    Operator.LESS: partial(_number, compare="<"),
    Operator.AT_MOST: partial(_number, compare="<="),
    Operator.STARTS_WITH: partial(_text, function="starts_with"),
    Operator.ENDS_WITH: partial(_text, function="ends_with"),
    Operator.CONTAINS: partial(_text, function="contains"),
    Operator.EXISTS: _exists,
    Operator.OLDER_THAN_DAYS: partial(_age, compare="<="),
    Operator.NEWER_THAN_DAYS: partial(_age, compare=">"),
}
"""Every operator and how it is compiled; the same table as `flags.conditions.OPERATORS`."""
