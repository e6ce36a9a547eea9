"""Answers foresight: what a phase can find and how soon, from the register, the traffic and the present evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from rollout_core.analysis.detectability import Compared
from rollout_core.analysis.forecast import expected_extra_harm
from rollout_core.flags.bucketing import BUCKETS, percentage_of_buckets
from rollout_core.insight.deciding import all_met_of, decides_of
from rollout_core.insight.detecting import Traffic, detects_of
from rollout_core.insight.foresight_answer import Decides, Detects, ForesightAnswer, ForesightRequest
from rollout_core.insight.judgement import Judgement, judgement_of
from rollout_core.insight.known import known_of, read_frozen
from rollout_core.insight.scene import Scene, scene
from rollout_core.insight.share import census_of
from rollout_core.insight.verdict_words import time_in_words
from rollout_core.insight.words import number
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.formula import Percentile
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import ActiveSubjects
from rollout_core.ports.room import Room
from rollout_core.rollouts.census import Census
from rollout_core.rollouts.filling import Filled, raise_to
from rollout_core.rollouts.phase import Phase
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.targets import phase_ahead, place_of

LOOKED_AT = timedelta(days=7)
HOUR = timedelta(hours=1)


def answer(room: Room, request: ForesightRequest) -> ForesightAnswer:
    """Looks ahead. Raises RolloutNotFound, StoreUnavailable, InvalidRequest for an unknown phase."""
    return looked_ahead(room, request, None)


def looked_ahead(room: Room, request: ForesightRequest, after: Rollout | None) -> ForesightAnswer:
    """The same for the phase as a change would serve it: by the thresholds and the share of the rollout `after` it."""
    here = scene(room, request.rollout)
    place_of(here.plan, request.phase)
    found = judgement_of(room, here)
    phase = phase_ahead(here.plan, here.rollout) if request.phase is None else here.plan.phase(request.phase)
    decides = decides_of(found, here.plan, hours_left(here)) if found is not None else ()
    all_met = all_met_of(decides)
    if phase is None:
        return ForesightAnswer(here.rollout.key, None, "", 100.0, None, None, None, None, None, (), decides, all_met,
                               None, tuple(_decided_words(decides, all_met, hours_left(here))))
    census, an_hour = census_of(room, here), active_an_hour(room, here)
    strata = compared_in(here, phase, census, after)
    share = phase.percentage if after is None else after.percentage
    length = phase.maximum_duration or phase.minimum_duration
    traffic = Traffic(share / BUCKETS, None if census is None else census.eligible(), an_hour,
                      None if length is None else length / HOUR, strata)
    with room.control.read() as unit:
        known = known_of(read_frozen(unit, here.rollout.key, here.rollout.evidence_version), here)
    detects = detects_of(here.plan, known, traffic)
    judged = None if not detects or any(each.possible is None for each in detects) else any(
        each.possible for each in detects)
    extra = extra_harm(here, found, traffic)
    words = (*_judged_words(_named(phase, share), judged, strata, detects),
             *_decided_words(decides, all_met, hours_left(here)), *_harm_words(extra))
    return ForesightAnswer(
        here.rollout.key, phase.key, phase.name, percentage_of_buckets(share), traffic.eligible,
        None if strata is None else sum(each.eligible for each in strata), an_hour, traffic.hours, judged, detects,
        decides, all_met, extra, words)


def compared_in(here: Scene, phase: Phase, census: Census | None,
                after: Rollout | None = None) -> tuple[Compared, ...] | None:
    """The subjects that would be in or out by chance in a phase, by their chance; None without a register.

    With `after` by the thresholds of that change. Otherwise the phase's share is filled: on from what is served, or
    was before a pause; a phase that lies behind as if it were entered first.
    """
    if census is None:
        return None
    rollout = here.rollout if after is None else after
    thresholds = _filled_in(here, phase, census) if after is None else after.thresholds
    holdout = rollout.holdout if rollout.started_at else here.plan.holdout
    found = census.by_inclusion(thresholds, rollout.ever, holdout.buckets)
    return tuple(Compared(inclusion / BUCKETS, count) for inclusion, count in sorted(found.items())
                 if 0 < inclusion < BUCKETS)


def _filled_in(here: Scene, phase: Phase, census: Census) -> Mapping[str, int]:
    rollout = here.rollout
    behind = rollout.phase is not None and here.plan.phase_index(phase.key) < here.plan.phase_index(rollout.phase)
    before = rollout.thresholds if rollout.remembered is None else rollout.remembered_thresholds
    served = Filled({}, ()) if behind else Filled(before, rollout.raises)
    return raise_to(here.plan, phase, phase.percentage, served, census).thresholds


def active_an_hour(room: Room, here: Scene) -> float | None:
    """Subjects of the rollout's unit that come an hour, each counted once a day; None when nobody was seen."""
    rows = room.events.measure(ActiveSubjects(here.rollout.key, Window(here.now - LOOKED_AT, here.now),
                                              ("session", "page_view"))).records()
    by_day: dict[object, dict[str, int]] = {}
    for row in rows:
        kinds = by_day.setdefault(row["day"], {})
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + row["subjects"]
    whole = [max(kinds.values()) for day, kinds in sorted(by_day.items(), key=str)][1:-1] or [
        max(kinds.values()) for kinds in by_day.values()]
    return sum(whole) / len(whole) / 24 if whole else None


