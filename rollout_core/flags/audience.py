"""An audience: a segment in its place in the order in which a rollout fills its percentage."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.flags.targeting import Rule


@dataclass(frozen=True, slots=True)
class Audience:
    """Subjects reached together. `keep_control` buckets of it stay out while it is filled, to keep a comparison."""

    key: str
    name: str
    rule: Rule
    keep_control: int = 0
