"""Pieces of the Feedback page: what is looked for, the inbox, and the way to older ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.words import Word, badge, plain, quiet
from rollout_core.insight.feedback import Comment, FeedbackAnswer, FeedbackRequest
from rollout_core.insight.rollouts import RolloutEntry

ARMS: Mapping[str, str] = {"Both arms": "", "Treatment": "treatment", "Control": "control"}
SCORES: Mapping[str, str] = {"All scores": "", "Low": "low", "Middle": "middle", "High": "high", "No score": "none"}
RATED: Mapping[str, Word] = {"low": Word("", "red", "star"), "middle": Word("", "gray", "star"),
                             "high": Word("", "green", "star"), "none": Word("", "gray", "")}
BEFORE = "before"
"""In the address: only comments older than this."""


def chosen(entry: RolloutEntry, window: str) -> FeedbackRequest:
    """What is looked for, from the choices and the address."""
    arm = ARMS[st.selectbox("From", list(ARMS), key="arm", bind="query-params", width=140)]
    score = SCORES[st.selectbox("Score", list(SCORES), key="score", bind="query-params", width=140)]
    search = st.text_input("With the words", key="said", bind="query-params", width=190, max_chars=80)
    return FeedbackRequest(entry.key, window, arm=arm, score=score, search=search.strip(), before_at=_before())


def _before() -> datetime | None:
    try:
        found = datetime.fromisoformat(st.query_params.get(BEFORE, ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


def inbox(here: Here, answer: FeedbackAnswer, asked: FeedbackRequest) -> None:
    """The comments with their score, and the way to older ones and back."""
    if answer.comments:
        table([{"Said": f"{plain(each.text)}  \n{quiet(_where(here, each))}", "Score": _score(each)}
               for each in answer.comments], "Comments, newest first")
    else:
        narrowed = asked.arm or asked.score or asked.search or asked.before_at
        st.markdown(quiet("No comment fits. Choose other scores or words." if narrowed else
                          "Nobody has written anything in this window."))
    with st.container(horizontal=True, vertical_alignment="center"):
        if asked.before_at is not None:
            st.button("Newest", key="feedback-newest", icon=":material/first_page:", on_click=_go, args=(None,))
        if answer.older_at is not None:
            st.button("Older", key="feedback-older", icon=":material/chevron_right:", on_click=_go,
                      args=(answer.older_at,))
            looked = formats.counted(answer.looked_through, "answers")
            st.markdown(quiet(f"These are among {looked}; older ones follow."))


def _go(before_at: datetime | None) -> None:
    """The address names the page of the inbox, so that it can be shared."""
    st.query_params.pop(BEFORE, None)
    if before_at is not None:
        st.query_params[BEFORE] = before_at.isoformat()


def _where(here: Here, comment: Comment) -> str:
    return " · ".join(plain(each) for each in (here.when(comment.at), comment.arm, comment.about) if each)


def _score(comment: Comment) -> str:
    if comment.score is None:
        return quiet("none")
    word = RATED[comment.rated]
    return badge(f"{comment.score:g} of {comment.highest:g}", word.colour, word.icon)


def as_file(answer: FeedbackAnswer) -> list[dict[str, Any]]:
    """The comments of this page: a row each."""
    return [{"at": each.at, "arm": each.arm, "score": each.score, "of": each.highest, "page": each.about,
             "said": each.text} for each in answer.comments]
