"""One decision of a sweep with names instead of keys: what was seen, what it means, what would have changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollout_core.analysis.records import from_record
from rollout_core.analysis.verdict import Verdict, Verdicts
from rollout_core.errors import RolloutNotFound
from rollout_core.insight.evidence_sources import parts_of
from rollout_core.insight.verdict_numbers import told_of
from rollout_core.insight.verdict_words import Since, since_in
from rollout_core.insight.verdicts import NamedVerdict, named
from rollout_core.metrics.catalog import CATALOG
from rollout_core.ports.control_records import DecisionRecord
from rollout_core.ports.control_store import ControlUnit
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.rollouts.policies import judged_as
from rollout_core.rollouts.rollout import Epoch

SPLIT = "Split of treatment and control"


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """`number` of the decision."""

    number: int


@dataclass(frozen=True, slots=True)
class DecisionAnswer:
    """`firing`: names of the alert rules whose limit was crossed. `health` is shown and never decides.
    `since`: when the evidence of then began.

    `replayable`: the evidence is stored with it, so that `replay` can judge again. Lists are empty before anything was
    counted. Names are those of the rollout's present plan; a rule that it no longer has keeps its key.
    """

    number: int
    rollout: str
    epoch: int
    swept_at: datetime
    mode: str
    act: str
    done: bool
    summary: str
    otherwise: str
    audit_seq: int | None
    closed_until_at: datetime | None
    sample_ratio: NamedVerdict | None
    guardrails: tuple[NamedVerdict, ...]
    criteria: tuple[NamedVerdict, ...]
    firing: tuple[str, ...]
    health: int | None
    replayable: bool
    since: Since | None = None


def answer(room: Room, request: DecisionRequest) -> DecisionAnswer:
    """The decision as it was recorded. Raises NotFound."""
    with room.control.read() as unit:
        record = unit.decisions.get(request.number)
        plan, epochs = _plan(unit, record.rollout), _epochs(unit, record)
    phase = epochs[-1].phase if epochs else None
    rules, criteria, alerts = names_of(plan, phase)
    seen = record.seen
    verdicts = from_record(Verdicts, seen["verdicts"]) if "verdicts" in seen else None
    closed = seen.get("closed_until_at")
    health, basis = seen.get("health"), plan.measurement.error_basis if plan else "requests"
    return DecisionAnswer(
        number=record.number, rollout=record.rollout, epoch=record.epoch, swept_at=record.swept_at, mode=record.mode,
        act=record.act, done=record.done, summary=record.summary, otherwise=str(seen.get("else") or ""),
        audit_seq=record.audit_seq, closed_until_at=datetime.fromisoformat(str(closed)) if closed else None,
        sample_ratio=_named(verdicts.sample_ratio, {verdicts.sample_ratio.key: SPLIT}, basis) if verdicts else None,
        guardrails=tuple(_named(each, rules, basis) for each in verdicts.guardrails) if verdicts else (),
        criteria=tuple(_named(each, criteria, basis, criterion=True) for each in verdicts.criteria) if verdicts else (),
        firing=_firing(record, {**rules, **alerts}), replayable="evidence" in seen,
        health=int(str(health["score"])) if isinstance(health, Mapping) and "score" in health else None,
        since=since_in(epochs))


def _plan(unit: ControlUnit, key: str) -> Plan | None:
    try:
        rollout = unit.rollouts.get(key)
    except RolloutNotFound:
        return None
    return unit.plans.get(rollout.plan, rollout.plan_version)


def _epochs(unit: ControlUnit, record: DecisionRecord) -> tuple[Epoch, ...]:
    """Those up to the one that was in force, which is the last; none where it is not known."""
    found = tuple(each for each in unit.epochs.of(record.rollout) if each.number <= record.epoch)
    return found if found and found[-1].number == record.epoch else ()


def _firing(record: DecisionRecord, names: Mapping[str, str]) -> tuple[str, ...]:
    found = record.seen.get("firing")
    return tuple(names.get(str(each), str(each)) for each in found) if isinstance(found, list | tuple) else ()


def names_of(plan: Plan | None,
             phase: str | None = None) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Names by key of (guardrails and pause conditions, criteria, alerts): the three may share keys, and so may the
    criteria of two phases, where those of `phase` count."""
    if plan is None:
        return {}, {}, {}
    rules = {key: each.name for each in plan.pause_conditions for key in (each.key, *judged_as(plan, each))}
    rules |= {each.key: each.name for each in plan.guardrails}
    criteria = {each.key: each.name for one in sorted(plan.phases, key=lambda one: one.key == phase)
                for each in one.criteria}
    return rules, criteria, {each.key: each.name for each in plan.alerts}


def _named(verdict: Verdict, names: Mapping[str, str], basis: str, *, criterion: bool = False) -> NamedVerdict:
    key, _, metric_key = verdict.key.partition(":")
    metric = CATALOG.get(parts_of(verdict.metric)[0])
    name = names.get(verdict.key) or names.get(key, verdict.key)
    if metric_key in CATALOG and metric is not None:
        name = f"{name}: {metric.name}"
    return named(verdict, name, told_of(verdict, criterion=criterion, error_basis=basis))
