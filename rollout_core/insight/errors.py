"""What goes wrong: rates by arm and category, groups with who was hit and since when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rollout_core.health.issue import Issue, IssueState
from rollout_core.insight.compare_parts import OnePart
from rollout_core.insight.formulas import Asked
from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.glance import base_of
from rollout_core.insight.measure import by_key, measure
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.series import Mark
from rollout_core.insight.timeline import changes_of
from rollout_core.insight.unnamed_errors import unnamed_count
from rollout_core.insight.window import window_of
from rollout_core.metrics.aggregates import NOTHING, Sums
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.event import Kind
from rollout_core.metrics.formula import Proportion
from rollout_core.metrics.measured import Measured, Window
from rollout_core.ports.event_questions import ErrorGroups, Totals, Watermarks
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class ErrorsRequest:
    """Window as in MetricsRequest. `category` narrows; `state`: unresolved | resolved | ignored | all."""

    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    category: str | None = None
    state: str = "unresolved"
    limit: int = 50


@dataclass(frozen=True, slots=True)
class CategoryRate:
    """Sessions with an error of this category ÷ sessions, by arm, and the relative change between them."""

    category: str
    treatment: Measured
    control: Measured
    change: Measured


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """One fingerprint. `treatment`, `control`: how many of its occurrences were in each arm. `after`: the last
    change of the rollout before it was first seen; None: it is older than the rollout."""

    fingerprint: str
    title: str
    category: str
    severity: str
    first_seen_at: datetime
    last_seen_at: datetime
    occurrences: int
    subjects: int
    treatment: int
    control: int
    state: str
    regressed: bool
    release: str
    after: Mark | None = None


@dataclass(frozen=True, slots=True)
class ErrorsAnswer:
    """`basis`: requests | sessions, as the plan measures its error rate. `unnamed`: errors of both arms without their
    session, where that leaves a share of sessions unknown."""

    rollout: str
    window: Window
    basis: str
    treatment: Measured
    control: Measured
    change: Measured
    critical: Measured
    critical_control: Measured
    critical_change: Measured
    error_free_sessions: Measured
    categories: tuple[CategoryRate, ...]
    groups: tuple[ErrorGroup, ...]
    unattributed: int
    computed_at: datetime
    unnamed: int = 0


STATES = {IssueState.OPEN: "unresolved", IssueState.RESOLVED: "resolved", IssueState.IGNORED: "ignored"}
CONTROLS = ("control", "holdout")
MOST_GROUPS = 1_000
MOST_CATEGORIES = 20
"""Categories are what senders call them: so many of the most frequent are shown."""


def answer(room: Room, request: ErrorsRequest) -> ErrorsAnswer:
    """Errors of one rollout."""
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    measuring.read_ahead((base_of(now_scene), "session_errors", "session_errors:", "errors"))
    rates = {(key, arm): by_key(measuring, key, arm) for key in ("error_rate", "critical_error_rate")
             for arm in ("treatment", "control")}
    return ErrorsAnswer(
        now_scene.rollout.key, window, now_scene.plan.measurement.error_basis, rates["error_rate", "treatment"],
        rates["error_rate", "control"], change_of(measuring, CATALOG["error_rate"]),
        rates["critical_error_rate", "treatment"], rates["critical_error_rate", "control"],
        change_of(measuring, CATALOG["critical_error_rate"]),
        by_key(measuring, "error_free_sessions"), _categories(measuring, request.category),
        _groups(measuring, request), _unattributed(measuring), now_scene.now,
        unnamed_count(measuring))


def _categories(measuring: Measuring, wanted: str | None) -> tuple[CategoryRate, ...]:
    """Sessions with an error of the category ÷ sessions, the most frequent first."""
    seen = _seen(measuring, MOST_GROUPS)
    counted: dict[str, int] = {}
    for row in seen:
        if row["arm"] == "unattributed":
            continue
        counted[row["category"]] = counted.get(row["category"], 0) + row["n"]
    names = [name for name in sorted(counted, key=lambda name: (-counted[name], name)) if wanted in (None, name)]
    names = names[:MOST_CATEGORIES]
    measuring.prefetch(("session_errors", *(f"session_errors:{name}" for name in names)))
    return tuple(_category(measuring, name) for name in names)


def _category(measuring: Measuring, name: str) -> CategoryRate:
    """The sessions are those of all errors, the hits the category's."""
    hits = measuring.strata(f"session_errors:{name}")
    part = OnePart(measuring, "session_errors", {place: _hit(sessions.n, hits.get(place, NOTHING).s)
                                                 for place, sessions in measuring.strata("session_errors").items()}, {})
    metric = replace(CATALOG["error_free_sessions"], key=f"error_rate:{name}", name=f"Sessions with a {name} error",
                     direction="lower", formula=Proportion("session_errors"))
    treatment, control = (measure(part, Asked(metric, arm)) for arm in ("treatment", "control"))
    return CategoryRate(name, treatment, control, change_of(part, metric))


