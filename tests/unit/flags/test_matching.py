"""Targeting: every operator on values that match, that do not, that are missing and that are of another kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.flags.anchors import Looks
from rollout_core.flags.conditions import OPERATORS
from rollout_core.flags.matching import compile_rule
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator, Rule

AT = datetime(2026, 3, 1, tzinfo=UTC)
OTHER_KINDS = [None, True, 5, 2.5, float("nan"), "text", ("a", "b"), ["a"], {"a": 1}, AT]


def matches(rule: Rule, attributes: dict[str, Any]) -> bool:
    compiled = compile_rule(rule, Looks.at(AT))
    return True if compiled is None else compiled(attributes)


def asks(operator: Operator, value: Any, *values: Any) -> bool:
    return matches(Condition("x", operator, values), {"x": value})


CASES = [
    (Operator.EQUALS, ("pro",), "pro", "free"), (Operator.EQUALS, (5,), 5.0, 6),
    (Operator.EQUALS, (True,), True, False),
    (Operator.NOT_EQUALS, ("pro",), "free", "pro"), (Operator.NOT_EQUALS, (5,), 6, 5.0),
    (Operator.IN, ("pro", "max"), "max", "free"), (Operator.IN, ("pro", 5), 5, 6),
    (Operator.NOT_IN, ("pro", "max"), "free", "max"),
    (Operator.HAS_ANY, ("a", "z"), ("b", "a"), ("b",)), (Operator.HAS_ANY, ("a",), ["a"], []),
    (Operator.HAS_NONE, ("a", "z"), ("b",), ("b", "a")), (Operator.HAS_NONE, ("a",), [], ["a"]),
    (Operator.GREATER, (5,), 5.1, 5), (Operator.AT_LEAST, (5,), 5, 4.9),
    (Operator.LESS, (5,), 4.9, 5), (Operator.AT_MOST, (5,), 5, 5.1),
    (Operator.STARTS_WITH, ("ab",), "abc", "Abc"), (Operator.ENDS_WITH, ("bc",), "abc", "abC"),
    (Operator.CONTAINS, ("b",), "abc", "aBc"), (Operator.EXISTS, (), "", None),
    (Operator.OLDER_THAN_DAYS, (30,), "2026-01-30T00:00:00Z", "2026-01-30T00:00:01Z"),
    (Operator.NEWER_THAN_DAYS, (30,), "2026-01-30T00:00:01Z", "2026-01-30T00:00:00Z"),
    (Operator.NEWER_THAN_DAYS, (0.5,), AT - timedelta(hours=11), AT - timedelta(hours=13)),
]


@pytest.mark.parametrize(("operator", "values", "right", "wrong"), CASES)
def test_every_operator_tells_right_from_wrong(operator: Operator, values: tuple[Any, ...], right: Any, wrong: Any):
    assert asks(operator, right, *values)
    assert not asks(operator, wrong, *values)


def test_every_operator_is_compiled_and_tried():
    assert set(OPERATORS) == set(Operator) == {case[0] for case in CASES}


@pytest.mark.parametrize(("operator", "values"), [case[:2] for case in CASES])
def test_a_missing_attribute_matches_nothing_negations_included(operator: Operator, values: tuple[Any, ...]):
    assert not matches(Condition("x", operator, values), {})
    assert not asks(operator, None, *values)


@pytest.mark.parametrize(("operator", "values"), [case[:2] for case in CASES])
@pytest.mark.parametrize("value", OTHER_KINDS)
def test_no_value_of_any_kind_makes_a_rule_fail(operator: Operator, values: tuple[Any, ...], value: Any):
    assert asks(operator, value, *values) in (True, False)


def test_a_truth_value_is_no_number_and_a_number_no_truth_value():
    assert not asks(Operator.EQUALS, True, 1)
    assert not asks(Operator.EQUALS, 1, True)
    assert not asks(Operator.GREATER, True, 0)
    assert asks(Operator.NOT_EQUALS, True, 1)


def test_a_number_that_is_none_is_a_missing_attribute():
    assert not asks(Operator.NOT_EQUALS, float("nan"), 5)
    assert not asks(Operator.EXISTS, float("nan"))


def test_a_value_of_no_kind_that_rules_know_is_a_missing_attribute():
    assert not asks(Operator.EXISTS, {"a": 1})
    assert not asks(Operator.NOT_EQUALS, {"a": 1}, "x")
    assert asks(Operator.EXISTS, AT)


def test_a_text_is_not_the_list_of_its_letters():
    assert not asks(Operator.HAS_ANY, "abc", "a")
    assert not asks(Operator.HAS_NONE, "abc", "z")


def test_elements_of_a_list_that_are_no_texts_count_for_nothing():
    assert not asks(Operator.HAS_ANY, [["a"], {"b": 1}], "a")
    assert asks(Operator.HAS_ANY, [["a"], "a"], "a")
    assert asks(Operator.HAS_NONE, [["a"], 5], "a", 5)


def test_age_is_measured_from_the_instant_given_and_without_a_zone_in_utc():
    condition = Condition("x", Operator.NEWER_THAN_DAYS, (1,))
    late, early = compile_rule(condition, Looks.at(AT + timedelta(days=30))), compile_rule(condition, Looks.at(AT))
    assert late is not None
    assert early is not None
    assert early({"x": "2026-02-28T00:00:01"})
    assert not late({"x": "2026-02-28T00:00:01"})
    assert early({"x": "2026-02-28T01:00:01+01:00"})


def test_everybody_is_everybody_and_any_of_nothing_is_nobody():
    assert compile_rule(EVERYBODY, Looks.at(AT)) is None
    assert compile_rule(AnyOf((Condition("x", Operator.EXISTS), EVERYBODY)), Looks.at(AT)) is None
    assert not matches(AnyOf(()), {"x": 1})


@given(st.lists(st.booleans(), max_size=6))
def test_all_of_and_any_of_are_all_and_any(answers: list[bool]):
    rules = tuple(Condition(str(place), Operator.EQUALS, (True,)) for place in range(len(answers)))
    attributes = {str(place): value for place, value in enumerate(answers)}
    assert matches(AllOf(rules), attributes) is all(answers)
    assert matches(AnyOf(rules), attributes) is any(answers)
