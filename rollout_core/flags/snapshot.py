"""What is served right now, as immutable values: everything an evaluation may look at besides the subject itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from rollout_core.flags.anchors import Anchors
from rollout_core.flags.audience import Audience
from rollout_core.flags.flag import Flag
from rollout_core.flags.holdout import NO_HOLDOUT, Holdout
from rollout_core.flags.override import EnvironmentOverride, Override
from rollout_core.flags.targeting import EVERYBODY, Rule

if TYPE_CHECKING:
    from rollout_core.flags.evaluation import CompiledRollout


@dataclass(frozen=True, slots=True)
class ServedRollout:
    """One rollout as served in one epoch. Thresholds are buckets (0..100,000) per audience key.

    `ever` is the highest threshold ever served per audience: out by bucket and below it is `former`, not control.
    `owned_by_register` names the attributes that a caller's context may not override.
    """

    key: str
    unit: str
    plan: str
    plan_version: int
    status: str
    phase: str | None
    epoch: int
    epoch_began_at: datetime
    revision: int
    salt: str
    eligibility: Rule = EVERYBODY
    audiences: tuple[Audience, ...] = ()
    thresholds: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    ever: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    holdout: Holdout = NO_HOLDOUT
    flags: tuple[Flag, ...] = ()
    served: frozenset[str] = frozenset()
    """Keys of the flags that the phases entered so far have switched on."""
    overrides: tuple[Override, ...] = ()
    environment: tuple[EnvironmentOverride, ...] = ()
    owned_by_register: frozenset[str] = frozenset()
    anchors: Anchors | None = None
    """Where time conditions look from; None: from the beginning of the epoch."""
    paused: bool = False
    stopped: bool = False


    @property
    def looking(self) -> Anchors:
        """Where time conditions look from."""
        return self.anchors or Anchors.at(self.epoch_began_at)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rollouts as served at one instant; swapped whole, never changed. `version` grows with every swap.

    `compiled` holds the same rollouts ready to decide (`rollout_core.flags.evaluation`).
    """

    version: int = 0
    rollouts: Mapping[str, ServedRollout] = field(default_factory=lambda: MappingProxyType({}))
    compiled: Mapping[str, CompiledRollout] = field(default_factory=lambda: MappingProxyType({}))
