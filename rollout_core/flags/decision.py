"""The answer of an evaluation: value, reason and everything a report needs to attribute what follows."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rollout_core.flags.bucketing import BUCKETS


class Arm(StrEnum):
    """The side of the comparison a subject stands on; NONE and FORMER are in no comparison."""

    TREATMENT = "treatment"
    CONTROL = "control"
    HOLDOUT = "holdout"
    FORMER = "former"
    NONE = "none"


COMPARED = (Arm.TREATMENT, Arm.CONTROL, Arm.HOLDOUT)
"""The arms a comparison may read; HOLDOUT counts as control."""


class Reason(StrEnum):
    """Why a subject got its value. Outward these are folded to OpenFeature's names by `openfeature_reason`."""

    STOPPED = "stopped"
    PAUSED = "paused"
    NOT_RUNNING = "not_running"
    SUBJECT_OVERRIDE = "subject_override"
    ENVIRONMENT_OVERRIDE = "environment_override"
    NOT_ENTERED = "flag_not_entered"
    PREREQUISITE_OFF = "prerequisite_off"
    NOT_ELIGIBLE = "not_eligible"
    HOLDOUT = "holdout"
    AUDIENCE_BUCKET = "in_by_bucket"
    OUT_BY_BUCKET = "out_by_bucket"
    NO_AUDIENCE = "no_audience"


OPENFEATURE_REASONS = {
    Reason.STOPPED: "DISABLED", Reason.PAUSED: "DISABLED", Reason.NOT_RUNNING: "DISABLED",
    Reason.SUBJECT_OVERRIDE: "TARGETING_MATCH", Reason.ENVIRONMENT_OVERRIDE: "STATIC",
    Reason.NOT_ENTERED: "DISABLED", Reason.PREREQUISITE_OFF: "DISABLED", Reason.NOT_ELIGIBLE: "DEFAULT",
    Reason.HOLDOUT: "SPLIT", Reason.AUDIENCE_BUCKET: "SPLIT", Reason.OUT_BY_BUCKET: "SPLIT",
    Reason.NO_AUDIENCE: "DEFAULT",
}


class Decision(NamedTuple):
    """What one subject gets for one flag, and why.

    `inclusion` is the probability of being in of those who are compared, in buckets (0..100,000; reach.inclusion_of);
    with `epoch` it names the stratum.
    `bucket` is -1 when the answer did not depend on it. A named tuple because one is made on every evaluation: a
    frozen dataclass of this width costs three times the bucket itself. `_asdict()` makes it an object for JSON.
    """

    flag: str
    rollout: str
    value: bool | str | int | float
    variant: str
    reason: Reason
    arm: Arm
    phase: str | None
    epoch: int
    inclusion: int
    bucket: int
    audience: str | None = None
    threshold: int = 0
    detail: str = ""

    @property
    def compared(self) -> bool:
        """True when a comparison may read this subject: by chance in or out, with a chance of both."""
        return self.arm in COMPARED and 0 < self.inclusion < BUCKETS

    @property
    def openfeature_reason(self) -> str:
        """The reason in OpenFeature's words."""
        return OPENFEATURE_REASONS[self.reason]
