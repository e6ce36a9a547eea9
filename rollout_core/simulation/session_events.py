"""What a simulated session leaves behind: events of every kind, correlated through the subject. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from rollout_core.metrics.event import Event, Kind
from rollout_core.simulation.population import People, weighted
from rollout_core.simulation.scenario import Duration, Endpoint, Scenario
from rollout_core.simulation.sessions import Sessions, draw_sessions, factor
from rollout_core.simulation.stretches import Stretch


@dataclass(frozen=True, slots=True)
class Made:
    """Everything the event makers share for one day."""

    scenario: Scenario
    people: People
    stretches: Sequence[Stretch]
    began_at: datetime
    day: int
    rng: np.random.Generator
    sessions: Sessions
    releases: np.ndarray
    members: np.ndarray
    told: dict[str, np.ndarray]
    """flag -> in which sessions the application tells who stands on which side."""

    def when(self, row: int, seconds: float = 0.0) -> datetime:
        """The instant of a session plus some seconds."""
        return self.began_at + timedelta(days=float(self.sessions.at_day[row]), seconds=seconds)

    def units(self, row: int) -> dict[str, str]:
        """Whom the session belongs to; organisations name one of their people too."""
        unit = self.scenario.population.unit
        subject = self.people.ids[self.sessions.who[row]]
        if not self.scenario.population.people_per_unit:
            return {unit: subject}
        return {unit: subject, "user": f"{subject}-{self.members[row]}"}

    def session(self, row: int) -> str:
        """The session's name."""
        return f"{self.scenario.population.prefix}s{self.day}-{row}"

    def common(self, row: int) -> dict[str, Any]:
        """Fields that every event of a session carries."""
        return {"units": self.units(row), "session": self.session(row), "release": self.releases[row],
                "device": self.people.device[self.sessions.who[row]]}

    def repeat(self, per_session: float | np.ndarray) -> np.ndarray:
        """Session rows repeated by Poisson counts with this mean each."""
        rows = np.arange(len(self.sessions.who))
        return np.repeat(rows, self.rng.poisson(per_session, len(rows)))

    def durations(self, shape: Duration | Endpoint, rows: np.ndarray) -> np.ndarray:
        """Log-normal durations of the subjects behind `rows`, before effects."""
        own = self.people.speed[self.sessions.who[rows]]
        scatter: np.ndarray = np.exp(self.rng.normal(0, shape.sigma, len(rows)))
        found: np.ndarray = shape.median * own * scatter
        return found


def rows_where(chosen: np.ndarray) -> list[int]:
    """The places at which a mask is True."""
    return [int(place) for place in np.flatnonzero(chosen)]


def make_day(scenario: Scenario, people: People, stretches: Sequence[Stretch], began_at: datetime,
             day: int) -> list[Event]:
    """All events of a day, sorted by time; the same for the same seed, stretches and day."""
    rng, sessions = draw_sessions(scenario, people, stretches, began_at, day)
    names = np.array([release.name for release in scenario.releases], dtype=object)
    days = np.array([release.day for release in scenario.releases])
    releases = names[np.maximum(np.searchsorted(days, sessions.at_day, side="right") - 1, 0)]
    members = rng.integers(1, max(scenario.population.people_per_unit, 1) + 1, len(sessions.who))
    first = {stretch.flag for stretch in stretches}
    told = {flag: rng.random(len(sessions.who)) < (1.0 if flag in first else scenario.behaviour.told_again)
            for flag in scenario.behaviour.feature_use}
    made = Made(scenario, people, stretches, began_at, day, rng, sessions, releases, members, told)
    makers = (exposures, session_ends, page_loads, requests, renders, errors, feature_uses, tasks, feedback, tickets,
              conversions, health_checks)
    events = [event for maker in makers for event in maker(made)]
    return sorted(events, key=lambda event: event.occurred_at)


def exposures(made: Made) -> Iterator[Event]:
    """One a session for each flag that is served and told of, for treatment and control alike."""
    unit = made.scenario.population.unit
    for row in rows_where(made.sessions.stretch >= 0):
        stretch = made.stretches[made.sessions.stretch[row]]
        index = made.sessions.who[row]
        if stretch.arm[index] == "none":
            continue
        for flag in (flag for flag, told in made.told.items() if told[row] and flag in stretch.served):
            yield Event(event_id=f"{made.session(row)}-x{flag}", kind=Kind.EXPOSURE, occurred_at=made.when(row),
                        rollout=made.scenario.plan, unit=unit, subject=made.people.ids[index], flag=flag,
                        arm=stretch.arm[index], phase=stretch.phase, epoch=stretch.epoch,
                        inclusion=int(stretch.inclusion[index]), **made.common(row))


