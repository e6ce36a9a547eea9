"""The enabled subjects of the register (the seed's "enabled workspaces"), paged and searchable, with their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rollout_core.errors import InvalidRequest
from rollout_core.flags.decision import Decision
from rollout_core.flags.evaluation import CompiledRollout, decide_all
from rollout_core.flags.targeting import AttributeValue
from rollout_core.insight.compiled import compiled_of
from rollout_core.insight.scene import Scene, scene
from rollout_core.metrics.measured import Window
from rollout_core.ports.room import Room
from rollout_core.ports.subject_questions import SubjectPage, SubjectSums
from rollout_core.rollouts.census import population


@dataclass(frozen=True, slots=True)
class WorkspacesRequest:
    """`page` counts from 1; `enabled` True: only who has it, False: only who has not, None: both."""

    rollout: str | None = None
    search: str = ""
    page: int = 1
    page_size: int = 50
    enabled: bool | None = True


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """One subject: what it gets and why, and what it did in the last 28 days. None: not known, never zero."""

    subject: str
    enabled: bool
    arm: str
    reason: str
    audience: str | None
    bucket: int
    attributes: tuple[tuple[str, AttributeValue], ...]
    first_exposed_at: datetime | None
    last_active_at: datetime | None
    sessions: int | None
    feature_uses: int | None
    requests: int | None
    errors: int | None
    satisfaction: float | None


@dataclass(frozen=True, slots=True)
class WorkspacesAnswer:
    """`total` is how many match; None when only this page was looked at."""

    rollout: str
    unit: str
    total: int | None
    page: int
    page_size: int
    subjects: tuple[SubjectLine, ...]
    note: str = ""


LOOK_BACK = timedelta(days=28)
MOST_AT_ONCE = 500


def answer(room: Room, request: WorkspacesRequest) -> WorkspacesAnswer:
    """One page of subjects. Raises InvalidRequest for a page before the first."""
    if request.page < 1 or not 1 <= request.page_size <= MOST_AT_ONCE:
        raise InvalidRequest("Pages count from 1 and hold 1 to 500 subjects.")
    now_scene = scene(room, request.rollout)
    rollout, compiled = now_scene.rollout, compiled_of(room, now_scene)
    found = room.events.measure(_page(now_scene, compiled, request)).records()
    ids = tuple(row["id"] for row in found)
    with room.control.read() as unit:
        known = {subject: unit.register.get(rollout.unit, subject) or {} for subject in ids}
    sums = _sums(room, now_scene, ids)
    lines = tuple(_line(compiled, now_scene, subject, known[subject], sums.get(subject, [])) for subject in ids)
    total = found[0]["total"] if found else 0
    note = "" if found or request.search else (
        f"No {rollout.unit} has it now." if request.enabled else f"The register holds no such {rollout.unit}.")
    return WorkspacesAnswer(rollout.key, rollout.unit, total, request.page, request.page_size, lines, note)


def _page(scene: Scene, compiled: CompiledRollout, request: WorkspacesRequest) -> SubjectPage:
    served = compiled.served
    asked = population(scene.plan, scene.rollout, served.epoch_began_at)
    in_force = {each.subject: each.value for each in served.overrides if each.flag is None
                and (each.until_at is None or each.until_at > scene.now)}
    forced_on = () if served.stopped or served.paused else tuple(sorted(key for key, on in in_force.items() if on))
    thresholds = {} if served.stopped or served.paused else served.thresholds
    return SubjectPage(asked, tuple(thresholds.items()), request.enabled, request.search, forced_on,
                       tuple(sorted(key for key, on in in_force.items() if not on)),
                       (request.page - 1) * request.page_size, request.page_size)


def _sums(room: Room, scene: Scene, ids: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    window = Window(scene.now - LOOK_BACK, scene.now)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in room.events.measure(SubjectSums(scene.rollout.key, scene.rollout.unit, ids, window)).records():
        found.setdefault(row["subject"], []).append(row)
    return found


def _line(compiled: CompiledRollout, scene: Scene, subject: str, attributes: dict[str, AttributeValue],
          rows: list[dict[str, Any]]) -> SubjectLine:
    decision = leading(decide_all(compiled, subject, attributes, scene.now))
    spans = [row["first_at"] for row in rows if row["kind"] == "arm_span" and row["what"] == "treatment"]
    days = [row for row in rows if row["kind"] != "arm_span"]
    scores = _of(days, "feedback")
    return SubjectLine(
        subject=subject, enabled=decision is not None and decision.value is True,
        arm=decision.arm.value if decision else "none", reason=decision.reason.value if decision else "not_running",
        audience=decision.audience if decision else None, bucket=decision.bucket if decision else -1,
        attributes=tuple(sorted(attributes.items())), first_exposed_at=min(spans, default=None),
        last_active_at=max((row["last_at"] for row in days), default=None), sessions=_count(days, "session"),
        feature_uses=_count(days, "feature_use"), requests=_count(days, "request_errors"),
        errors=_count(days, "error"), satisfaction=scores[1] / scores[0] / 1e6 if scores[0] else None)


def leading(decisions: dict[str, Decision]) -> Decision | None:
    """The decision that speaks for the subject: of a flag that is on, else of the first one served, else any."""
    on = [each for each in decisions.values() if each.value is True]
    served = [each for each in decisions.values() if each.reason.value != "flag_not_entered"]
    return next(iter(on or served or list(decisions.values())), None)


def _of(rows: list[dict[str, Any]], kind: str) -> tuple[int, int]:
    return (sum(int(row["n"]) for row in rows if row["kind"] == kind),
            sum(int(row["x"]) for row in rows if row["kind"] == kind))


def _count(rows: list[dict[str, Any]], kind: str) -> int | None:
    """How many; None when the subject was never heard of at all."""
    return _of(rows, kind)[0] if rows else None
