"""A verdict: what the evidence proves about one guardrail or criterion, with its interval, e-value and sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np


class Status(StrEnum):
    """What is known. Guardrails: worse | safe | watching | no_data; criteria: proven | not_yet | not_met | manual |
    no_data; the split: mismatch | watching | no_data. No data is never fine."""

    MISMATCH = "mismatch"
    WORSE = "worse"
    NOT_MET = "not_met"
    NO_DATA = "no_data"
    WATCHING = "watching"
    NOT_YET = "not_yet"
    MANUAL = "manual"
    SAFE = "safe"
    PROVEN = "proven"


WORST_FIRST = tuple(Status)
"""The order in which statuses fold: the order they are declared in."""


@dataclass(frozen=True, slots=True)
class Need:
    """What is missing until it is settled either way: further treated subjects (or denominators) until that has
    happened with a chance of 50 % and 90 %, and hours at the present inflow (None: no inflow known)."""

    RETIRED: ClassVar[tuple[str, ...]] = ("assumed_effect", "at_observed")

    subjects_50: int
    subjects_90: int
    hours_50: float | None
    hours_90: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`estimate`, `lower`, `upper` on `scale`: difference (treatment − tolerated_ratio·control, harm positive whichever
    way is worse), ratio (treatment / control, turned round where lower is worse: above 1 is harm) or level
    (treatment's own value). Each bound errs with 5 % at all times together; None: not bounded yet.

    `log_e` speaks for worse or proven, `log_e_needed` is what it takes. `acts` False: never more than advice. `kernel`
    names the test, `reason` why there is no more to say. `score` and `information` are what a forecast starts from (the
    clustered kernel's, or the level's; 0: none), positive towards worse or proven; `control_score` and
    `control_information` the same of control's own value against a target.
    """

    key: str
    metric: str
    status: Status
    scale: str = "level"
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    log_e: float = 0.0
    log_e_needed: float = 0.0
    n_treatment: int = 0
    n_control: int = 0
    kernel: str = "none"
    acts: bool = False
    need: Need | None = None
    control_breaks_too: bool = False
    reason: str = ""
    score: float = 0.0
    information: float = 0.0
    control_score: float = 0.0
    control_information: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Everything judged at one instant. The split is looked at first: a mismatch voids go, never harm."""

    sample_ratio: Verdict
    guardrails: tuple[Verdict, ...]
    criteria: tuple[Verdict, ...]
    watched: tuple[Verdict, ...] = ()

    @property
    def harm(self) -> tuple[Verdict, ...]:
        """Proven harm that may act."""
        return tuple(verdict for verdict in self.guardrails if verdict.status is Status.WORSE and verdict.acts)

    @property
    def held(self) -> bool:
        """True when the split is not the configured one: nothing may be raised."""
        return self.sample_ratio.status is Status.MISMATCH

    @property
    def criteria_met(self) -> bool:
        """True when there are criteria and every one is proven by a test that may act, or signed."""
        return worst(self.criteria) is Status.PROVEN and all(verdict.acts for verdict in self.criteria)

    @property
    def ready(self) -> bool:
        """True when exposure may rise by proof: criteria met, every guardrail safe, split as configured."""
        safe = all(verdict.status is Status.SAFE for verdict in self.guardrails)
        return self.criteria_met and safe and not self.held


def worst(verdicts: Iterable[Verdict]) -> Status:
    """The status that decides for all of them. Nothing judged is no data."""
    statuses = [verdict.status for verdict in verdicts]
    return min(statuses, key=WORST_FIRST.index) if statuses else Status.NO_DATA


def bounded(value: float) -> float | None:
    """A bound as a record holds it: None where it is infinite or not a number."""
    return float(value) if np.isfinite(value) else None
