"""What the autopilot is doing about one rollout now: why it steps down, when the next step is, what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rollout_core.analysis.verdict import Status as Standing
from rollout_core.analysis.verdict import Verdict
from rollout_core.flags.bucketing import percentage_of_buckets
from rollout_core.insight.evidence_sources import parts_of
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.past import past_of
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.verdict_words import time_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.ports.room import Room
from rollout_core.rollouts.ladder import Past
from rollout_core.rollouts.status import SERVING
from rollout_core.rollouts.targets import Rollback, rollback_target

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class AutopilotRequest:
    """`rollout` None: the only one."""

    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A rule of the last step down whose harm is not ruled out since: `seen` says what is known, in words."""

    name: str
    seen: str


@dataclass(frozen=True, slots=True)
class AutopilotAnswer:
    """`reduced_at`: its last step down that no person has closed by a raise or a resume, `because` of these rules.

    `open`: which of them are not ruled out since. `next_at` and `next_percentage`: the step that follows if that stays
    so; None when none does. `stops`: what ends the steps, "" while there are none. `looked_at`: the last sweep.
    """

    rollout: str
    mode: str
    may_advance: bool
    reduced_at: datetime | None
    because: tuple[str, ...]
    open: tuple[Open, ...]
    dwell: str
    next_at: datetime | None
    next_percentage: float | None
    stops: str
    computed_at: datetime
    looked_at: datetime | None = None


def looked_key(rollout: str) -> str:
    """Where the control store's meta table keeps when a sweep last judged a rollout, as ISO text."""
    return f"looked:{rollout}"


def answer(room: Room, request: AutopilotRequest) -> AutopilotAnswer:
    """Where it stands. Raises RolloutNotFound, StoreUnavailable."""
    here = scene(room, request.rollout)
    found = autopilot_of(here, past_of(room, here), judgement_of(room, here))
    with room.control.read() as unit:
        looked = unit.meta.get(looked_key(here.rollout.key))
    return replace(found, looked_at=datetime.fromisoformat(looked)) if looked else found


def autopilot_of(here: Scene, past: Past, found: Judgement | None) -> AutopilotAnswer:
    """The same for what is already read."""
    rules, rollout = here.plan.autopilot, here.rollout
    names = {} if found is None else found.asked.names
    open_ones = tuple(_open(past, found)) if past.reduced_at is not None and found is not None else ()
    to = rollback_target(here.plan, rollout, Rollback.GRADUAL).percentage
    steps = rollout.autopilot == "act" and rollout.status in SERVING and open_ones and to < rollout.percentage
    next_at = max(past.reduced_at + rules.dwell, here.now) if steps and past.reduced_at is not None else None
    return AutopilotAnswer(
        rollout.key, rollout.autopilot, rules.may_advance, past.reduced_at,
        tuple(names.get(key, key) for key in past.because), open_ones,
        time_in_words(rules.dwell.total_seconds() / HOUR_S), next_at, percentage_of_buckets(to) if steps else None,
        _stops(open_ones) if steps else "", here.now)


def _open(past: Past, found: Judgement) -> Iterator[Open]:
    """As the ladder looks at it: a guardrail of the last step that is neither safe nor without data."""
    verdicts = {each.key: each for each in found.verdicts.guardrails}
    for key in past.because:
        verdict = verdicts.get(key)
        if verdict is not None and verdict.status in (Standing.WATCHING, Standing.WORSE):
            yield Open(found.asked.names.get(key, key), _seen(verdict, found))


def _seen(verdict: Verdict, found: Judgement) -> str:
    """ "may still be up to 1.2 percentage points worse than control, 0.5 are tolerated"."""
    if verdict.status is Standing.WORSE:
        return "is proven worse again"
    tolerated = next((rule.tolerated for rule in found.asked.policy.guardrails if rule.key == verdict.key), None)
    if verdict.upper is None or tolerated is None or verdict.scale != "difference" or not _is_share(verdict):
        many = f"{verdict.n_treatment:,} against {verdict.n_control:,}"
        return f"is not ruled out by what came since ({many})"
    return (f"may still be up to {verdict.upper * 100:.1f} percentage points worse than control, "
            f"{tolerated * 100:.1f} are tolerated")


def _is_share(verdict: Verdict) -> bool:
    """Shares and percentiles (judged as the share of slow ones) are said in percentage points."""
    metric = CATALOG.get(parts_of(verdict.metric)[0])
    return metric is not None and metric.unit in ("share", "ms")


def _stops(open_ones: tuple[Open, ...]) -> str:
    names = " and ".join(each.name for each in open_ones)
    return (f"It stops when {names} can be no worse than is tolerated, when nothing is left to take away, or when "
            "somebody resumes, raises the share or switches the autopilot to advise.")