def _hit(sessions: int, hits: int) -> Sums:
    """A session that is counted late may bring its hit before itself."""
    return Sums(sessions, min(sessions, hits), min(sessions, hits))


def _seen(measuring: Measuring, limit: int) -> list[dict[str, Any]]:
    """Rows of the `limit` most frequent groups. All of them are read from raw errors once, whoever asks for fewer."""
    rows = _counted(measuring, max(limit, MOST_GROUPS))
    counted: dict[str, int] = {}
    for row in rows:
        counted[row["fingerprint"]] = counted.get(row["fingerprint"], 0) + row["n"]
    kept = set(sorted(counted, key=lambda name: (-counted[name], name))[:limit])
    return [row for row in rows if row["fingerprint"] in kept]


def _counted(measuring: Measuring, limit: int) -> list[dict[str, Any]]:
    """Groups by arm: what closed windows hold is counted until more are closed, and what came since is added."""
    whole = ErrorGroups(measuring.window, measuring.rollout, limit)
    watermark = measuring.ask(Watermarks()).closed_until_at
    if watermark is None or not measuring.window.since_at < watermark < measuring.window.until_at:
        return measuring.ask(whole).records()
    before, since = Window(measuring.window.since_at, watermark), Window(watermark, measuring.window.until_at)
    closed = measuring.ask(replace(whole, window=before, live=False)).records()
    if len({row["fingerprint"] for row in closed}) >= limit:       # some were left out, which may have become frequent
        return measuring.ask(whole).records()
    if not measuring.arrived(Kind.ERROR, watermark):
        return closed
    return _added(closed, measuring.ask_with_tail("errors", replace(whole, window=since, besides=before)).records())


def _added(closed: list[dict[str, Any]], late: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both counts together; what a group is comes from its newest error."""
    newest = {row["fingerprint"]: {name: row[name] for name in ABOUT} for row in (*closed, *late)}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (*closed, *late):
        before = found.get((row["fingerprint"], row["arm"]), {"n": 0, "subjects": 0})
        found[row["fingerprint"], row["arm"]] = {
            **row, **newest[row["fingerprint"]], **{name: before[name] + row[name] for name in ("n", "subjects")}}
    return list(found.values())


ABOUT = ("category", "severity", "name", "message", "first_at", "last_at", "release")


def _groups(measuring: Measuring, request: ErrorsRequest) -> tuple[ErrorGroup, ...]:
    issues = {issue.source: issue for issue in measuring.scene.issues if issue.kind == "error_group"}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in _seen(measuring, request.limit):
        if row["arm"] != "unattributed" and request.category in (None, row["category"]):
            rows.setdefault(row["fingerprint"], []).append(row)
    changes = changes_of(measuring.scene)
    groups = [_group(found, issues.get(fingerprint), changes) for fingerprint, found in rows.items()]
    kept = [group for group in groups if request.state in ("all", group.state)]
    return tuple(sorted(kept, key=lambda group: (-group.occurrences, group.fingerprint)))


def _group(rows: list[dict[str, Any]], issue: Issue | None, changes: tuple[Mark, ...]) -> ErrorGroup:
    first = rows[0]
    by_arm = {row["arm"]: int(row["n"]) for row in rows}
    return ErrorGroup(
        fingerprint=first["fingerprint"], title=first["message"] or first["name"] or first["fingerprint"],
        category=first["category"], severity=issue.priority.value if issue else first["severity"] or "low",
        first_seen_at=first["first_at"], last_seen_at=first["last_at"], occurrences=sum(by_arm.values()),
        subjects=sum(int(row["subjects"]) for row in rows), treatment=by_arm.get("treatment", 0),
        control=sum(by_arm.get(arm, 0) for arm in CONTROLS), state=STATES[issue.state] if issue else "unresolved",
        regressed=_regressed(issue, first["last_at"]), release=first["release"] or "",
        after=next((mark for mark in reversed(changes) if mark.at <= first["first_at"]), None))


def _regressed(issue: Issue | None, last_at: datetime) -> bool:
    """Resolved once and seen again since."""
    return issue is not None and (issue.regression or (issue.state is IssueState.RESOLVED
                                                       and last_at > issue.changed_at))


def _unattributed(measuring: Measuring) -> int:
    rows = measuring.ask(Totals(measuring.window, ("errors",), measuring.rollout, ("arm",))).records()
    return sum(int(row["n"]) for row in rows if row["arm"] == "unattributed")
