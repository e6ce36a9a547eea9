"""Answers of every question as pages see them: one rollout healthy, one in trouble. Invented, for page tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.documents.plan_document import load_plan
from rollout_core.health.alert import Alert, AlertState
from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.health.recommendation import Recommendation
from rollout_core.health.score import Deduction, HealthScore
from rollout_core.insight.alerts import AlertLine, AlertsAnswer
from rollout_core.insight.audit import AuditAnswer
from rollout_core.insight.checklist import ChecklistAnswer, ChecklistLine
from rollout_core.insight.decisions import DecisionsAnswer
from rollout_core.insight.gates import Gate, GatesAnswer
from rollout_core.insight.health import HealthAnswer, ScorePoint
from rollout_core.insight.issues import IssuesAnswer
from rollout_core.insight.judge import State
from rollout_core.insight.overview import Need, OverviewAnswer, RolloutLine
from rollout_core.insight.pause_check import PauseCheckAnswer, PauseLine
from rollout_core.insight.phases import AudienceLine, PhasesAnswer
from rollout_core.insight.plan import PlanAnswer
from rollout_core.insight.rollouts import RolloutEntry, RolloutsAnswer, WayBack
from rollout_core.insight.status import AlertCounts, GateBrief, HealthBrief, PhaseStep, Share, StatusAnswer
from rollout_core.insight.verdicts import NamedVerdict, VerdictsAnswer
from rollout_core.ports.control_records import (
    AuditEntry,
    AuditHead,
    AuditRecord,
    AuditVerdict,
    DecisionRecord,
)
from rollout_core.rollouts.plan import Severity
from tests.fakes.sample_numbers import MARKS, NOW, WINDOW, measured, series

PLANS = {
    key: load_plan(Path(__file__).parents[2] / "data" / "plans" / f"{key}.yaml")
    for key in ("exercise_library", "patient_engagement")
}
HOSTILE = "<script>alert(1)</script> **bold** [link](https://evil.example)"
"""A title that somebody wrote; it must be shown as it is."""

SHARE = Share(20.0, 20_000, 41_208, 210_240, 19.6)
BRIEF = GateBrief(
    "not_yet", "Satisfaction needs about 1,200 more answers, likely by Thu 26 Nov.", 4, 0, 1, 1, 0, 6
)
HEALTH = HealthBrief(88, "Healthy", False, 4, 4, 2, (78, 80, 81, 83, None, 84, 85, 86, 88))
BAD_HEALTH = HealthBrief(49, "Unhealthy", False, 4, 4, -36, (86, 85, 86, 84, 85, 85, 84, 85, 49))


def steps(key: str, current: int) -> tuple[PhaseStep, ...]:
    """A plan's phases with the `current` one (1-based) entered a week ago."""
    found = []
    for place, phase in enumerate(PLANS[key].phases, 1):
        entered = NOW - timedelta(days=7 * (current - place + 1)) if place <= current else None
        left = NOW - timedelta(days=7 * (current - place)) if place < current else None
        state = "done" if place < current else "now" if place == current else "ahead"
        found.append(
            PhaseStep(phase.key, place, phase.name, phase.percentage / 1000, state, phase.adds, entered, left)
        )
    return tuple(found)


def rollouts(_: Any) -> RolloutsAnswer:
    """Two of them."""
    return RolloutsAnswer(
        (
            RolloutEntry(
                "exercise_library", "Exercise library", "user", "running", 20.0, 41, "New users", "Beta", "advise", 7,
                NOW - timedelta(days=30), NOW - timedelta(days=10),
                (WayBack("immediate", 5.0, 1), WayBack("gradual", 10.0, 0), WayBack("full", 0.1, 2))
            ),
            RolloutEntry(
                "patient_engagement", "Patient engagement", "workspace", "held", 25.0, 7, "Phase 2", "Phase 1",
                "act", 1, NOW - timedelta(days=20), NOW - timedelta(days=3),
                (WayBack("immediate", 10.0, 1), WayBack("gradual", 12.5, 0), WayBack("full", 0.0, 2))
            ),
        ),
        simulated=False,
    )


