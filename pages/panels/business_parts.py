"""Pieces of the Business page: what its charts show, as files."""

from __future__ import annotations

from typing import Any

from pages.panels.files import within
from rollout_core.insight.business import BusinessAnswer


def retention_as_file(answer: BusinessAnswer) -> list[dict[str, Any]]:
    """The curves: a row a day and arm; n is of those old enough."""
    return [{"day": point.day, "arm": arm, "active again (share 0 to 1)": getattr(point, arm),
             "low": (getattr(point, f"{arm}_ends") or (None, None))[0],
             "high": (getattr(point, f"{arm}_ends") or (None, None))[1], "n": getattr(point, f"{arm}_n"),
             **within(answer.window)} for point in answer.retention for arm in ("treatment", "control")]


def scores_as_file(answer: BusinessAnswer) -> list[dict[str, Any]]:
    """Answers: a row a score."""
    return [{"score": each.score, "treatment": each.treatment, "control": each.control, **within(answer.window)}
            for each in answer.scores]
