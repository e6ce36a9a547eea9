"""Sessions of one simulated day: who comes, when, on what, and what the scenario's effects do to them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from rollout_core.simulation.population import People
from rollout_core.simulation.scenario import Effect, Scenario
from rollout_core.simulation.stretches import Stretch

SESSION_STREAM = 1


@dataclass(frozen=True, slots=True)
class Sessions:
    """Columns over the sessions of one day, in order of time (length S).

    `who` indexes People; `at_day` counts days from the scenario's first midnight; `stretch` indexes the stretches
    (-1: before the first); `treated` is True where the subject has the feature; `tries` where it uses it.
    """

    who: np.ndarray
    at_day: np.ndarray
    stretch: np.ndarray
    treated: np.ndarray
    tries: np.ndarray


def draw_sessions(scenario: Scenario, people: People, stretches: Sequence[Stretch], began_at: datetime,
                  day: int) -> tuple[np.random.Generator, Sessions]:
    """The day's sessions and the generator that goes on with their contents."""
    rng = np.random.default_rng([scenario.seed, SESSION_STREAM, day])
    rhythm = scenario.rhythm
    weekday = (began_at + timedelta(days=day)).weekday()
    expected = people.rate * rhythm.weekdays[weekday] * (people.arrives_day <= day)
    who = np.repeat(np.arange(len(expected)), rng.poisson(expected))
    hours = np.array(rhythm.hours) / sum(rhythm.hours)
    at_day = day + (rng.choice(24, size=len(who), p=hours) + rng.random(len(who))) / 24
    order = np.argsort(at_day, kind="stable")
    who, at_day = who[order], at_day[order]
    begins = np.array([(stretch.since_at - began_at) / timedelta(days=1) for stretch in stretches])
    stretch = np.searchsorted(begins, at_day, side="right") - 1
    treated = _pick(stretches, stretch, who) == "treatment"
    first = _treated_since(stretches, begins, who, stretch)
    tries = treated & people.adopter[who] & (at_day - first >= people.adoption_delay_days[who])
    return rng, Sessions(who, at_day, stretch, treated, tries)


def _pick(stretches: Sequence[Stretch], stretch: np.ndarray, who: np.ndarray) -> np.ndarray:
    arms = np.full(len(who), "none", dtype=object)
    for index, one in enumerate(stretches):
        here = stretch == index
        arms[here] = one.arm[who[here]]
    return arms


def _treated_since(stretches: Sequence[Stretch], begins: np.ndarray, who: np.ndarray,
                   stretch: np.ndarray) -> np.ndarray:
    """The day each session's subject first became treated (infinite: never)."""
    since = np.full(len(who), np.inf)
    for index in reversed(range(len(stretches))):
        there = (stretches[index].arm[who] == "treatment") & (stretch >= index)
        since[there] = begins[index]
    return since


def factor(effects: Sequence[Effect], what: str, sessions: Sessions, rows: np.ndarray,
           pages: np.ndarray | None = None) -> np.ndarray:
    """The product of all effects on `what` for each of `rows` (session indexes)."""
    product = np.ones(len(rows))
    for effect in effects:
        if effect.what != what:
            continue
        at_day = sessions.at_day[rows]
        hit = (at_day >= effect.since) & (at_day < effect.until)
        if not effect.both_arms:
            hit &= sessions.treated[rows]
        if effect.page is not None:
            hit = hit & (pages == effect.page) if pages is not None else np.zeros(len(rows), dtype=bool)
        product[hit] *= effect.factor
    return product
