"""What to compare: metric, what is set against what, whose numbers, and what divides them. All in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

import streamlit as st

from pages.panels import filters
from pages.panels.page import Here
from rollout_core.insight.compare import NOT_COMPARED, CompareRequest
from rollout_core.insight.compare_parts import BY_FLAG, FORMULAS
from rollout_core.insight.phases import PhasesRequest
from rollout_core.insight.rollouts import RolloutEntry, RolloutsRequest
from rollout_core.metrics.catalog import CATALOG, METRICS
from rollout_core.ports.subject_questions import ATTRIBUTE

NAMES: Mapping[str, str] = {metric.name: metric.key for metric in METRICS
                            if not isinstance(metric.formula, NOT_COMPARED)}
ACROSS: Mapping[str, str] = {"Treatment and control": "arms", "Two periods": "periods", "Two phases": "phases",
                             "Two segments": "segments", "Two plans": "plans"}
ARMS: Mapping[str, str] = {"Treatment": "treatment", "Control": "control", "Everybody": "everybody"}
NOT_DIVIDED = "Nothing"
WORDS: Mapping[str, str] = {
    "page": "Page", "device": "Device", "release": "Release", "endpoint": "Endpoint", "name": "Name", "flag": "Feature",
    "audience": "Audience",
}


def in_words(division: str) -> str:
    """What divides, as people call it: a column of the events, or an attribute of the people."""
    if division.startswith(ATTRIBUTE):
        return f"People: {division.removeprefix(ATTRIBUTE).replace('_', ' ')}"
    return WORDS.get(division, division)


BEFORE, CHOSEN = "The stretch before", "Chosen days"


def chosen_metric() -> str:
    """Any metric that can be measured on two sides; typing searches."""
    names = list(NAMES)
    name = st.selectbox("Metric", names, index=names.index(CATALOG["error_rate"].name), key="metric",
                        bind="query-params", width=210)
    return NAMES[name]


def chosen_across() -> str:
    """What is set against what."""
    return ACROSS[st.selectbox("Compare", list(ACROSS), key="across", bind="query-params", width=200)]


def chosen_window(here: Here, entry: RolloutEntry, across: str) -> tuple[str, str]:
    """The time both sides are of; phases have theirs."""
    return ("phase", "") if across == "phases" else filters.chosen_window(here, entry)


def chosen_arm(across: str) -> str:
    """Whose numbers; arms have theirs."""
    if across == "arms":
        return "treatment"
    return ARMS[st.selectbox("Of", list(ARMS), key="of", bind="query-params", width=130)]


def chosen_division(here: Here, entry: RolloutEntry, metric: str, across: str) -> str:
    """What divides both sides, or which kind of segment they are; a metric offers what its events and people say."""
    offered = here.ask("compare", CompareRequest(metric, entry.key, window="hour"), settled=True).divisions
    segments = across == "segments"
    known = {**({} if segments else {NOT_DIVIDED: ""}), **{in_words(each): each for each in offered}}
    if not known:
        return ""
    chosen = st.selectbox("Kind of segment" if segments else "Divided by", list(known), key="by", bind="query-params",
                          width=190)
    return known.get(chosen, "")


def why_not_divided(key: str) -> str:
    """Of a metric that follows people, answers or checks: by what it cannot be divided, and which metrics can; "" of
    one that is counted by the event."""
    metric = CATALOG[key]
    if isinstance(metric.formula, FORMULAS):
        return ""
    by = "can be divided by feature only" if isinstance(metric.formula, BY_FLAG) else "cannot be divided"
    return (f"{metric.name} is counted in {metric.noun}, so it {by}. What is counted by the event (error rate, vitals, "
            "response times, tasks) is also divided by page, device, audience and attributes of people.")


def with_sides(here: Here, asked: CompareRequest) -> CompareRequest:
    """The request with its two sides, where there is something to choose."""
    choose = {"periods": _periods, "phases": _phases, "segments": _segments, "plans": _plans}.get(asked.across)
    if choose is None:
        return asked
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return choose(here, asked)


def _periods(here: Here, asked: CompareRequest) -> CompareRequest:
    if st.selectbox("Against", [BEFORE, CHOSEN], key="against", bind="query-params", width=180) == BEFORE:
        return asked
    today = here.now.astimezone(here.zone).date()
    since = st.date_input("From", today - timedelta(days=14), max_value=today, key="then_since", format="YYYY-MM-DD",
                          bind="query-params", width=150)
    until = st.date_input("To", today - timedelta(days=7), max_value=today, key="then_until", format="YYYY-MM-DD",
                          bind="query-params", width=150)
    first, last = since or today, (until or today) + timedelta(days=1)
    return replace(asked, then_since_at=datetime.combine(first, time.min, tzinfo=here.zone),
                 then_until_at=datetime.combine(last, time.min, tzinfo=here.zone))


def _phases(here: Here, asked: CompareRequest) -> CompareRequest:
    steps = [step for step in here.ask("phases", PhasesRequest(asked.rollout), settled=True).phases if step.entered_at]
    names = {f"{step.number} · {step.name}": step.key for step in reversed(steps)}
    return _two(asked, names, "phase")


def _plans(here: Here, asked: CompareRequest) -> CompareRequest:
    known = filters.labels(here.ask("rollouts", RolloutsRequest()).rollouts)
    own = {name: entry.key for name, entry in known.items() if entry.key == asked.rollout}
    return _two(asked, {**own, **{name: entry.key for name, entry in known.items()}}, "plan")


def _segments(here: Here, asked: CompareRequest) -> CompareRequest:
    offered = here.ask("compare", asked, settled=True).segments
    names = {f"{in_words(each.partition(':')[0])}: {each.partition(':')[2]}": each for each in offered}
    return _two(asked, names, "segment")


def _two(asked: CompareRequest, names: Mapping[str, str], what: str) -> CompareRequest:
    """Two different ones of several; fewer than two leave the choice, and the refusal, to the question."""
    if len(names) < 2:
        return asked
    first = st.selectbox("First", list(names), key=f"{what}1", bind="query-params", width=220)
    others = [name for name in names if name != first]
    second = st.selectbox("Second", others, key=f"{what}2", bind="query-params", width=220)
    return replace(asked, first=names[first], second=names[second])
