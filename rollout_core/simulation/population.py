"""The simulated register: subjects with attributes, drawn once from a scenario's seed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from rollout_core.flags.targeting import AttributeValue
from rollout_core.simulation.scenario import Population, Scenario

HEARD_DAYS = 14
"""How often the register hears of somebody's last activity."""

POPULATION_STREAM = 0
"""First word of the random stream; days use 1 and up, so no two draws share a stream."""


@dataclass(frozen=True, slots=True)
class People:
    """Columns over all subjects of a scenario (length N), newcomers at the end, in order of arrival.

    `attributes` are as of the first midnight (`attributes_at` for later); `idle_days` is how long before any instant an
    awake subject was last active. `arrives_day` is 0 for those who were there; `speed` and `error_proneness` multiply
    durations and error rates; `rate` is sessions a day; `adopter` and `adoption_delay_days` say who tries what they
    get, and how soon.
    """

    ids: list[str]
    began_at: datetime
    attributes: list[dict[str, AttributeValue]]
    idle_days: np.ndarray
    asleep: np.ndarray
    device: np.ndarray
    arrives_day: np.ndarray
    rate: np.ndarray
    speed: np.ndarray
    error_proneness: np.ndarray
    adopter: np.ndarray
    adoption_delay_days: np.ndarray


def weighted(rng: np.random.Generator, mix: dict[str, float], size: int) -> np.ndarray:
    """`size` keys drawn by weight, as an object array."""
    weights = np.array(list(mix.values()), dtype=float)
    return np.array(list(mix), dtype=object)[rng.choice(len(mix), size=size, p=weights / weights.sum())]


def draw_people(scenario: Scenario, began_at: datetime, days: int) -> People:
    """Everybody who is there at the start or arrives within `days`; the same for the same seed and any later `days`."""
    population, behaviour = scenario.population, scenario.behaviour
    rng = np.random.default_rng([scenario.seed, POPULATION_STREAM])
    first = _cohort(rng, scenario, population.size)
    cohorts = [first]
    for day in range(1, days + 1):
        day_rng = np.random.default_rng([scenario.seed, POPULATION_STREAM, day])
        cohorts.append(_cohort(day_rng, scenario, int(day_rng.poisson(population.newcomers_per_day)), day))
    columns = {name: np.concatenate([cohort[name] for cohort in cohorts]) for name in first}
    size = len(columns["rate"])
    return People(
        ids=[f"{population.prefix}{number:06d}" for number in range(1, size + 1)], began_at=began_at,
        attributes=list(_attributes(population, columns, began_at)),
        idle_days=columns["idle_days"], asleep=columns["asleep"],
        device=columns.get("device", weighted(rng, behaviour.devices, size)),
        arrives_day=columns["arrives_day"], rate=columns["rate"], speed=columns["speed"],
        error_proneness=columns["error_proneness"], adopter=columns["adopter"],
        adoption_delay_days=columns["adoption_delay_days"],
    )


def attributes_at(people: People, moment: datetime,
                  wanted: np.ndarray | None = None) -> list[dict[str, AttributeValue]]:
    """Everybody's attributes (with a mask: of those) as the register knows them at an instant.

    The register hears of a person's last activity every HEARD_DAYS days; whoever is awake had been active within their
    own idle days (at most 14) of that, so nobody awake ever looks inactive (30 days).
    """
    heard = _heard_day(people, moment)
    seen_days = heard - people.idle_days
    awake = ~people.asleep & (heard >= 0)
    places = range(len(people.ids)) if wanted is None else np.flatnonzero(wanted).tolist()
    return [_seen(people.attributes[place], people.began_at + timedelta(days=float(seen_days[place])))
            if awake[place] else people.attributes[place] for place in places]


def _seen(known: dict[str, AttributeValue], seen_at: datetime) -> dict[str, AttributeValue]:
    last = seen_at.isoformat(timespec="seconds")
    return known if last <= str(known["last_active_at"]) else {**known, "last_active_at": last}


def renewed(people: People, since_at: datetime, until_at: datetime) -> np.ndarray:
    """Who arrived or was heard of in (since, until]: a mask of length N."""
    days = [(moment - people.began_at) / timedelta(days=1) for moment in (since_at, until_at)]
    arrived = (people.arrives_day > days[0]) & (people.arrives_day <= days[1])
    heard = _heard_day(people, until_at) > np.maximum(_heard_day(people, since_at), -1)
    found: np.ndarray = arrived | (heard & ~people.asleep & (people.arrives_day <= days[1]))
    return found


def _heard_day(people: People, moment: datetime) -> np.ndarray:
    """The last day up to an instant on which the register heard of each; below 0: never yet."""
    day = int((moment - people.began_at) / timedelta(days=1) // 1)
    place = np.arange(len(people.ids)) % HEARD_DAYS
    found: np.ndarray = day - (day - place) % HEARD_DAYS
    return found


def _cohort(rng: np.random.Generator, scenario: Scenario, size: int, day: int = 0) -> dict[str, np.ndarray]:
    population, rhythm, behaviour = scenario.population, scenario.rhythm, scenario.behaviour
    columns = {name: weighted(rng, mix, size) for name, mix in population.mixes.items()}
    for name, chances in population.lists.items():
        columns[name] = _lists(rng, chances, size)
    sleeping = (rng.random(size) < population.sleeping_share) & (day == 0)
    own = np.exp(rng.normal(-rhythm.spread**2 / 2, rhythm.spread, size))
    columns["rate"] = rhythm.sessions_per_day * own * np.where(sleeping, 0.02, 1.0) * (2.5 if day else 1.0)
    seen_before = rng.random(size) * population.created_within_days
    columns["created_days_ago"] = np.full(size, -float(day)) if day else seen_before
    columns["idle_days"] = np.where(sleeping, 31 + rng.random(size) * 170, rng.random(size) * 14) * (0 if day else 1)
    columns["asleep"] = sleeping
    columns["arrives_day"] = np.full(size, day)
    columns["speed"] = np.exp(rng.normal(0, behaviour.subject_speed_sigma, size))
    sigma = behaviour.subject_error_sigma
    columns["error_proneness"] = np.exp(rng.normal(-(sigma**2) / 2, sigma, size))
    columns["adopter"] = rng.random(size) < behaviour.adopts
    columns["adoption_delay_days"] = rng.exponential(0.8, size)
    return columns


def _lists(rng: np.random.Generator, chances: dict[str, float], size: int) -> np.ndarray:
    there = rng.random((size, len(chances))) < np.array(list(chances.values()))
    names = list(chances)
    lists = np.empty(size, dtype=object)
    lists[:] = [tuple(names[index] for index in np.flatnonzero(row)) for row in there]
    return lists


def _attributes(population: Population, columns: dict[str, np.ndarray], began_at: datetime,
                ) -> Iterator[dict[str, AttributeValue]]:
    chosen = [*population.mixes, *population.lists]
    for index in range(len(columns["rate"])):
        created_at = began_at - timedelta(days=float(columns["created_days_ago"][index]))
        last_active_at = max(created_at, began_at - timedelta(days=float(columns["idle_days"][index])))
        attributes: dict[str, AttributeValue] = {name: columns[name][index] for name in chosen}
        attributes["created_at"] = created_at.isoformat(timespec="seconds")
        attributes["last_active_at"] = last_active_at.isoformat(timespec="seconds")
        if population.names:
            attributes["name"] = population.names.format(n=index + 1)
        yield attributes