def overview(_: Any) -> OverviewAnswer:
    """Worst first."""
    bad = RolloutLine(
        "patient_engagement",
        "Patient engagement",
        "workspace",
        "held",
        7,
        steps("patient_engagement", 2)[1],
        steps("patient_engagement", 2),
        Share(25.0, 25_000, None, None, None),
        BAD_HEALTH,
        AlertCounts(1, 1),
        GateBrief("not_met", "errors 4.1%, target 2%", 3, 1, 0, 0, 0, 4),
        (),
    )
    good = RolloutLine(
        "exercise_library",
        "Exercise library",
        "user",
        "running",
        41,
        steps("exercise_library", 3)[2],
        steps("exercise_library", 3),
        SHARE,
        HEALTH,
        AlertCounts(snoozed=1),
        BRIEF,
        (),
    )
    needs = (
        Need(
            "patient_engagement",
            "Patient engagement",
            "critical",
            "errors are proven higher, 4.1% against 1.9% in control",
            "Autopilot held it at 13:50.",
            "roll_back",
            due_at=NOW + timedelta(minutes=90),
        ),
        Need(
            "patient_engagement",
            "Patient engagement",
            "error",
            HOSTILE,
            "412 sessions hit.",
            "acknowledge_alert",
            "alert-1",
            NOW - timedelta(minutes=5),
        ),
        Need(
            "exercise_library",
            "Exercise library",
            "info",
            "no decision is due",
            "Satisfaction is not proven yet.",
        ),
    )
    return OverviewAnswer(needs, (bad, good), NOW - timedelta(seconds=20), NOW, simulated=True)


def status(request: Any) -> StatusAnswer:
    """The exercise rollout in phase 3, or the held one."""
    held = request.rollout == "patient_engagement"
    key, at = ("patient_engagement", 2) if held else ("exercise_library", 3)
    phases = steps(key, at)
    return StatusAnswer(
        key,
        "Patient engagement" if held else "Exercise library",
        key,
        PLANS[key].version,
        "user",
        "held" if held else "running",
        7 if held else 41,
        5,
        "advise",
        phases[at - 1],
        phases[at],
        phases,
        SHARE,
        None,
        NOW - timedelta(days=21),
        NOW - timedelta(days=7),
        PLANS[key].phases[0].adds,
        ("VITE_FF_X=true",) if held else (),
        BAD_HEALTH if held else HEALTH,
        AlertCounts(),
        BRIEF,
        (),
        NOW,
        (),
        NOW,
        simulated=False,
    )


GATES = (
    Gate(
        "errors",
        "Error rate",
        "criterion",
        State.MET,
        measured("error_rate", 0.0131, 0.002, 182_400),
        "at most 2.0%",
        "",
        "error_rate",
        "<=",
        0.02,
    ),
    Gate(
        "adoption",
        "Adoption",
        "criterion",
        State.NOT_MET,
        measured("adoption_rate", 0.25, 0.018, 41_208, noun="people"),
        "at least 35%",
        "25% is below 35%",
        "adoption_rate",
        ">=",
        0.35,
    ),
    Gate(
        "lcp",
        "LCP p75",
        "criterion",
        State.MET,
        measured("lcp_p75", 2310, 70, 96_020, noun="page views", unit="ms"),
        "at most 2.50 s",
        "",
        "lcp_p75",
        "<=",
        2500,
    ),
    Gate(
        "satisfaction",
        "Satisfaction",
        "criterion",
        State.NOT_YET,
        measured("satisfaction", 4.1, 0.22, 800, noun="answers", unit="rating"),
        "at least 4.0 of 5",
        "about 1,200 more answers, likely by Thu 26 Nov",
        "satisfaction",
        ">=",
        4.0,
    ),
    Gate(
        "api",
        "API p95",
        "criterion",
        State.NO_DATA,
        measured("api_response_p95", None, unit="ms"),
        "at most 500 ms",
        "nothing since 13:50",
        "api_response_p95",
        "<=",
        500,
    ),
    Gate(
        "accessibility",
        "Accessibility review",
        "criterion",
        State.MANUAL,
        None,
        "signed by a person",
        "nobody has signed it",
    ),
    Gate(
        "review",
        "Security review",
        "criterion",
        State.SIGNED,
        None,
        "signed by a person",
        "",
        signed_by="sam@example.org",
        signed_at=NOW - timedelta(days=2),
    ),
    Gate("duration", "Minimum duration", "duration", State.NOT_YET, None, "7 days", "2 days left"),
)


