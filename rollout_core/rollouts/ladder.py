"""The autopilot's decision: from verdicts and conditions to one step, or none. Pure; it never raises after it reduced.

Each rule names its first rung. A reduction opens an epoch whose evidence starts at nothing. The next step down needs
new proof in that epoch, or the dwell time without the harm's upper bound falling below its margin; at most one step per
dwell time. A limit that control breaks too, with no proven difference, holds and tells people. It advances only where
the plan allows it and everything is proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rollout_core.analysis.ramp import RampAdvice, RampStep
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.analysis.verdict import Verdict, Verdicts
from rollout_core.rollouts.ladder_words import otherwise, reasons, staying
from rollout_core.rollouts.plan import WHOLE, Plan, Rung
from rollout_core.rollouts.policies import Asked
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import SERVING, Status
from rollout_core.rollouts.targets import Rollback, rollback_target


class Act(StrEnum):
    """What a sweep decides to do. The reductions carry the names of their rungs."""

    NONE = "none"
    HOLD = "hold"
    HALVE = "halve"
    PREVIOUS_PHASE = "previous_phase"
    SAFE_STATE = "safe_state"
    PAUSE = "pause"
    ADVANCE = "advance"
    STEP_UP = "step_up"
    STEP_BACK = "step_back"


REDUCTIONS = (Act.HALVE, Act.PREVIOUS_PHASE, Act.SAFE_STATE, Act.PAUSE)
"""From mild to hard: a rung that would not lower anything gives way to the next."""

ROLLBACK_OF = {Act.HALVE: Rollback.GRADUAL, Act.PREVIOUS_PHASE: Rollback.IMMEDIATE, Act.SAFE_STATE: Rollback.FULL}
"""The rollback verb's kind for each rung but pause."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is so, without statistics: an open critical issue, a failed check, data that stopped."""

    key: str
    name: str
    rung: Rung
    words: str


@dataclass(frozen=True, slots=True)
class Past:
    """The autopilot's last reduction since a person last changed the rollout: when, and because of which rules."""

    reduced_at: datetime | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One decision. `because` are rule keys; `to` the share (buckets) a reduction goes to; `else_words` says what
    would have changed it."""

    act: Act
    because: tuple[str, ...] = ()
    to: int | None = None
    words: str = ""
    else_words: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one sweep knows. `gates_open`: every gate of the next step is met; `blocked`: why it may not advance.

    `ramp`: the advice of the plan's risk budget, if it has one.
    """

    verdicts: Verdicts
    conditions: tuple[Condition, ...] = ()
    gates_open: bool = False
    blocked: str = ""
    ramp: RampAdvice | None = None


def propose(plan: Plan, rollout: Rollout, asked: Asked, seen: Seen, past: Past, now: datetime) -> Proposal:
    """The step for this instant, whatever mode the autopilot is in."""
    if rollout.status not in SERVING:
        return Proposal(Act.NONE, words=f"The rollout is {rollout.status}; nobody is served.")
    dwelling = past.reduced_at is not None and now - past.reduced_at < plan.autopilot.dwell
    wanted = _wanted(asked, seen, past)
    if past.reduced_at is not None and not dwelling and not wanted:
        wanted = _not_recovered(seen, past)
    if wanted and dwelling:
        return _hold(rollout, tuple(wanted), f"Reduced at {past.reduced_at:%H:%M}; waiting {_hours(plan)} before the "
                                             "next step.", "The dwell time being over.")
    if wanted:
        return _reduction(plan, rollout, wanted, asked, seen)
    return _without_harm(plan, rollout, asked, seen, past)


def _wanted(asked: Asked, seen: Seen, past: Past) -> dict[str, Rung]:
    """Rules that ask for a step now -> the rung they name. What a rollback answered already does not ask twice."""
    proven = {verdict.key: asked.rungs[verdict.key] for verdict in seen.verdicts.harm
              if caused(verdict, seen.verdicts)}
    open_now = {condition.key: condition.rung for condition in seen.conditions
                if condition.rung is Rung.HOLD or condition.key not in past.because}
    return {key: rung for key, rung in {**proven, **open_now}.items() if rung is not Rung.HOLD}


def _not_recovered(seen: Seen, past: Past) -> dict[str, Rung]:
    """Rules of the last reduction whose harm has not been bounded below its margin: one step further, by the ladder.
    Where nothing can be counted any more (everybody left has had it before) it is not bounded either."""
    verdicts = {verdict.key: verdict for verdict in seen.verdicts.guardrails}
    return {key: Rung.HALVE for key in past.because if key in verdicts and verdicts[key].status is not Standing.SAFE}


