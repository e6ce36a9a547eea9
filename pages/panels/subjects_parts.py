"""Pieces of the subjects page: the list, the chain of one subject in words, its own numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pages.panels import override_parts
from pages.panels.furniture import table
from pages.panels.page import Here, part
from rollout_core.charts import formats
from rollout_core.charts.words import Word, badge, plain, quiet
from rollout_core.flags.targeting import AttributeValue
from rollout_core.insight.audit_file import harmless
from rollout_core.insight.explain import ExplainAnswer, ExplainRequest, FlagExplanation
from rollout_core.insight.plan import PlanRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.workspaces import WorkspacesAnswer, WorkspacesRequest

ON, OFF = Word("On", "blue", "check"), Word("Off", "gray", "remove")


REASONS: Mapping[str, str] = {
    "in_by_bucket": "drawn by chance", "out_by_bucket": "not drawn yet", "subject_override": "by hand",
    "environment_override": "by the environment", "not_eligible": "not eligible", "no_audience": "in no audience yet",
    "holdout": "held out to compare", "flag_not_entered": "waits for its phase",
    "prerequisite_off": "needs another flag", "paused": "rollout is paused", "stopped": "rollout is stopped",
    "not_running": "rollout is not running",
}
"""Why a subject gets what it gets, in a few words; a test holds it complete."""


def listing(here: Here, entry: RolloutEntry, answer: WorkspacesAnswer, everybody: bool) -> None:
    """The page of subjects; what is not known is empty, never zero. Choosing a row explains that one above."""
    if not answer.subjects:
        st.markdown(quiet("Nobody. Try another part of the id, or import the register with `rollout import`."))
        return
    names = _audiences(here, entry)
    lines = answer.subjects
    frame = pd.DataFrame({
        "Id": [harmless(line.subject) for line in lines],
        **({"Has it": [line.enabled for line in lines]} if everybody else {}),
        "Why": [REASONS.get(line.reason, line.reason) for line in lines],
        "Audience": [harmless(names.get(line.audience or "", line.audience)) for line in lines],
        "First seen with it": [_local(here, line.first_exposed_at) for line in lines],
        "Last active": [_local(here, line.last_active_at) for line in lines],
        "Sessions": [line.sessions for line in lines],
        "Feature uses": [line.feature_uses for line in lines],
        "Requests": [line.requests for line in lines],
        "Errors": [line.errors for line in lines],
        "Satisfaction": [line.satisfaction for line in lines],
    })
    st.dataframe(frame, hide_index=True, alt="Subjects with their numbers", placeholder=formats.NONE, column_config={
        "First seen with it": st.column_config.DatetimeColumn("Since", format="D MMM, HH:mm", width=110),
        "Last active": st.column_config.DatetimeColumn(format="D MMM, HH:mm", width=110),
        "Audience": st.column_config.TextColumn(width=170),
        "Satisfaction": st.column_config.NumberColumn("Satisfied", format="%.1f", help="Mean score, 1 to 5")},
        key="subjects", selection_mode="single-row", on_select=partial(_explain, [line.subject for line in lines]))


def _explain(subjects: Sequence[str]) -> None:
    """The box above follows the chosen row."""
    rows = st.session_state["subjects"]["selection"]["rows"]
    if rows:
        st.session_state["subject"] = subjects[rows[0]]


def _audiences(here: Here, entry: RolloutEntry) -> dict[str, str]:
    """What the plan calls its audiences."""
    return {each.key: each.name for each in here.ask("plan", PlanRequest(entry.key), settled=True).plan.audiences}


def as_file(answer: WorkspacesAnswer) -> list[dict[str, Any]]:
    """The page of subjects with what the register says of them: a row each."""
    return [{"id": line.subject, "has it": line.enabled, "arm": line.arm, "why": REASONS.get(line.reason, line.reason),
             "audience": line.audience, "first seen with it": line.first_exposed_at, "last active": line.last_active_at,
             "sessions": line.sessions, "feature uses": line.feature_uses, "requests": line.requests,
             "errors": line.errors, "satisfaction, 1 to 5": line.satisfaction, **dict(line.attributes)}
            for line in answer.subjects]


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
        explanation(here, here.ask("explain", ExplainRequest(subject, entry.key)))
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
    active = [f"last event of it {here.when(line.last_active_at)}"] if line.last_active_at else []
    numbers = ", ".join([*counts, *satisfied]) or "nothing heard of it"
    st.markdown(f"**{' · '.join([since, *active])}**  \n{quiet(f'last 28 days: {numbers}')}")


def explanation(here: Here, answer: ExplainAnswer) -> None:
    """The whole answer: what decided, what the register says of the subject, each flag's chain."""
    _words(here, answer)
    for flag in answer.flags:
        _flag(flag)


def _words(here: Here, answer: ExplainAnswer) -> None:
    if answer.note:
        st.markdown(plain(answer.note))
    unknown = "" if answer.known or answer.note else f" {badge('Not in the register', 'gray', 'person_off')}"
    st.markdown(f"**{plain(answer.words)}**{unknown}")
    if answer.attributes:
        listed = " · ".join(f"{key}: {_attribute(here, value)}" for key, value in answer.attributes)
        st.markdown(quiet(plain(f"The register says: {listed}")))
    if answer.advice:
        with st.expander("Somebody should see it and does not? The plan's procedure"):
            st.markdown("\n".join(f"- {plain(line)}" for line in answer.advice))


def _attribute(here: Here, value: AttributeValue) -> object:
    """An instant in the reader's time; everything else as the register has it."""
    if not isinstance(value, str) or "T" not in value:
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return here.when(at) if at.tzinfo is not None else value


def _flag(flag: FlagExplanation) -> None:
    word = ON if flag.decision.value else OFF
    why = REASONS.get(str(flag.decision.reason), str(flag.decision.reason))
    with st.expander(f"{word.badge} {plain(flag.name)} {quiet(plain(why))}"):
        decided = badge("decided", "blue")
        table([{"Question": plain(step.question),
                "Answer": f"**{plain(step.answer)}** {decided}" if step.decided else plain(step.answer)}
               for step in flag.steps], f"Chain of {flag.name}")
