"""Plan documents for tests: the smallest valid one, and how to spoil it."""

from __future__ import annotations

SMALLEST = """\
format: rollout-plan/1
key: lamp
name: Lamp
version: 1
note: First.
description: One flag.
unit: house
attributes:
  - {key: country, type: string, values: [NL, BE]}
  - {key: rooms, type: number}
  - {key: groups, type: list}
  - {key: built_at, type: time}
eligibility: everybody
segments:
  - {key: dutch, name: Dutch, rule: {attribute: country, equals: NL}}
audiences:
  - segment: dutch
  - {key: everyone, name: Everyone, rule: everybody}
flags:
  - {key: lamp, name: Lamp, tags: [core]}
  - {key: dimmer, name: Dimmer, prerequisite: lamp}
phases:
  - {key: small, name: Small, percentage: 10, through: dutch, adds: [lamp]}
  - {key: all, name: All, percentage: 100, through: everyone, adds: [dimmer]}
safe_state: small
"""


def spoiled(old: str, new: str) -> str:
    """The smallest plan with one place replaced; fails if the place is not there exactly once."""
    assert SMALLEST.count(old) == 1, f"{old!r} is there {SMALLEST.count(old)} times"
    return SMALLEST.replace(old, new)