def session_ends(made: Made) -> Iterator[Event]:
    """Sessions with their length."""
    rows = np.arange(len(made.sessions.who))
    longer = factor(made.scenario.effects, "minutes", made.sessions, rows)
    lengths = made.durations(made.scenario.behaviour.minutes, rows) * longer
    for row, length in zip(rows.tolist(), lengths, strict=True):
        yield Event(event_id=f"{made.session(row)}-s", kind=Kind.SESSION, occurred_at=made.when(row, 1),
                    value=float(min(length, 14_400_000)), **made.common(row))


def page_loads(made: Made) -> Iterator[Event]:
    """Page views; on a sampled part of them the five vitals."""
    behaviour = made.scenario.behaviour
    rows = np.sort(np.concatenate([np.arange(len(made.sessions.who)), made.repeat(max(behaviour.page_views - 1, 0))]))
    pages = weighted(made.rng, behaviour.pages, len(rows))
    sampled = made.rng.random(len(rows)) < behaviour.vitals_sampled
    slower = {name: factor(made.scenario.effects, f"vital.{name}", made.sessions, rows, pages)
              for name in behaviour.vitals}
    vitals = {name: made.durations(shape, rows) * slower[name] for name, shape in behaviour.vitals.items()}
    for number, (row, page) in enumerate(zip(rows, pages, strict=True)):
        load = f"{made.session(row)}-p{number}"
        after = 2.0 + 20.0 * (number % 7)
        yield Event(event_id=load, kind=Kind.PAGE_VIEW, occurred_at=made.when(row, after), page=page, load=load,
                    **made.common(row))
        for name, values in vitals.items() if sampled[number] else ():
            yield Event(event_id=f"{load}-{name}", kind=Kind.WEB_VITAL, occurred_at=made.when(row, after + 2),
                        page=page, name=name, metric_id=f"{load}-{name}", load=load, value=float(values[number]),
                        **made.common(row))


def requests(made: Made) -> Iterator[Event]:
    """API requests, some of which fail."""
    behaviour = made.scenario.behaviour
    rows = made.repeat(behaviour.requests)
    paths = weighted(made.rng, {path: one.share for path, one in behaviour.endpoints.items()}, len(rows))
    slow = factor(made.scenario.effects, "api", made.sessions, rows)
    chance = behaviour.request_failures * made.people.error_proneness[made.sessions.who[rows]]
    failed = made.rng.random(len(rows)) < chance * factor(made.scenario.effects, "failures", made.sessions, rows)
    times = np.zeros(len(rows))
    for path, endpoint in behaviour.endpoints.items():
        here = paths == path
        times[here] = made.durations(endpoint, rows[here])
    for number, (row, path) in enumerate(zip(rows, paths, strict=True)):
        yield Event(event_id=f"{made.session(row)}-a{number}", kind=Kind.API_REQUEST, endpoint=path,
                    occurred_at=made.when(row, 3 + number % 60), value=float(min(times[number] * slow[number], 60_000)),
                    status=503 if failed[number] else 200, **made.common(row))


def renders(made: Made) -> Iterator[Event]:
    """Render times of components, on a tenth of the sessions."""
    for component, shape in made.scenario.behaviour.renders.items():
        rows = made.repeat(0.1)
        for number, (row, value) in enumerate(zip(rows, made.durations(shape, rows), strict=True)):
            yield Event(event_id=f"{made.session(row)}-r{component}{number}", kind=Kind.RENDER, name=component,
                        occurred_at=made.when(row, 4), value=float(value), **made.common(row))


def errors(made: Made) -> Iterator[Event]:
    """JavaScript, network and API errors; an effect's own group arrives while it lasts."""
    behaviour = made.scenario.behaviour
    chance = behaviour.errors * made.people.error_proneness[made.sessions.who]
    rows = made.repeat(np.minimum(chance, 0.9))
    groups = weighted(made.rng, behaviour.error_groups, len(rows))
    severe = np.where(made.rng.random(len(rows)) < behaviour.critical_share, "critical", "medium")
    for number, (row, group) in enumerate(zip(rows, groups, strict=True)):
        yield _error(made, row, f"e{number}", group, str(severe[number]))
    for effect in made.scenario.effects:
        if effect.what != "errors" or effect.group is None:
            continue
        hit = made.sessions.treated & (made.sessions.at_day >= effect.since) & (made.sessions.at_day < effect.until)
        rows = made.repeat(np.where(hit, behaviour.errors * (effect.factor - 1), 0.0))
        for number, row in enumerate(rows):
            yield _error(made, row, f"g{number}", effect.group, effect.severity or "medium")