def hours_left(here: Scene) -> float | None:
    """Hours to the end of the present phase: of its maximum duration, else of its minimum; 0 when that is over."""
    if here.rollout.phase is None or here.rollout.phase_entered_at is None:
        return None
    phase = here.plan.phase(here.rollout.phase)
    length = phase.maximum_duration or phase.minimum_duration
    if length is None:
        return None
    return max((here.rollout.phase_entered_at + length - here.now) / HOUR, 0.0)


def extra_harm(here: Scene, found: Judgement | None, traffic: Traffic) -> float | None:
    """Expected extra errors while the next phase lasts: E[max(θ, 0)]·outcomes in treatment. None: nothing to go by."""
    if found is None or traffic.hours is None or not here.rollout.percentage:
        return None
    for rule in found.asked.policy.guardrails:
        verdict = next(each for each in found.verdicts.guardrails if each.key == rule.key)
        metric = found.evidence.of(rule.metric)
        if rule.metric == here.plan.health.error_metric and verdict.information > 0.0 and metric is not None:
            inflow = (metric.treatment_per_hour or 0.0) * traffic.share * BUCKETS / here.rollout.percentage
            return expected_extra_harm(verdict.score, verdict.information, rule.mde, inflow * traffic.hours)
    return None


def _named(phase: Phase, share: int) -> str:
    """The phase's name, with the share where that is not the phase's own."""
    return phase.name if share == phase.percentage else f"{phase.name} at {number(share / BUCKETS, 'share')}"


def _judged_words(name: str, judged: bool | None, strata: tuple[Compared, ...] | None,
                  detects: Sequence[Detects]) -> list[str]:
    """What the phase would notice and how soon, and what it would not; or that its numbers say nothing."""
    if judged is None:
        return [f"{name}: not enough is known of register and traffic to say what it can find."]
    if judged:
        seen = [f"{change_words(each)} within about {time_in_words(each.hours)}"
                for each in sorted(detects, key=lambda each: each.hours or 0.0) if each.possible and each.hours]
        unseen = [change_words(each) for each in detects if not each.possible]
        return [f"{name} would notice, 8 times in 10: {'; '.join(seen)}.",
                *([f"It would not notice in time: {'; '.join(unseen)}."] if unseen else [])]
    if strata is not None and not strata:
        return [f"{name} takes its audiences whole: there is nobody left out to compare with, so only absolute "
                "limits speak. Go by them, by its checklist and by signatures."]
    return [f"{name} would not notice in time: {'; '.join(change_words(each) for each in detects)}.",
            "So its numbers decide little. Go by its checklist and by signatures, too."]


def change_words(each: Detects) -> str:
    """ "Sessions with an error (0.93% to 1.93%)": the rule and the change of its share; of a percentile the share above
    it: "Page load (p75), 10% slower (28.7% instead of 25.0% above the usual p75)"."""
    formula = CATALOG[each.metric].formula
    if isinstance(formula, Percentile):
        return f"{each.name} ({each.risen:.1%} instead of {each.base:.1%} above the usual p{formula.share * 100:g})"
    return f"{each.name} ({number(each.base, 'share')} to {number(each.risen, 'share')})"


def _decided_words(decides: tuple[Decides, ...], all_met: float | None, left: float | None) -> list[str]:
    """Silent once all is proven, and when nothing is left of the present phase."""
    if all_met is None or not decides or all_met >= 1.0 or not left:
        return []
    return [f"Waiting instead proves every criterion of the present phase with a chance of about {all_met:.0%} in the "
            f"{time_in_words(left)} that it may still last."]


def _harm_words(extra: float | None) -> list[str]:
    if extra is None:
        return []
    return [f"Expected at what is known now: about {float(f'{extra:.2g}'):,.0f} extra errors in the next phase. "
            "This is advice; nothing is decided by it."]
