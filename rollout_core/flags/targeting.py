"""Targeting rules: conditions on attributes, joined by all, any, none.

A missing attribute makes a condition false, negations too: `country not_in [DE]` is false for a subject whose country
is unknown. The same rules are compiled to SQL in `storage/rule_sql.py`; a property test holds both to one answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Scalar = str | int | float | bool
AttributeValue = Scalar | tuple[str, ...]


class Operator(StrEnum):
    """What a condition may ask of an attribute."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    HAS_ANY = "has_any"            # the attribute is a list; at least one of the values is in it
    HAS_NONE = "has_none"
    GREATER = "greater"
    AT_LEAST = "at_least"
    LESS = "less"
    AT_MOST = "at_most"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    CONTAINS = "contains"
    EXISTS = "exists"
    OLDER_THAN_DAYS = "older_than_days"      # a time attribute, measured from the rollout's anchors (anchors.py)
    NEWER_THAN_DAYS = "newer_than_days"


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about one attribute; `values` holds one value or, for list operators, several."""

    attribute: str
    operator: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every rule is; true when empty ("everybody")."""

    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one rule is."""

    rules: tuple[Rule, ...]


Rule = Condition | AllOf | AnyOf

EVERYBODY = AllOf()
