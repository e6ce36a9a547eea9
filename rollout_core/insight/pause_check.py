"""Would a pause condition pause this rollout now? Computes and never acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.metrics.measured import Measured


@dataclass(frozen=True, slots=True)
class PauseCheckRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class PauseLine:
    """One condition. `fires` None: cannot be judged, for want of data. `watching`: the bare value is over the
    threshold and not proven. `rung` is what the plan asks for first."""

    key: str
    name: str
    kind: str
    fires: bool | None
    watching: bool
    words: str
    rung: str
    decide: str
    measured: Measured | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class PauseCheckAnswer:
    """`should_pause` is True when any condition fires."""

    rollout: str
    should_pause: bool
    conditions: tuple[PauseLine, ...]
    computed_at: datetime
