"""The only code that answers charts, reports, routes, gates and sweeps. Never writes.

One file per question: its frozen request and answer, and `answer(room, request)`. QUESTIONS makes the faces generic.
"""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.insight.question import QuestionSpec
from rollout_core.insight.registry import QUESTIONS as _QUESTIONS

QUESTIONS: Mapping[str, QuestionSpec] = _QUESTIONS

__all__ = ["QUESTIONS", "QuestionSpec"]
