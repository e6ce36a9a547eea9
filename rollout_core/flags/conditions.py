"""Conditions: what each targeting operator asks of a subject's attributes, as a function compiled once.

Every function is total: an attribute that is missing, or of another kind than the condition asks for, does not match.
`storage/rule_sql.py` has the same table for SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout_core.flags.anchors import Looks
from rollout_core.flags.targeting import Condition, Operator, Scalar

LISTS = frozenset({list, tuple, frozenset, set})
NUMBERS = frozenset({int, float})
"""Exact classes: a truth value is no number here."""

Attributes = Mapping[str, Any]
Matches = Callable[[Attributes], bool]


def instant_of(value: object) -> datetime | None:
    """A time attribute as a UTC instant: a datetime or ISO 8601 text, without a zone taken as UTC; else None."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _equals(condition: Condition, at: datetime) -> Matches:
    key, wanted = condition.attribute, _one(condition)
    if isinstance(wanted, bool):
        return lambda attributes: attributes.get(key) is wanted
    if isinstance(wanted, str):
        return lambda attributes: attributes.get(key) == wanted
    return lambda attributes: _is_number(attributes.get(key)) and attributes[key] == wanted


def _not_equals(condition: Condition, at: datetime) -> Matches:
    key, equal = condition.attribute, _equals(condition, at)
    return lambda attributes: _is_known(attributes.get(key)) and not equal(attributes)


def _in(condition: Condition, at: datetime) -> Matches:
    if asks_for_texts(condition):
        return each_one_of([condition])
    parts = [_equals(Condition(condition.attribute, Operator.EQUALS, (value,)), at) for value in condition.values]
    return lambda attributes: any(part(attributes) for part in parts)


def asks_for_texts(condition: Condition) -> bool:
    """True for the commonest condition: the attribute is one of these texts."""
    return condition.operator in (Operator.IN, Operator.EQUALS) and all(
        isinstance(value, str) for value in condition.values)


def each_one_of(conditions: list[Condition]) -> Matches:
    """Each attribute is one of its texts; written out for one and two, since a call costs as much as the question."""
    wanted = [(condition.attribute, frozenset(condition.values)) for condition in conditions]
    (key, texts), (other_key, other_texts) = wanted[0], wanted[1 % len(wanted)]

    def one(attributes: Attributes) -> bool:
        try:
            return attributes.get(key) in texts
        except TypeError:       # a list: unhashable, and not one text
            return False

    def two(attributes: Attributes) -> bool:
        try:
            return attributes.get(key) in texts and attributes.get(other_key) in other_texts
        except TypeError:
            return False

    def each(attributes: Attributes) -> bool:
        try:
            return all(attributes.get(attribute) in values for attribute, values in wanted)
        except TypeError:
            return False

    return (one, two, each)[min(len(wanted), 3) - 1]


def _not_in(condition: Condition, at: datetime) -> Matches:
    key, inside = condition.attribute, _in(condition, at)
    return lambda attributes: _is_known(attributes.get(key)) and not inside(attributes)


def _has_any(condition: Condition, at: datetime) -> Matches:
    key, none_of = condition.attribute, _texts(condition).isdisjoint

    def has_any(attributes: Attributes) -> bool:
        held = attributes.get(key)
        try:
            return held.__class__ in LISTS and not none_of(held)
        except TypeError:
            return not none_of(_only_texts(held or ()))
    return has_any


def _has_none(condition: Condition, at: datetime) -> Matches:
    key, none_of = condition.attribute, _texts(condition).isdisjoint

    def has_none(attributes: Attributes) -> bool:
        held = attributes.get(key)
        try:
            return held.__class__ in LISTS and none_of(held)
        except TypeError:
            return none_of(_only_texts(held or ()))
    return has_none


def _texts(condition: Condition) -> frozenset[str]:
    """The values a list may hold: its elements are texts."""
    return frozenset(_only_texts(condition.values))


def _only_texts(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _number(compare: Callable[[Any, Any], bool]) -> Callable[[Condition, datetime], Matches]:
    """A comparison of numbers; NaN compares false with everything."""
    def compiled(condition: Condition, at: datetime) -> Matches:
        key, limit = condition.attribute, _one(condition)
        return lambda attributes: _is_number(attributes.get(key)) and compare(attributes[key], limit)
    return compiled


def _text(test: Callable[[str, str], bool]) -> Callable[[Condition, datetime], Matches]:
    """A question about a text, case-sensitive."""
    def compiled(condition: Condition, at: datetime) -> Matches:
        key, part = condition.attribute, str(_one(condition))
        return lambda attributes: isinstance(attributes.get(key), str) and test(attributes[key], part)
    return compiled


def _exists(condition: Condition, at: datetime) -> Matches:
    key = condition.attribute
    return lambda attributes: _is_known(attributes.get(key))


def _age(older: bool) -> Callable[[Condition, datetime], Matches]:
    """Older than: at or before `at` less the days. Newer than: after it."""
    def compiled(condition: Condition, at: datetime) -> Matches:
        key, limit = condition.attribute, cut_off(condition, at)

        def by_age(attributes: Attributes) -> bool:
            instant = instant_of(attributes.get(key))
            return instant is not None and (instant <= limit) is older
        return by_age
    return compiled


def looks_from(condition: Condition, looks: Looks) -> datetime:
    """The instant this condition looks from: the earlier one when time makes it false."""
    return looks.newer_at if condition.operator is Operator.NEWER_THAN_DAYS else looks.older_at


def cut_off(condition: Condition, at: datetime) -> datetime:
    """The instant an age condition compares with: `at` less its days (whole microseconds)."""
    return at - timedelta(days=float(_one(condition)))


def _one(condition: Condition) -> Scalar:
    """The single value of a condition. Raises ValueError when there is none or there are several."""
    (value,) = condition.values
    return value


def _is_number(value: object) -> bool:
    return value.__class__ in NUMBERS


def _is_known(value: object) -> bool:
    """True for a text, a number, a truth value, a list, an instant; NaN is a missing number."""
    if isinstance(value, str | bool | datetime) or value.__class__ in LISTS:
        return True
    return value.__class__ in NUMBERS and value == value  # noqa: PLR0124  NaN is the one number that is not itself


OPERATORS: dict[Operator, Callable[[Condition, datetime], Matches]] = {
    Operator.EQUALS: _equals,
    Operator.NOT_EQUALS: _not_equals,
    Operator.IN: _in,
    Operator.NOT_IN: _not_in,
    Operator.HAS_ANY: _has_any,
    Operator.HAS_NONE: _has_none,
    Operator.GREATER: _number(lambda value, limit: value > limit),
    Operator.AT_LEAST: _number(lambda value, limit: value >= limit),
    Operator.LESS: _number(lambda value, limit: value < limit),
    Operator.AT_MOST: _number(lambda value, limit: value <= limit),
    Operator.STARTS_WITH: _text(str.startswith),
    Operator.ENDS_WITH: _text(str.endswith),
    Operator.CONTAINS: _text(str.__contains__),
    Operator.EXISTS: _exists,
    Operator.OLDER_THAN_DAYS: _age(older=True),
    Operator.NEWER_THAN_DAYS: _age(older=False),
}
"""Every operator and how it is compiled."""