CATEGORIES = {"NetworkError": "network", "TimeoutError": "network", "ApiError": "api", "ValidationError": "api"}


def _error(made: Made, row: int, name: str, group: str, severity: str) -> Event:
    return Event(event_id=f"{made.session(row)}-{name}", kind=Kind.ERROR, occurred_at=made.when(row, 15),
                 category=CATEGORIES.get(group.partition(":")[0], "javascript"), severity=severity, message=group,
                 page=str(made.rng.choice(list(made.scenario.behaviour.pages))), **made.common(row))


def feature_uses(made: Made) -> Iterator[Event]:
    """Uses of the flags that are on, by those who have taken them up."""
    for flag, chance in made.scenario.behaviour.feature_use.items():
        used = made.sessions.tries & (made.rng.random(len(made.sessions.who)) < chance)
        minutes = made.rng.exponential(3.0, len(used))
        for row in rows_where(used):
            if flag in made.stretches[made.sessions.stretch[row]].served:
                yield Event(event_id=f"{made.session(row)}-u{flag}", kind=Kind.FEATURE_USE, flag=flag,
                            occurred_at=made.when(row, 30), value=float(minutes[row] * 60_000), **made.common(row))


def tasks(made: Made) -> Iterator[Event]:
    """Tasks begun, and those of them that were completed."""
    for name, completed in made.scenario.behaviour.tasks.items():
        for row in rows_where(made.rng.random(len(made.sessions.who)) < made.scenario.behaviour.tasks_started):
            yield Event(event_id=f"{made.session(row)}-t{name}", kind=Kind.TASK, name=name, state="started",
                        occurred_at=made.when(row, 40), **made.common(row))
            if made.rng.random() < completed:
                yield Event(event_id=f"{made.session(row)}-c{name}", kind=Kind.TASK, name=name, state="completed",
                            occurred_at=made.when(row, 200), **made.common(row))


def feedback(made: Made) -> Iterator[Event]:
    """Ratings from 1 to 5, and on a part of them the question for a recommendation from 0 to 10."""
    behaviour = made.scenario.behaviour
    rows = made.repeat(behaviour.feedback)
    wanted = behaviour.satisfaction * factor(made.scenario.effects, "satisfaction", made.sessions, rows)
    scores = np.clip(np.round(made.rng.normal(wanted, 0.95)), 1, 5)
    for number, (row, score) in enumerate(zip(rows, scores, strict=True)):
        yield Event(event_id=f"{made.session(row)}-f{number}", kind=Kind.FEEDBACK, name="satisfaction",
                    value=float(score), occurred_at=made.when(row, 300), comment=COMMENTS[int(score)],
                    **made.common(row))
        if made.rng.random() < behaviour.nps_share:
            yield Event(event_id=f"{made.session(row)}-n{number}", kind=Kind.FEEDBACK, name="nps", scale=(0.0, 10.0),
                        value=float(np.clip(round(score * 2 + made.rng.normal(0, 1)), 0, 10)),
                        occurred_at=made.when(row, 310), **made.common(row))


COMMENTS = {1: "Does not work for me (simulated)", 2: "Hard to find things (simulated)", 3: "It is fine (simulated)",
            4: "Good, a bit slow at times (simulated)", 5: "Exactly what I needed (simulated)"}


def tickets(made: Made) -> Iterator[Event]:
    """Support tickets."""
    chance = made.scenario.behaviour.tickets * factor(made.scenario.effects, "tickets", made.sessions,
                                                      np.arange(len(made.sessions.who)))
    for row in rows_where(made.rng.random(len(made.sessions.who)) < chance):
        yield Event(event_id=f"{made.session(row)}-k", kind=Kind.SUPPORT_TICKET, occurred_at=made.when(row, 900),
                    severity="low", state="opened", **made.common(row))


def conversions(made: Made) -> Iterator[Event]:
    """Conversions by name."""
    for name, chance in made.scenario.behaviour.conversions.items():
        for row in rows_where(made.rng.random(len(made.sessions.who)) < chance):
            yield Event(event_id=f"{made.session(row)}-v{name}", kind=Kind.CONVERSION, name=name,
                        occurred_at=made.when(row, 400), **made.common(row))


def health_checks(made: Made) -> Iterator[Event]:
    """Each component reports three times an hour that it is well."""
    prefix = f"{made.scenario.population.prefix}h{made.day}"
    for name in made.scenario.behaviour.health_checks:
        for turn in range(72):
            yield Event(event_id=f"{prefix}-{name}-{turn}", kind=Kind.HEALTH_CHECK, name=name,
                        occurred_at=made.began_at + timedelta(days=made.day, minutes=20 * turn + 5), ok=True)