def caused(harm: Verdict, verdicts: Verdicts) -> bool:
    """False for a limit that control breaks too, unless a guardrail proves treatment worse than control there."""
    return not harm.control_breaks_too or any(
        verdict.metric == harm.metric and verdict.scale != "level" for verdict in verdicts.harm)


def _reduction(plan: Plan, rollout: Rollout, wanted: Mapping[str, Rung], asked: Asked, seen: Seen) -> Proposal:
    """The hardest rung asked for, or the next harder one that lowers anything."""
    acts = [Act(rung.value) for rung in wanted.values()]
    first = max(acts, key=REDUCTIONS.index)
    for act in REDUCTIONS[REDUCTIONS.index(first):]:
        to = _share_after(plan, rollout, act)
        if to < rollout.percentage:
            words = {condition.key: condition.words for condition in seen.conditions}
            return Proposal(act, tuple(wanted), to, reasons(wanted, seen.verdicts, words, asked.names),
                            otherwise(wanted, seen.verdicts, asked.names))
    return _hold(rollout, tuple(wanted), "Nothing is left to reduce.", "")


def _share_after(plan: Plan, rollout: Rollout, act: Act) -> int:
    return 0 if act is Act.PAUSE else rollback_target(plan, rollout, ROLLBACK_OF[act]).percentage


def _without_harm(plan: Plan, rollout: Rollout, asked: Asked, seen: Seen, past: Past) -> Proposal:
    """No reduction is due: hold when something is wrong with what is known, advance when all is proven, else stay."""
    holds = {condition.key: condition.words for condition in seen.conditions if condition.rung is Rung.HOLD}
    names = {verdict.key: verdict.key for verdict in seen.verdicts.harm} | dict(asked.names)
    holds |= {verdict.key: f"{names[verdict.key]}: beyond the limit in control too; not caused by this rollout."
              for verdict in seen.verdicts.harm if verdict.control_breaks_too}
    holds |= {verdict.key: f"{names[verdict.key]}: proven worse." for verdict in seen.verdicts.harm
              if verdict.key not in holds and not verdict.control_breaks_too}
    if seen.verdicts.held:
        holds["sample_ratio"] = "Treatment and control are not split as planned; no comparison can be trusted."
    if holds:
        return _hold(rollout, tuple(holds), " ".join(holds.values()), "The cause being mended.")
    if (step := _ramp(plan, rollout, seen, past)) is not None:
        return step
    if _may_advance(plan, rollout, seen, past):
        return Proposal(Act.ADVANCE, words="Every criterion is proven and no guardrail is worse.",
                        else_words="Any criterion not proven.")
    return Proposal(Act.NONE, words=staying(seen.verdicts, seen.blocked, asked.criterion_names),
                    else_words="A proven harm, or every criterion proven.")


def _ramp(plan: Plan, rollout: Rollout, seen: Seen, past: Past) -> Proposal | None:
    """A rung up within the phase, or back to the first one when the risk budget would be overrun; None: neither."""
    advice = seen.ramp
    if advice is None or rollout.status is not Status.RUNNING or rollout.phase is None:
        return None
    to = min(round(advice.share * WHOLE), plan.phase(rollout.phase).percentage)
    risk = f"{advice.risk:,.0f} extra errors at the upper bound, {plan.autopilot.risk_budget_errors:g} may be risked."
    if advice.step is RampStep.HOLD_AND_ASK:
        act = Act.STEP_BACK if to < rollout.percentage else Act.HOLD
        return Proposal(act, ("risk_budget",), to, f"The risk budget would be overrun: {risk}", "A lower upper bound.")
    if advice.step is RampStep.STEP_UP and to > rollout.percentage and past.reduced_at is None:
        return Proposal(Act.STEP_UP, ("risk_budget",), to, f"The risk budget allows the next rung: {risk}",
                        "A higher upper bound.")
    return None


def _may_advance(plan: Plan, rollout: Rollout, seen: Seen, past: Past) -> bool:
    return (plan.autopilot.may_advance and rollout.status is Status.RUNNING and past.reduced_at is None
            and seen.gates_open and seen.verdicts.ready and not seen.blocked)


def _hold(rollout: Rollout, because: tuple[str, ...], words: str, else_words: str) -> Proposal:
    """A hold; where the rollout is held (or completed) already, nothing is to be done."""
    act = Act.HOLD if rollout.status is Status.RUNNING else Act.NONE
    return Proposal(act, because, None, words, else_words)


def _hours(plan: Plan) -> str:
    return f"{plan.autopilot.dwell.total_seconds() / 3600:g} h"
