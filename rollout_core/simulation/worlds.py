"""Worlds: documents that describe how subjects behave, to see how often the guards err and how soon they find harm.

A world names its populations, the ramp, what drifts, and the harm (or none). Shipped worlds are data/worlds/*.yaml; a
user adds his own file. `world_named` and `read_world` are the only readers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from rollout_core.errors import InvalidDocument

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "worlds"
DEEPEST_LIKE = 5


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
    seed: int = 20261122

    @property
    def harmless(self) -> bool:
        """True when nothing should ever be found."""
        return self.harm.kind == "none"

    @property
    def rate(self) -> float:
        """The base rate, weighted by traffic."""
        weights = [entry.per_hour or entry.size * entry.events_per_day for entry in self.populations]
        return sum(w * entry.rate for w, entry in zip(weights, self.populations, strict=True)) / sum(weights)


def world_named(name: str, folder: Path = SHIPPED) -> World:
    """The shipped world of this name. Raises InvalidDocument with the names there are."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in folder.glob("*.yaml")))
        raise InvalidDocument(f"There is no world called {name}.", mend=f"Known worlds: {known}. Or name a file.")
    return read_world(path)


def read_world(path: Path) -> World:
    """The world in a YAML document; `like: NAME` starts from a shipped or neighbouring world and replaces whole fields.

    Raises InvalidDocument naming the file and the field.
    """
    try:
        world = msgspec.convert(_fields(path), World, strict=True)
    except (msgspec.ValidationError, yaml.YAMLError, OSError, AttributeError) as error:
        raise InvalidDocument(f"{path.name}: {error}", mend="See data/worlds for examples.", file=str(path)) from error
    _check(world, path)
    return world


def _fields(path: Path, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    like = found.pop("like", None)
    if like is None:
        return found
    if depth >= DEEPEST_LIKE:
        raise InvalidDocument(f"{path.name}: `like` goes in circles or too deep.", mend="Name a world without `like`.")
    beside, shipped = path.parent / f"{like}.yaml", SHIPPED / f"{like}.yaml"
    return {**_fields(beside if beside.is_file() else shipped, depth + 1), **found}


def _check(world: World, path: Path) -> None:
    problems = [
        (not world.ramp or world.ramp[0].hour != 0, "the ramp's first step must be at hour 0"),
        (any(a.hour >= b.hour for a, b in zip(world.ramp, world.ramp[1:], strict=False)), "ramp hours must rise"),
        (world.kind == "fresh" and any(p.per_hour <= 0 for p in world.populations), "fresh populations need per_hour"),
        (world.kind == "returning" and any(p.size <= 0 or p.events_per_day <= 0 for p in world.populations),
         "returning populations need size and events_per_day"),
        (world.mde <= 0, "mde must be above 0"),
    ]
    found = [text for wrong, text in problems if wrong]
    if found:
        raise InvalidDocument(f"{path.name}: {'; '.join(found)}.", mend="See data/worlds for examples.", file=str(path))
