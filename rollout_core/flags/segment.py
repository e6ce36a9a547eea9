"""A segment: a named rule over a subject's attributes, used by audiences and by reports."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.flags.targeting import Rule


@dataclass(frozen=True, slots=True)
class Segment:
    """A named set of subjects."""

    key: str
    name: str
    rule: Rule
