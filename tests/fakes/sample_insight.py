"""Answers of the analytical questions as pages see them. Invented, for page tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from rollout_core.flags.decision import Arm, Decision, Reason
from rollout_core.health.alert import AlertEvent
from rollout_core.insight.adoption import (
    AdoptionAnswer,
    Cohort,
    DayUse,
    FlagAdoption,
    FunnelStep,
    PhaseAdoption,
)
from rollout_core.insight.alert_history import AlertHistoryAnswer, AlertHistoryRequest
from rollout_core.insight.business import BusinessAnswer, RetentionPoint, ScoreCount
from rollout_core.insight.doctor import Checkup, DoctorAnswer
from rollout_core.insight.errors import CategoryRate, ErrorGroup, ErrorsAnswer
from rollout_core.insight.events_health import DeadLetter, EventsHealthAnswer, KindLine
from rollout_core.insight.explain import ExplainAnswer, ExplainStep, FlagExplanation
from rollout_core.insight.feedback import Comment, FeedbackAnswer
from rollout_core.insight.metrics import MetricRow
from rollout_core.insight.overrides import OverrideLine, OverridesAnswer
from rollout_core.insight.report import ReportAnswer
from rollout_core.insight.retention import KeptLine, RetentionAnswer, RetentionRequest
from rollout_core.insight.roster import PeopleAnswer, PersonLine
from rollout_core.insight.saved_questions import SavedQuestionsAnswer, SavedQuestionsRequest
from rollout_core.insight.series import Mark
from rollout_core.insight.sessions import SessionLine, SessionsAnswer
from rollout_core.insight.speed import Percentiles, SpeedAnswer
from rollout_core.insight.tokens import TokenLine, TokensAnswer
from rollout_core.insight.vitals import HistogramBin, VitalCard, VitalsAnswer, VitalsSlice
from rollout_core.insight.workspaces import SubjectLine, WorkspacesAnswer
from rollout_core.ports.control_records import SavedQuestion
from rollout_core.ports.keeping import BOUNDS, DEFAULT_KEEP_DAYS
from tests.fakes.sample_answers import CONTROL_ANSWERS, HOSTILE
from tests.fakes.sample_numbers import NOW, WINDOW, measured

PEOPLE = {"noun": "people"}


def change(metric: str, value: float | None, half: float = 0.03) -> Any:
    """A relative change."""
    return measured(metric, value, half, unit="relative")


def adoption(request: Any) -> AdoptionAnswer:
    """A funnel that narrows, three flags, four cohorts."""
    flags = ("enhanced_library", "progress", "video")
    return AdoptionAnswer(
        request.rollout,
        WINDOW,
        168,
        measured("adoption_rate", 0.412, 0.018, 41_208, **PEOPLE),
        measured("adoption_rate", 0.33, 0.02),
        measured("naive", 0.17, 0.01),
        (
            FunnelStep("eligible", "Eligible", 210_240, None),
            FunnelStep("enabled", "Enabled", 41_208, 0.196),
            FunnelStep("exposed", "Seen it", 30_100, 0.73),
            FunnelStep("tried", "Tried it", 12_400, 0.41),
            FunnelStep("again", "Used it again", None, None),
        ),
        tuple(
            FlagAdoption(
                flag,
                flag.capitalize(),
                ("core",),
                measured("adoption_rate", 0.4 - place * 0.15, 0.02),
                measured("stickiness", None if place == 2 else 0.5, 0.05),
            )
            for place, flag in enumerate(flags)
        ),
        tuple(
            Cohort(
                (NOW - timedelta(weeks=4 - week)).date(),
                9000 + week,
                tuple(0.2 + 0.04 * k if k < 4 - week else None for k in range(4)),
            )
            for week in range(4)
        ),
        flags,
        ((1000, 400, 120), (400, 600, 90), (120, 90, 150)),
        measured("cross_feature_use", 0.34, 0.03),
        measured("stickiness", 0.55, 0.02),
        measured("dau_wau", 0.31, 0.02),
        measured("engagement", 12.5, 1, unit="minutes"),
        change("usage_growth_weekly", 0.08),
        measured("social_adoption", None),
        NOW,
        (
            PhaseAdoption("phase_1", "Internal", 100, 60, 30, measured("adoption_rate", 0.6, 0.1, 100, **PEOPLE)),
            PhaseAdoption("phase_2", HOSTILE, 30_000, 12_340, 0, measured("adoption_rate", None)),
        ),
        tuple(DayUse((NOW - timedelta(days=9 - day)).date(), 100 + 10 * day, 300 + day) for day in range(9)),
        (Mark(NOW - timedelta(days=4), "phase", "Phase 2, 5%"),),
    )


def errors(request: Any) -> ErrorsAnswer:
    """Higher in treatment; one regression; a hostile title."""
    group = ErrorGroup(
        "f1",
        HOSTILE,
        "javascript",
        "critical",
        NOW - timedelta(days=1),
        NOW,
        412,
        300,
        390,
        22,
        "unresolved",
        True,
        "2.4.1",
        Mark(NOW - timedelta(days=1, minutes=24), "phase", "Phase 3, 20%"),
    )
    return ErrorsAnswer(
        request.rollout,
        WINDOW,
        "requests",
        measured("error_rate", 0.041, 0.004),
        measured("error_rate", 0.019, 0.002),
        change("error_rate", 1.15, 0.3),
        measured("critical_error_rate", 0.004, 0.001),
        measured("critical_error_rate", 0.001, 0.0005),
        change("critical_error_rate", 3.0, 4.0),
        measured("error_free_sessions", 0.93, 0.01, noun="sessions"),
        (
            CategoryRate("network", measured("e", 0.02, 0.002), measured("e", 0.01, 0.002), change("e", 1.0, 0.2)),
            CategoryRate("api", measured("e", None), measured("e", 0.01, 0.002), change("e", None)),
            CategoryRate(HOSTILE, measured("e", 0.01, 0.002), measured("e", 0.01, 0.002), change("e", 0.0, 0.2)),
        ),
        (group,),
        12,
        NOW,
    )


def vitals(request: Any) -> VitalsAnswer:
    """One vital of each rating and one without data."""
    table = (
        ("LCP", "ms", 2500, 4000, 2310, 2420, "good", (0.77, 0.16, 0.07), -0.045, "Faster"),
        ("INP", "ms", 200, 500, 236, 198, "needs improvement", (0.71, 0.22, 0.07), 0.192, "Slower"),
        ("CLS", "score", 0.1, 0.25, 0.06, 0.06, "good", (0.86, 0.09, 0.05), 0.004, "Unclear"),
        ("FCP", "ms", 1800, 3000, 3100, 1450, "poor", (0.3, 0.3, 0.4), 1.1, "Slower"),
        ("TTFB", "ms", 800, 1800, None, None, "no data", None, None, "No data"),
    )
    cards = tuple(
        VitalCard(
            name,
            name,
            unit,
            good,
            poor,
            measured(name, value, (value or 0) * 0.03, unit=unit),
            measured(name, other, (other or 0) * 0.03, unit=unit),
            rating,
            *(parts or (None, None, None)),
            change(name, moved),
            said,
        )
        for name, unit, good, poor, value, other, rating, parts, moved, said in table
    )
    bins = tuple(
        HistogramBin(200 * 1.2**k, 200 * 1.2 ** (k + 1), 0.01 * (k % 12), 0.01 * ((k + 2) % 12)) for k in range(20)
    )
    slices = tuple(
        VitalsSlice(key, measured("v", 300 + 40 * place, 10, unit="ms"), measured("v", 290, 10, unit="ms"), 0.6, 1200,
                    change("v", 0.05 + 0.1 * place))
        for place, key in enumerate(("/library", "/exercise/:id", "/plan"))
    )
    return VitalsAnswer(
        request.rollout,
        WINDOW,
        cards,
        request.vital,
        bins,
        slices,
        slices[:2],
        measured("good_vitals_share", 0.91, 0.01),
        measured("good_vitals_share", 0.9, 0.01),
        change("good_vitals_share", 0.011, 0.015),
        measured("performance_score", 88, 1, unit="score"),
        measured("performance_score", 87, 1, unit="score"),
        change("performance_score", 0.011, 0.016),
        0.01,
        NOW,
    )


def speed(request: Any) -> SpeedAnswer:
    """Two endpoints, no component."""

    def line(key: str, level: float) -> Percentiles:
        p50, p95, p99 = (measured("api", level * factor, 5, unit="ms") for factor in (0.4, 1, 2.1))
        return Percentiles(key, p50, p95, p99, measured("api", level * 0.95, 5, unit="ms"), change("api", 0.05))

    return SpeedAnswer(
        request.rollout,
        WINDOW,
        line("all", 420),
        (line("GET /api/exercises", 380), line("POST /api/plan", 900)),
        (),
        change("performance_degradation", 0.19),
        (change("lcp_p75", -0.04), change("inp_p75", 0.19), change("api_response_p95", None)),
        0.01,
        NOW,
    )


def business(request: Any) -> BusinessAnswer:
    """Two metrics, a censored retention curve."""
    rows = (
        MetricRow(
            "retention_day_7",
            "Retention, day 7",
            "business",
            "share",
            "higher",
            measured("r", 0.76, 0.01, **PEOPLE),
            measured("r", 0.74, 0.01),
            measured("r", 0.75, 0.01),
            change("r", 0.03, 0.02),
            ("above 75%",),
            ("not_yet",),
        ),
        MetricRow(
            "nps",
            "NPS",
            "business",
            "points",
            "higher",
            measured("n", 42, 5, unit="points"),
            measured("n", None, unit="points"),
            measured("n", 41, 4, unit="points"),
            change("n", None),
        ),
    )
    curve = tuple(
        RetentionPoint(
            day, None if day > 20 else 0.8 - day * 0.01, 1000 - day * 10, None if day > 24 else 0.78 - day * 0.01, 900
        )
        for day in range(1, 31)
    )
    return BusinessAnswer(
        request.rollout,
        WINDOW,
        rows,
        curve,
        tuple(ScoreCount(s, 10 * s, 8 * s) for s in range(1, 6)),
        NOW.date(),
        NOW,
    )


def feedback(request: Any) -> FeedbackAnswer:
    """Two comments, one hostile and without a score; older ones behind them."""
    comments = (Comment(NOW, 5.0, 5.0, "high", "Love the videos", "treatment", "/library"),
                Comment(NOW, None, 5.0, "none", HOSTILE, "control", ""))
    return FeedbackAnswer(request.rollout, WINDOW, business(request).rows[1:], comments, NOW - timedelta(days=2), 1000,
                          NOW)


def workspaces(request: Any) -> WorkspacesAnswer:
    """Two subjects, one known only by name."""
    lines = (
        SubjectLine("user-1", True, "treatment", "in_by_bucket", "new_users", 312, (), NOW, NOW, 12, 30, 200, 2, 4.5),
        SubjectLine(
            HOSTILE, True, "treatment", "subject_override", None, 99_000, (), None, None, None, None, None, None, None
        ),
    )
    return WorkspacesAnswer(request.rollout, "user", 41_208, 1, 50, lines)


def explain(request: Any) -> ExplainAnswer:
    """Out by bucket."""
    decision = Decision(
        "enhanced_library",
        request.rollout,
        False,
        "off",
        Reason.OUT_BY_BUCKET,
        Arm.CONTROL,
        "new_users",
        5,
        20_000,
        61_000,
    )
    steps = (
        ExplainStep("Is it eligible?", "yes", False),
        ExplainStep("Is its bucket below the threshold?", "no", True),
    )
    return ExplainAnswer(
        request.rollout,
        "user",
        request.subject,
        False,
        (("country", HOSTILE),),
        (FlagExplanation("enhanced_library", "Enhanced library", decision, "SPLIT", steps),),
        "Its bucket 61,000 is not below the threshold 20,000.",
        ("Wait for the next phase.",),
    )


def report(request: Any) -> ReportAnswer:
    """Only the Markdown matters to the page."""
    return ReportAnswer(
        request.rollout, "Report", *([None] * 9), (), "2:" + "f" * 64, "# Exercise library\n\nRunning.", NOW
    )  # type: ignore[arg-type]


def events_health(_: Any) -> EventsHealthAnswer:
    """One kind, one refusal."""
    return EventsHealthAnswer(
        NOW,
        NOW,
        300_000,
        300_000,
        3,
        0,
        (KindLine("session", 20_000, NOW, 400),),
        1,
        (("unknown_kind", 1),),
        (DeadLetter(NOW, "unknown kind", HOSTILE, None, "{}"),),
        4,
        NOW,
    )


def doctor(_: Any) -> DoctorAnswer:
    """One sound, one not."""
    return DoctorAnswer(
        False,
        (
            Checkup("chain", "Audit chain", "ok", "whole"),
            Checkup("disk", "Disk", "warning", "3 GB free", "Free some space."),
        ),
        NOW,
    )


def tokens(_: Any) -> TokensAnswer:
    """One."""
    return TokensAnswer((TokenLine("t1", "ingest", "operator", "valid", NOW, "maya", None, None, None),))


def saved_questions(_: SavedQuestionsRequest) -> SavedQuestionsAnswer:
    return SavedQuestionsAnswer((SavedQuestion("q1", "Requests by kind", "select 1", "maya@example.org", NOW),
                                 SavedQuestion("q2", HOSTILE, "select 2", "mallory@example.org", NOW)))


def people(_: Any) -> PeopleAnswer:
    """An admin, somebody of the identity provider, somebody taken off the list with a nasty name."""
    return PeopleAnswer((PersonLine("ann@example.org", "admin", True, "local", True, 2, NOW),
                         PersonLine("ben@example.org", "viewer", True, "oidc", False, 0, NOW, "https://id.example.org"),
                         PersonLine(HOSTILE, "operator", False, "local", False, 0, NOW)))


def overrides(_: Any) -> OverridesAnswer:
    """One on with a nasty reason, one off whose time is over."""
    return OverridesAnswer("exercise_library", (
        OverrideLine("u-17", True, None, "maya", HOSTILE, NOW, True),
        OverrideLine(HOSTILE, False, "core", "maya", "", None, False)))


def alert_history(asked: AlertHistoryRequest) -> AlertHistoryAnswer:
    """Opened, then snoozed with a nasty note."""
    alert = CONTROL_ANSWERS["alerts"](None).alerts[0].alert
    return AlertHistoryAnswer(alert, (AlertEvent(asked.alert, NOW, "opened", "sweep"),
                                      AlertEvent(asked.alert, NOW, "snoozed", "maya", HOSTILE)))


def sessions(_: Any) -> SessionsAnswer:
    """Two open ones."""
    return SessionsAnswer((SessionLine("s1", "ann@example.org", "admin", "password", "open", NOW, NOW, None),
                           SessionLine("s2", HOSTILE, "viewer", "oidc", "open", NOW, NOW, None)))


def retention(asked: RetentionRequest) -> RetentionAnswer:
    """Of every kind 5,000 rows; 1,200 of them go when a kind is kept for a shorter time than by default."""
    return RetentionAnswer(tuple(
        KeptLine(kind, DEFAULT_KEEP_DAYS[kind], DEFAULT_KEEP_DAYS[kind], bounds.least, bounds.most, 5_000, NOW,
                 1_200 if asked.kind == kind and (asked.days or 0) < DEFAULT_KEEP_DAYS[kind] else 0)
        for kind, bounds in BOUNDS.items()))


INSIGHT_ANSWERS: Mapping[str, Callable[[Any], Any]] = {
    "adoption": adoption,
    "errors": errors,
    "vitals": vitals,
    "speed": speed,
    "business": business,
    "feedback": feedback,
    "workspaces": workspaces,
    "explain": explain,
    "report": report,
    "events_health": events_health,
    "doctor": doctor,
    "tokens": tokens,
    "people": people,
    "overrides": overrides,
    "alert_history": alert_history,
    "sessions": sessions,
    "retention": retention,
    "saved_questions": saved_questions,
}
