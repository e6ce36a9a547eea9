"""The gates of a phase: each criterion with its state, what was measured and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.insight.judge import State
from rollout_core.insight.status import GateBrief
from rollout_core.metrics.measured import Measured


@dataclass(frozen=True, slots=True)
class GatesRequest:
    """`phase` None: the present one (what must be met to leave it)."""

    rollout: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that stands before more exposure.

    `kind`: criterion | duration | checklist | review. `needed` is the target in words ("at most 2%"), `words` says what
    was seen or what is missing. `judge`: interval (ordinary 95 %) or evidence (sequential).
    """

    key: str
    name: str
    kind: str
    state: State
    measured: Measured | None
    needed: str
    words: str
    metric: str | None = None
    comparison: str | None = None
    target: float | None = None
    lists: tuple[str, ...] = ()
    signed_by: str = ""
    signed_at: datetime | None = None
    judge: str = "interval"

    @property
    def open(self) -> bool:
        """True when it lets exposure rise."""
        return self.state in (State.MET, State.SIGNED)


@dataclass(frozen=True, slots=True)
class GatesAnswer:
    """`may_advance` is True only when every gate is met or signed and there is at least one criterion."""

    rollout: str
    phase: str | None
    phase_name: str
    gates: tuple[Gate, ...]
    brief: GateBrief
    may_advance: bool
    computed_at: datetime