def gates(request: Any) -> GatesAnswer:
    """Every state once."""
    return GatesAnswer(
        request.rollout, "new_users", "New users", GATES, BRIEF, may_advance=False, computed_at=NOW
    )


def pause_check(request: Any) -> PauseCheckAnswer:
    """Every state once."""
    asks = PLANS[request.rollout].pause_conditions
    fires: tuple[bool | None, ...] = (False, None, True)
    lines = tuple(
        PauseLine(
            each.key,
            each.name,
            each.kind,
            fires[place % 3],
            place == 0,
            "seen just now",
            str(each.rung),
            each.decide,
            measured("error_rate", 0.031, 0.004) if each.metric else None,
            each.threshold,
        )
        for place, each in enumerate(asks)
    )
    return PauseCheckAnswer(request.rollout, should_pause=True, conditions=lines, computed_at=NOW)


def phases(request: Any) -> PhasesAnswer:
    """Four audiences, one of them half full."""
    audiences = (
        AudienceLine("internal", "Internal", 100_000, 412, 412, 0),
        AudienceLine("beta", "Beta testers", 100_000, 3904, 3904, 0),
        AudienceLine("new", "New users", 62_000, 40_110, 25_072, 15_038),
        AudienceLine("everyone", "Everyone else", 0, 153_994, 0, 48_874),
    )
    phases = steps("exercise_library", 3)
    return PhasesAnswer(request.rollout, phases, phases[3], SHARE, audiences, (), MARKS, NOW)


def plan(request: Any) -> PlanAnswer:
    """The shipped document."""
    found = PLANS[request.rollout or request.plan]
    return PlanAnswer(found, (found.version,), found.version)


ALERTS = (
    Alert(
        "alert-1",
        "patient_engagement",
        "errors",
        "",
        Severity.CRITICAL,
        AlertState.OPEN,
        HOSTILE,
        NOW - timedelta(minutes=40),
        NOW,
        {},
        ("Compare the two arms by endpoint.",),
        proven=True,
        due_at=NOW - timedelta(minutes=5),
        seen_at=NOW,
    ),
    Alert(
        "alert-2",
        "patient_engagement",
        "adoption",
        "",
        Severity.WARNING,
        AlertState.SNOOZED,
        "Adoption 18%, below 20%",
        NOW - timedelta(hours=4),
        NOW,
        by="maya@example.org",
        snoozed_until_at=NOW + timedelta(days=1),
        seen_at=NOW,
    ),
    Alert(
        "alert-3",
        "patient_engagement",
        "speed",
        "",
        Severity.ERROR,
        AlertState.ACKNOWLEDGED,
        "INP is 32% slower",
        NOW - timedelta(hours=2),
        NOW,
        by="maya@example.org",
        due_at=NOW + timedelta(minutes=30),
        times_opened=2,
        seen_at=NOW,
    ),
)


def alerts(_: Any) -> AlertsAnswer:
    """Three in three states."""
    return AlertsAnswer(
        AlertCounts(1, 1, 0, 0, 1), tuple(AlertLine(alert, False, 60) for alert in ALERTS), NOW
    )


def health(request: Any) -> HealthAnswer:
    """Unhealthy since an hour ago, with a gap in the history."""
    score = HealthScore(
        49,
        "Unhealthy",
        False,
        (
            Deduction("error_rate", "Error rate", 21, "4.1% (3.7–4.5); counts from 2%, full 30 points at 5%"),
            Deduction("critical_issues", "Critical issues", 20, f"1 open: {HOSTILE}"),
            Deduction("high_issues", "High-priority issues", 10, "1 open since Thu: voucher applied twice"),
            Deduction(
                "adoption_rate", "Adoption", 0, "not counted until 24 Nov, grace period", counted=False
            ),
        ),
        4,
        4,
    )
    history = tuple(
        ScorePoint(NOW - timedelta(minutes=10 * (144 - i)), None if 40 <= i < 46 else 85 if i < 138 else 49)
        for i in range(145)
    )
    advice = (
        Recommendation(
            "errors",
            "critical",
            "Roll back: errors are proven higher",
            "4.1% against 1.9% in control.",
            ("Roll back to phase 1.", "Compare the arms by endpoint."),
        ),
        Recommendation(
            "adoption", "warning", "Adoption is low", "18% after 48 h.", ("Look at who was exposed.",)
        ),
    )
    return HealthAnswer(
        request.rollout,
        "Patient engagement",
        "held",
        score,
        measured("error_rate", 0.041, 0.004),
        measured("adoption_rate", 0.18, 0.02),
        history,
        WINDOW,
        -36,
        MARKS,
        ALERTS,
        (),
        advice,
        NOW,
    )


