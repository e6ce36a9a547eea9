"""What people wrote, newest first, with the arm they were in, and how both arms rate it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollout_core.errors import InvalidRequest
from rollout_core.insight.measuring import MEMBERS, Measuring
from rollout_core.insight.metrics import MetricRow, metric_row
from rollout_core.insight.scene import scene
from rollout_core.insight.window import window_of
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import EventPage
from rollout_core.ports.room import Room

RATINGS = ("satisfaction", "nps")
SCORES = ("low", "middle", "high", "none")
AT_A_LOOK = 1_000
"""Answers that one page looks through; the rest is behind `older_at`."""
DETRACTORS, PASSIVES = 0.6, 0.8
"""Up to which part of the scale recommending counts as low and as middle: 6 and 8 of 10."""


@dataclass(frozen=True, slots=True)
class FeedbackRequest:
    """Window as in MetricsRequest. `arm` treatment | control, `score` low | middle | high | none (a comment without
    one), `search` in the text; "" each: all. `before_at`: only older ones, as `older_at` of the page before says."""

    rollout: str | None = None
    window: str = "rollout"
    since_at: datetime | None = None
    until_at: datetime | None = None
    arm: str = ""
    score: str = ""
    search: str = ""
    before_at: datetime | None = None
    limit: int = 25


@dataclass(frozen=True, slots=True)
class Comment:
    """A written answer with its score on its scale. Text of users: never rendered as HTML."""

    at: datetime
    score: float | None
    highest: float
    rated: str
    text: str
    arm: str
    about: str


@dataclass(frozen=True, slots=True)
class FeedbackAnswer:
    """`ratings`: satisfaction and NPS of all answers in the window, whatever is chosen. `older_at` None: that was all;
    `looked_through`: answers among which these comments are."""

    rollout: str
    window: Window
    ratings: tuple[MetricRow, ...]
    comments: tuple[Comment, ...]
    older_at: datetime | None
    looked_through: int
    computed_at: datetime


def answer(room: Room, request: FeedbackRequest) -> FeedbackAnswer:
    """One page of the inbox. Raises InvalidRequest for an unknown arm or score."""
    if request.arm not in ("", "treatment", "control") or request.score not in ("", *SCORES):
        raise InvalidRequest("There is no such arm or score.",
                             mend=f"Arms are treatment and control, scores {', '.join(SCORES)}.")
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    page = EventPage("feedback", window, request.before_at, AT_A_LOOK, now_scene.rollout.key)
    rows = measuring.ask(page).records()
    found = [comment for row in rows if (comment := _comment(row)) is not None and _wanted(comment, request)]
    shown = tuple(found[:max(1, request.limit)])
    older_at = (shown[-1].at if len(found) > len(shown) else
                rows[-1]["occurred_at"] if len(rows) == AT_A_LOOK else None)
    return FeedbackAnswer(now_scene.rollout.key, window, tuple(metric_row(measuring, CATALOG[key]) for key in RATINGS),
                          shown, older_at, len(rows), now_scene.now)


def _comment(row: dict[str, Any]) -> Comment | None:
    """None without a text, and of people who were in no arm when they wrote."""
    if not row["comment"] or row["arm"] == "unattributed":
        return None
    score = None if row["value"] is None else row["value"] / 1e6
    low, high = (row["low"] or 1_000_000) / 1e6, (row["high"] or 5_000_000) / 1e6
    return Comment(row["occurred_at"], score, high, rated(score, low, high, recommends=row["name"] == "nps"),
                   row["comment"], row["arm"], row["page"] or "")


def rated(score: float | None, low: float, high: float, *, recommends: bool) -> str:
    """low | middle | high | none. Recommending as NPS has it (0 to 6, 7 and 8, 9 and 10 of 10), satisfaction by the
    middle of its scale (3 of 1 to 5)."""
    if score is None or high <= low:
        return "none"
    place = (score - low) / (high - low)
    if recommends:
        return "low" if place <= DETRACTORS else "middle" if place <= PASSIVES else "high"
    return "low" if place < 0.5 else "middle" if place == 0.5 else "high"


def _wanted(comment: Comment, request: FeedbackRequest) -> bool:
    return ((not request.arm or comment.arm in MEMBERS[request.arm])
            and request.score in ("", comment.rated)
            and request.search.lower() in comment.text.lower())
