"""Who stands on which side between two epochs: the arms of all simulated subjects, computed once per epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from rollout_core.flags import evaluation
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.simulation.population import People, attributes_at


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since_at` until the next stretch: per subject the arm (object array) and inclusion; None before the start.

    `flag` is the flag whose decision is recorded as the exposure; `served` the flags that are on for treatment.
    """

    since_at: datetime
    epoch: int
    phase: str | None
    flag: str
    served: frozenset[str]
    arm: np.ndarray
    inclusion: np.ndarray


def stretch_of(served: ServedRollout, people: People, flag: str, since_at: datetime) -> Stretch:
    """Decides every subject under what is served now, through the product's own evaluation."""
    compiled = evaluation.compile_rollout(served)
    arms = np.empty(len(people.ids), dtype=object)
    inclusion = np.zeros(len(people.ids), dtype=np.int64)
    for index, (subject, attributes) in enumerate(zip(people.ids, attributes_at(people, since_at), strict=True)):
        decision = evaluation.evaluate(compiled, flag, subject, attributes, since_at)
        arms[index] = decision.arm.value
        inclusion[index] = decision.inclusion
    return Stretch(since_at, served.epoch, served.phase, flag, served.served, arms, inclusion)
