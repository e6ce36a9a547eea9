"""What is asked of the evidence: guardrails, limits and criteria with their error rates. Numbers come from the plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which side of a value is meant."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class DifferenceGuardrail:
    """Treatment must not be worse than concurrent control (times `tolerated_ratio`: 1.3 asks "more than 30 % worse").

    `mde`: the smallest harm worth pausing for, in the metric's unit. `margin`: the harm that is still tolerated when
    exposure rises (None: mde/2). `baseline`: the usual value, for rates. `weight`: share of the error budget.
    """

    key: str
    metric: str
    mde: float
    worse: Direction = Direction.HIGHER
    tolerated_ratio: float = 1.0
    margin: float | None = None
    baseline: float | None = None
    weight: float = 1.0
    acts: bool = True

    @property
    def tolerated(self) -> float:
        """The margin, or half the MDE."""
        return self.mde / 2.0 if self.margin is None else self.margin


@dataclass(frozen=True, slots=True)
class LimitGuardrail:
    """Treatment's own value must not lie beyond a fixed limit (error rate above 5 %, adoption below 10 %)."""

    key: str
    metric: str
    limit: float
    mde: float
    worse: Direction = Direction.HIGHER
    weight: float = 1.0
    acts: bool = True


@dataclass(frozen=True, slots=True)
class TargetCriterion:
    """Treatment's own value has to be proven beyond a target (adoption above 20 %, errors below 3 %).

    `since_epoch`: the ordinal from which it counts, for a criterion about the phase that began with it.
    """

    key: str
    metric: str
    target: float
    mde: float
    better: Direction = Direction.HIGHER
    since_epoch: int = 1


@dataclass(frozen=True, slots=True)
class ImprovementCriterion:
    """Treatment has to be proven better than `ratio` times concurrent control (1.05: at least 5 % higher)."""

    key: str
    metric: str
    ratio: float
    mde: float
    better: Direction = Direction.HIGHER


@dataclass(frozen=True, slots=True)
class ManualCriterion:
    """Something no metric can prove: a person signs it."""

    key: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything one rollout version is judged by.

    `watched` are limits that only tell people, outside the error budget and of no weight for a go.
    `alpha_pause`: share of harmless versions that any acting guardrail may touch; `alpha_go`: chance of a wrong "met",
    per criterion; `alpha_watch`: for guardrails that never act; `alpha_sample_ratio`: for the split.
    """

    guardrails: tuple[DifferenceGuardrail, ...] = ()
    limits: tuple[LimitGuardrail, ...] = ()
    targets: tuple[TargetCriterion, ...] = ()
    improvements: tuple[ImprovementCriterion, ...] = ()
    manual: tuple[ManualCriterion, ...] = ()
    alpha_pause: float = 0.05
    alpha_go: float = 0.05
    alpha_watch: float = 0.20
    alpha_sample_ratio: float = 0.01
    watched: tuple[LimitGuardrail, ...] = ()

    def acting_weights(self) -> dict[str, float]:
        """Weights of the guardrails and limits that may act, by key."""
        acting = [(rule.key, rule.weight) for rule in self.guardrails if rule.acts]
        return dict(acting + [(rule.key, rule.weight) for rule in self.limits if rule.acts])
