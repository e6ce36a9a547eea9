"""Worlds: documents that describe how subjects behave, to see how often the guards err and how soon they find harm.

A world names its populations, the ramp, what drifts, and the harm (or none). Shipped worlds are data/worlds/*.yaml; a
user adds his own file. `world_documents` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From this hour on, `percent` of each population is treated; `percents` overrides it by population."""

    hour: int
    percent: float
    percents: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Who takes part. `rate`: chance that an outcome is bad.

    Fresh worlds: `per_hour` newcomers, one outcome each. Returning worlds: `size` units with `events_per_day` each, of
    which the share `newcomers` arrives evenly over the rollout (the rest is there from the start).
    """

    name: str = "everyone"
    rate: float
    per_hour: float = 0.0
    size: int = 0
    events_per_day: float = 0.0
    newcomers: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What moves the base rate for everybody. `by_week`: factors per week. An incident multiplies it for some hours.
    `daily`: relative swing of traffic over the day."""

    by_week: tuple[float, ...] = ()
    incident_hour: int = -1
    incident_hours: int = 0
    incident_factor: float = 1.0
    daily: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What the feature does from `start_hour` on to whoever is treated.

    multiply: every unit's own rate times `factor`; redraw: a new rate per unit around base·factor, unrelated to its old
    one; shift: on the normal scale of a latent value (a quantile that moves), by `shift` standard deviations.
    """

    kind: Literal["none", "multiply", "redraw", "shift"] = "none"
    factor: float = 1.0
    shift: float = 0.0
    start_hour: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A whole world. `mde`: smallest harm worth pausing for, as a rate. `icc`: share of the variance between units;
    `spread`: how unit rates are spread (beta, or latent for exceedances of a quantile). `guardrails`: how many share
    the error budget (the others are harmless). `covariate_days`: days of pre-period data, 0 for none.
    """

    name: str
    summary: str
    kind: Literal["fresh", "returning"]
    populations: tuple[Population, ...]
    ramp: tuple[Step, ...]
    mde: float
    hours: int = 672
    icc: float = 0.0
    spread: Literal["beta", "latent"] = "beta"
    covariate_days: int = 0
    guardrails: int = 1
    exact_split: bool = False
    drift: Drift = Drift()
    harm: Harm = Harm()
    sample_loss: float = 0.0
    runs: int = 1000
    seed: int = 20261123

    @property
    def harmless(self) -> bool:
        """True when nothing should ever be found."""
        return self.harm.kind == "none"

    @property
    def rate(self) -> float:
        """The base rate, weighted by traffic."""
        weights = [entry.per_hour or entry.size * entry.events_per_day for entry in self.populations]
        return sum(w * entry.rate for w, entry in zip(weights, self.populations, strict=True)) / sum(weights)
