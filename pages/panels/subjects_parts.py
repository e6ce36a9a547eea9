"""Pieces of the subjects page: the list, the chain of one subject in words, its own numbers."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from pages.panels import override_parts
from pages.panels.furniture import table
from pages.panels.page import Here, part
from rollout_core.charts import formats
from rollout_core.charts.words import Word, badge, plain, quiet
from rollout_core.insight.audit_file import harmless
from rollout_core.insight.explain import ExplainAnswer, ExplainRequest, FlagExplanation
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.workspaces import WorkspacesAnswer, WorkspacesRequest

ON, OFF = Word("On", "blue", "check"), Word("Off", "gray", "remove")


def listing(here: Here, answer: WorkspacesAnswer) -> None:
    """The page of subjects; what is not known is empty, never zero."""
    if not answer.subjects:
        st.markdown(quiet("Nobody. Try another beginning of the id, or import the register with `rollout import`."))
        return
    frame = pd.DataFrame({
        "Id": [harmless(line.subject) for line in answer.subjects],
        "Has it": [line.enabled for line in answer.subjects],
        "Why": [line.reason.replace("_", " ") for line in answer.subjects],
        "Audience": [harmless(line.audience) for line in answer.subjects],
        "First seen with it": [_local(here, line.first_exposed_at) for line in answer.subjects],
        "Last active": [_local(here, line.last_active_at) for line in answer.subjects],
        "Sessions": [line.sessions for line in answer.subjects],
        "Feature uses": [line.feature_uses for line in answer.subjects],
        "Requests": [line.requests for line in answer.subjects],
        "Errors": [line.errors for line in answer.subjects],
        "Satisfaction": [line.satisfaction for line in answer.subjects],
    })
    st.dataframe(frame, hide_index=True, alt="Subjects with their numbers", column_config={
        "First seen with it": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
        "Last active": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
        "Satisfaction": st.column_config.NumberColumn(format="%.1f")})


def _local(here: Here, at: datetime | None) -> datetime | None:
    return None if at is None else here.local(at)


def explain(here: Here, entry: RolloutEntry) -> None:
    """Why one subject sees a feature or does not, link by link; overriding it is offered to those who may."""
    with st.container(border=True):
        st.markdown("## Why does somebody see it, or not?", anchors=False)
        subject = st.text_input(f"Id of one {entry.unit}", key="subject", bind="query-params", width=320).strip()
        if not subject:
            st.markdown(quiet("Type an id: the answer names the rule, the audience, the bucket and the threshold."))
            return
        explanation(here.ask("explain", ExplainRequest(subject, entry.key)))
        with part():
            _own_numbers(here, entry, subject)
        with part():
            override_parts.of_subject(here, entry, subject)


def _own_numbers(here: Here, entry: RolloutEntry, subject: str) -> None:
    """Since when, and what this one did in the last 28 days."""
    found = here.ask("workspaces", WorkspacesRequest(entry.key, subject, 1, 1, None)).subjects
    line = next((each for each in found if each.subject == subject), None)
    if line is None:
        return
    counts = [f"{formats.counted(count, noun)}" for count, noun in (
        (line.sessions, "sessions"), (line.feature_uses, "feature uses"), (line.requests, "requests"),
        (line.errors, "errors")) if count is not None]
    satisfied = [f"satisfaction {line.satisfaction:.1f} of 5"] if line.satisfaction is not None else []
    first = line.first_exposed_at
    since = f"First seen with it {here.when(first)}" if first else "Not seen with it yet"
    active = [f"last active {here.when(line.last_active_at)}"] if line.last_active_at else []
    numbers = ", ".join([*counts, *satisfied]) or "nothing heard of it"
    st.markdown(f"**{' · '.join([since, *active])}**  \n{quiet(f'last 28 days: {numbers}')}")


def explanation(answer: ExplainAnswer) -> None:
    """The whole answer: one sentence, what is known of the subject, each flag's chain."""
    _words(answer)
    for flag in answer.flags:
        _flag(flag)


def _words(answer: ExplainAnswer) -> None:
    unknown = "" if answer.known else f" {badge('Not in the register', 'gray', 'person_off')}"
    st.markdown(f"**{plain(answer.words)}**{unknown}")
    if answer.attributes:
        st.markdown(quiet(plain(" · ".join(f"{key}: {value}" for key, value in answer.attributes))))
    if answer.advice:
        st.markdown("\n".join(f"- {plain(line)}" for line in answer.advice))


def _flag(flag: FlagExplanation) -> None:
    word = ON if flag.decision.value else OFF
    why = str(flag.decision.reason).replace("_", " ")
    with st.expander(f"{word.badge} {plain(flag.name)} {quiet(plain(why))}"):
        decided = badge("decided", "blue")
        table([{"Question": plain(step.question),
                "Answer": f"**{plain(step.answer)}** {decided}" if step.decided else plain(step.answer)}
               for step in flag.steps], f"Chain of {flag.name}")
