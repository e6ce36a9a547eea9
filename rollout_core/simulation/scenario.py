"""A demo scenario as a value: who there is, how they behave, what changes when, which verbs are pressed when.

Documents in data/demo/*.yaml hold the numbers. Days count from the scenario's first midnight (UTC); fractions are
times of day. Durations are milliseconds, rates are per session unless the name says otherwise, shares are 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Population:
    """Who is in the register. `mixes`: attribute -> value -> weight; `lists`: attribute -> value -> probability.

    `created_within_days` spreads the first day each was seen; `newcomers_per_day` join while the scenario runs;
    `sleeping_share` were last active 30 to 200 days before it began and rarely come back.
    """

    unit: str
    prefix: str
    size: int
    created_within_days: float
    newcomers_per_day: float
    sleeping_share: float
    mixes: dict[str, dict[str, float]]
    lists: dict[str, dict[str, float]]
    names: str | None = None
    people_per_unit: int = 0
    """When above 0 the unit is an organisation and this many users belong to each."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When sessions begin: 24 weights by hour and 7 by weekday (Monday first), how many a day per subject."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    sessions_per_day: float
    spread: float
    """Log-normal sigma of a subject's own rate: few come often, many rarely."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A log-normal duration: median in ms (CLS: its own number) and sigma of the log."""

    median: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API endpoint: its share of requests and its durations."""

    share: float
    median: float
    sigma: float = 0.5


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a session brings in control."""

    pages: dict[str, float]
    devices: dict[str, float]
    page_views: float
    vitals: dict[str, Duration]
    vitals_sampled: float
    requests: float
    endpoints: dict[str, Endpoint]
    request_failures: float
    renders: dict[str, Duration] = field(default_factory=dict)
    errors: float = 0.01
    error_groups: dict[str, float] = field(default_factory=dict)
    critical_share: float = 0.03
    tasks: dict[str, float] = field(default_factory=dict)
    tasks_started: float = 0.2
    feedback: float = 0.02
    satisfaction: float = 4.2
    nps_share: float = 0.4
    tickets: float = 0.002
    conversions: dict[str, float] = field(default_factory=dict)
    minutes: Duration = Duration(420_000, 0.9)
    feature_use: dict[str, float] = field(default_factory=dict)
    """flag -> probability that a session of somebody who has it uses it (after adopting it)."""
    told_again: float = 0.15
    """Share of the sessions in which the application tells of a flag: it remembers what it has told. The plan's first
    flag is told of in every session."""
    adopts: float = 0.55
    """Share of the treated who ever try it."""
    subject_speed_sigma: float = 0.2
    subject_error_sigma: float = 0.8
    health_checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """In treatment, from day `since` to `until`, `what` (errors, failures, vital.LCP, api, render, satisfaction,
    tickets, minutes) is multiplied by `factor`; `group` names the error fingerprint it brings, `page` narrows it."""

    what: str
    factor: float
    since: float = 0.0
    until: float = 1e9
    group: str | None = None
    page: str | None = None
    severity: str | None = None
    both_arms: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """A build that goes out at a day."""

    day: float
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A verb pressed at a day by somebody, with its request fields."""

    day: float
    verb: str
    by: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One rollout's simulated history."""

    format: str
    plan: str
    name: str
    seed: int
    days: int
    population: Population
    rhythm: Rhythm
    behaviour: Behaviour
    effects: tuple[Effect, ...]
    releases: tuple[Release, ...]
    steps: tuple[Step, ...]
