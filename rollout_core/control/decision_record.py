"""What a sweep leaves behind: when something is decided, when a verdict changed, and once an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from rollout_core.analysis.judge import EDITION
from rollout_core.analysis.records import to_record
from rollout_core.control.change import Change
from rollout_core.insight.judgement import Judgement
from rollout_core.insight.monitor import MonitorAnswer
from rollout_core.insight.replay import pack
from rollout_core.insight.scene import Scene
from rollout_core.ports.control_records import DecisionRecord
from rollout_core.ports.control_store import ControlUnit
from rollout_core.rollouts.ladder import Act, Proposal

EVERY_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A proposal and the change it led to, if any."""

    proposal: Proposal
    change: Change | None


def record_decision(unit: ControlUnit, here: Scene, seen: MonitorAnswer, found: Judgement | None,
                    outcome: Outcome) -> int | None:
    """Writes the decision record, unless nothing has changed since the last one within the hour."""
    proposal, change = outcome.proposal, outcome.change
    statuses = {} if found is None else {
        each.key: each.status.value for each in (found.verdicts.sample_ratio, *found.verdicts.guardrails,
                                                 *found.verdicts.criteria)}
    last = next(iter(unit.decisions.tail(here.rollout.key, limit=1)), None)
    same = last is not None and last.act == proposal.act and last.seen.get("statuses") == statuses
    if proposal.act is Act.NONE and same and last is not None and here.now - last.swept_at < EVERY_HOUR:
        return None
    if same and last is not None and change is None and last.done is False and here.now - last.swept_at < EVERY_HOUR:
        return None
    return unit.decisions.append(DecisionRecord(
        number=0, rollout=here.rollout.key, epoch=here.rollout.epoch, swept_at=here.now, mode=here.rollout.autopilot,
        act=proposal.act.value, done=change is not None and change.changed, summary=proposal.words,
        seen={**facts(seen, found, proposal), "statuses": statuses}, audit_seq=change.audit_seq if change else None))


def facts(seen: MonitorAnswer, found: Judgement | None, proposal: Proposal) -> dict[str, object]:
    """Everything the decision saw, as JSON values; the sufficient statistics packed."""
    shown: dict[str, object] = {
        "because": list(proposal.because), "to": proposal.to, "else": proposal.else_words,
        "health": msgspec.to_builtins(seen.health), "firing": [each.rule for each in seen.sightings if each.fires]}
    if found is not None:
        shown |= {"verdicts": to_record(found.verdicts), "policy": to_record(found.asked.policy), "edition": EDITION,
                  "evidence": pack(found.evidence), "closed_until_at": found.closed_until_at.isoformat()}
    return shown