def issues(request: Any) -> IssuesAnswer:
    """One."""
    one = Issue(
        "i1", request.rollout, "error_group", IssuePriority.CRITICAL, HOSTILE, IssueState.OPEN, NOW, NOW
    )
    return IssuesAnswer(request.rollout, (one,), 1, 0, NOW)


def checklist(request: Any) -> ChecklistAnswer:
    """Each state once, in the plan's own items."""
    states = ("ticked", "missing", "waived")
    lines = tuple(
        ChecklistLine(
            item.key,
            item.group,
            item.text,
            states[place % 3],
            "" if place % 3 == 1 else "maya",
            None if place % 3 == 1 else NOW,
            "not needed here" if place % 3 == 2 else "",
        )
        for place, item in enumerate(PLANS[request.rollout].checklist)
    )
    return ChecklistAnswer(request.rollout, lines, 2, len(lines), complete=False)


def audit(request: Any) -> AuditAnswer:
    """A change, a refusal; of one outcome only when that is asked for."""
    done = AuditEntry(
        NOW - timedelta(hours=1),
        "maya@example.org",
        "admin",
        "session",
        "page",
        "advance",
        rollout="exercise_library",
        claimed="on-call",
        before={"percentage": 5000, "status": "running"},
        after={"percentage": 20_000, "status": "running"},
        reason=HOSTILE,
    )
    refused = AuditEntry(
        NOW, "eve@example.org", "viewer", "session", "page", "pause", "refused", "exercise_library"
    )
    records = tuple(
        AuditRecord(seq, entry, b"{}", "0" * 64, "f" * 64) for seq, entry in ((2, refused), (1, done))
        if request.outcome in (None, entry.outcome)
    )
    return AuditAnswer(records, AuditHead(2, "f" * 64), more=False)


def audit_verify(_: Any) -> AuditVerdict:
    """Whole."""
    return AuditVerdict(True, 2, AuditHead(2, "f" * 64))


def decisions(_: Any) -> DecisionsAnswer:
    """One that advised."""
    return DecisionsAnswer(
        (DecisionRecord(3, "exercise_library", 5, NOW, "advise", "hold", False, "Hold: no API data"),),
        more=False,
    )


def verdicts(request: Any) -> VerdictsAnswer:
    """Every state once, and the split."""
    table = (
        ("Sessions with an error", "share", Status.SAFE, -0.001, 0.002),
        ("INP p75", "ms", Status.WATCHING, 0.02, 0.05),
        ("Support tickets", "number", Status.WORSE, 0.2, 0.05),
        ("Retention", "share", Status.NO_DATA, None, 0.0),
    )
    lines = tuple(
        NamedVerdict(
            name,
            "halve",
            unit,
            "Seen just now.",
            Verdict(
                name,
                name,
                status,
                "difference",
                value,
                None if value is None else value - half,
                None if value is None else value + half,
                n_treatment=900,
                n_control=1100,
                acts=True,
            ),
        )
        for name, unit, status, value, half in table
    )
    split = NamedVerdict(
        "Split", "hold", "relative", "As planned.", Verdict("sample_ratio", "exposures", Status.WATCHING)
    )
    return VerdictsAnswer(
        request.rollout, "new_users", split, lines, (), "worse", "not_yet", ready=False, closed_until_at=NOW
    )


CONTROL_ANSWERS: Mapping[str, Callable[[Any], Any]] = {
    "rollouts": rollouts,
    "overview": overview,
    "status": status,
    "gates": gates,
    "pause_check": pause_check,
    "phases": phases,
    "plan": plan,
    "alerts": alerts,
    "health": health,
    "issues": issues,
    "checklist": checklist,
    "audit": audit,
    "audit_verify": audit_verify,
    "decisions": decisions,
    "series": series,
    "verdicts": verdicts,
}
