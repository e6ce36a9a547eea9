"""Targeting rules in documents.

`everybody`, `{all: [...]}`, `{any: [...]}` or one condition: `{attribute: tier, in: [professional, premium]}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollout_core.documents.codec import UNREAD, Key, ListOf, Scalar, refuse
from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located
from rollout_core.documents.quantities import Quantity
from rollout_core.documents.record import below
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator, Rule

EVERYBODY_WORD = "everybody"
SEVERAL = frozenset({Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_NONE})
"""Operators that take a list of values."""
DAYS = frozenset({Operator.OLDER_THAN_DAYS, Operator.NEWER_THAN_DAYS})
"""Operators that take a number of days."""
_OPERATORS = tuple(str(operator) for operator in Operator)
_SHAPES = "everybody, {all: [...]}, {any: [...]}, {attribute: NAME, OPERATOR: VALUE}"


@dataclass(frozen=True, slots=True)
class RuleCodec:
    """Reads and writes one rule of any depth."""

    def read(self, node: Located, path: str, found: Findings) -> Any:
        if node.value == EVERYBODY_WORD:
            return EVERYBODY
        if not node.is_mapping:
            return refuse(node, path, found, "a rule", _SHAPES)
        if "attribute" in node.entries:
            return self._condition(node, path, found)
        joined = [word for word in ("all", "any") if word in node.entries]
        if len(node.entries) != 1 or not joined:
            found.add(path, "a rule is either a condition or exactly one of all, any", line=node.line, allowed=_SHAPES)
            return UNREAD
        word = joined[0]
        rules = ListOf(self, at_least=int(word == "any"), unique=None).read(
            node.entries[word], below(path, word), found)
        return UNREAD if rules is UNREAD else (AllOf(rules) if word == "all" else AnyOf(rules))

    def write(self, value: Rule) -> object:
        if value == EVERYBODY:
            return EVERYBODY_WORD
        if isinstance(value, Condition):
            return {"attribute": value.attribute, str(value.operator): _written(value)}
        return {"all" if isinstance(value, AllOf) else "any": [self.write(rule) for rule in value.rules]}

    def _condition(self, node: Located, path: str, found: Findings) -> Any:
        attribute = Key().read(node.entries["attribute"], below(path, "attribute"), found)
        asked = [key for key in node.entries if key != "attribute"]
        for key in asked:
            if key not in _OPERATORS:
                found.unknown(below(path, key), "operator", key, _OPERATORS, line=node.key_lines[key])
        if len(asked) != 1:
            found.add(path, f"a condition needs exactly one operator, not {len(asked)}", line=node.line,
                      allowed=", ".join(_OPERATORS))
        if len(asked) != 1 or asked[0] not in _OPERATORS:
            return UNREAD
        operator = Operator(asked[0])
        values = _values(operator, node.entries[asked[0]], below(path, asked[0]), found)
        return UNREAD if UNREAD in (attribute, values) else Condition(attribute, operator, values)


def _values(operator: Operator, node: Located, path: str, found: Findings) -> Any:
    if operator is Operator.EXISTS:
        return () if node.value is True else refuse(node, path, found, "true", "true")
    if operator in SEVERAL:
        return ListOf(Scalar(), at_least=1, unique=None).read(node, path, found)
    value = (Quantity(low=0) if operator in DAYS else Scalar()).read(node, path, found)
    return UNREAD if value is UNREAD else (value,)


def _written(condition: Condition) -> object:
    if condition.operator is Operator.EXISTS:
        return True
    return list(condition.values) if condition.operator in SEVERAL else condition.values[0]
