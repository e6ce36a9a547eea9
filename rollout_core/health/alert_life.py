"""The life of an alert: opened once per rule and scope, answered in time, resolved by calm, reopened as the same one.

Pure: every function takes an alert and the instant and gives the next alert with the step to remember. The sweep and
the verbs store what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from rollout_core.health.alert import UNRESOLVED, Alert, AlertEvent, AlertState
from rollout_core.health.sighting import Sighting
from rollout_core.rollouts.plan import AlertLevel, Severity

RESPOND_WITHIN: Mapping[Severity, timedelta | None] = {
    Severity.CRITICAL: timedelta(0),
    Severity.ERROR: timedelta(hours=2),
    Severity.WARNING: timedelta(hours=8),
    Severity.INFO: None,
}
"""How soon each level wants an answer where the plan says nothing; None: never."""

SWEEP = "sweep"
Stepped = tuple[Alert, AlertEvent | None]
"""The next alert, and the step to add to its history (None: nothing worth remembering happened)."""


def respond_within(levels: tuple[AlertLevel, ...]) -> Mapping[Severity, timedelta | None]:
    """The plan's times to respond, over the defaults."""
    return {**RESPOND_WITHIN, **{level.severity: level.respond_within for level in levels}}


def alert_id(rollout: str, rule: str, scope: str = "") -> str:
    """The identity under which an alert opens once."""
    return f"{rollout}:{rule}:{scope}" if scope else f"{rollout}:{rule}"


def settle(
    alert: Alert | None, sighting: Sighting, now: datetime,
    within: Mapping[Severity, timedelta | None] = RESPOND_WITHIN,
) -> tuple[Alert | None, AlertEvent | None]:
    """The alert after one sweep: opened, reopened, kept, calming, or resolved after its calm time."""
    if sighting.fires:
        return _open(sighting, now, within) if alert is None else _seen(alert, sighting, now, within)
    if alert is None or alert.state not in UNRESOLVED:
        return alert, None
    if sighting.fires is None:
        return woken(replace(alert, calm_since_at=None, latest=sighting.evidence or "nothing"), now, within)
    since_at = alert.calm_since_at or now
    if now - since_at >= sighting.calm:
        note = f"The condition has been false for {_minutes(now - since_at)}."
        return _step(replace(alert, calm_since_at=since_at, resolved_at=now, snoozed_until_at=None,
                             latest=sighting.evidence), AlertState.RESOLVED, "resolved", SWEEP, note, now)
    return woken(replace(alert, calm_since_at=since_at, latest=sighting.evidence), now, within)


def woken(alert: Alert, now: datetime, within: Mapping[Severity, timedelta | None] = RESPOND_WITHIN) -> Stepped:
    """A snoozed alert whose time is over is open again, with a new deadline."""
    if alert.state is not AlertState.SNOOZED or alert.snoozed_until_at is None or now < alert.snoozed_until_at:
        return alert, None
    due = replace(alert, snoozed_until_at=None, due_at=_due(alert.severity, now, within))
    return _step(due, AlertState.OPEN, "reopened", SWEEP, "The snooze is over.", now)


def acknowledge(alert: Alert, by: str, now: datetime, note: str = "") -> Stepped:
    """Somebody has it in hand."""
    return _step(replace(alert, snoozed_until_at=None), AlertState.ACKNOWLEDGED, "acknowledged", by, note, now)


def snooze(alert: Alert, by: str, until_at: datetime, reason: str, now: datetime) -> Stepped:
    """Quiet until an instant, for a reason; sweeps go on looking underneath."""
    return _step(replace(alert, snoozed_until_at=until_at), AlertState.SNOOZED, "snoozed", by, reason, now)


def resolve(alert: Alert, by: str, reason: str, now: datetime) -> Stepped:
    """A person closes it; it reopens as the same alert when the condition is seen again."""
    return _step(replace(alert, resolved_at=now, snoozed_until_at=None), AlertState.RESOLVED, "resolved", by, reason,
                 now)


def overdue(alert: Alert, now: datetime) -> bool:
    """True when nobody has answered within the level's time what is not known to be over."""
    waits = alert.state is AlertState.OPEN and alert.calm_since_at is None
    return waits and alert.due_at is not None and now > alert.due_at


def _open(sighting: Sighting, now: datetime, within: Mapping[Severity, timedelta | None]) -> Stepped:
    alert = Alert(
        id=alert_id(sighting.rollout, sighting.rule, sighting.scope), rollout=sighting.rollout, rule=sighting.rule,
        scope=sighting.scope, severity=sighting.level, state=AlertState.OPEN, title=sighting.title, opened_at=now,
        changed_at=now, facts=_facts(sighting), advice=sighting.advice, proven=sighting.proven,
        due_at=_due(sighting.level, now, within), seen_at=now,
    )
    return alert, AlertEvent(alert.id, now, "opened", SWEEP, sighting.evidence)


def _seen(alert: Alert, sighting: Sighting, now: datetime, within: Mapping[Severity, timedelta | None]) -> Stepped:
    """The condition is true again or still; once proven it stays proven until it is resolved."""
    proven = sighting.proven or (alert.proven and alert.state in UNRESOLVED)
    level = replace(sighting, proven=proven).level
    kept = replace(alert, title=sighting.title, facts=_facts(sighting), advice=sighting.advice, proven=proven,
                   severity=level, calm_since_at=None, seen_at=now, latest="")
    if alert.state is AlertState.RESOLVED:
        back = replace(kept, times_opened=alert.times_opened + 1, opened_at=now, resolved_at=None,
                       due_at=_due(level, now, within))
        return _step(back, AlertState.OPEN, "reopened", SWEEP, sighting.evidence, now)
    if level is not alert.severity:
        raised = replace(kept, due_at=_due(level, now, within))
        return _step(raised, alert.state, "raised", SWEEP, sighting.evidence, now)
    return woken(kept, now, within)


def _step(alert: Alert, state: AlertState, what: str, by: str, note: str, now: datetime) -> Stepped:
    return replace(alert, state=state, by=by, note=note, changed_at=now), AlertEvent(alert.id, now, what, by, note)


def _facts(sighting: Sighting) -> Mapping[str, object]:
    return {**sighting.facts, "evidence": sighting.evidence}


def _due(severity: Severity, since_at: datetime, within: Mapping[Severity, timedelta | None]) -> datetime | None:
    time = within[severity]
    return None if time is None else since_at + time


def _minutes(stretch: timedelta) -> str:
    return f"{stretch.total_seconds() / 60:.0f} min"
