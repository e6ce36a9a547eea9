"""What there is to ask about: views with their columns, types and meanings, and some rows of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from pages.panels.furniture import grid, section
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.ports.event_store import Found

VIEWS: Mapping[str, str] = {
    "exposures": "who was shown what, in which arm, phase and epoch",
    "feature_uses": "uses of a flag's feature; value in microseconds",
    "sessions": "sessions; value is the duration in microseconds",
    "page_views": "page views by page, device and release",
    "tasks": "tasks started and completed",
    "web_vitals": "LCP, INP, FCP, TTFB in microseconds, CLS in millionths",
    "api_requests": "requests by endpoint and status; value in microseconds",
    "renders": "render times of components in microseconds",
    "errors": "errors with category, severity and fingerprint",
    "feedback": "scores in millionths on their scale from low to high",
    "support_tickets": "tickets by severity and state",
    "conversions": "conversions by name",
    "health_checks": "checks of components: ok or not",
    "security_issues": "security issues by severity",
    "custom_events": "whatever else was sent",
    "spans": "which arm a subject was in, from when to when",
    "subject_days": "what each subject did each day, summed up",
    "hours": "sums per hour, epoch and arm",
    "buckets": "sums per day, arm and bucket, for evidence",
    "histograms": "distributions per day and arm",
    "ratings": "answers per score, day and arm",
    "entered": "how many entered each hour",
    "error_groups": "error groups with first and last sight",
    "rollouts": "the rollouts and how late events may come",
    "epochs": "every change of shares, with its cause",
    "units": "which slot holds which unit",
    "view_columns": "every column of these views with its type and what it means",
}
"""Everything that may be asked, with one line each; units as they are stored."""
SAMPLE_ROWS = 3
ASK_FOR_MORE = ("Yours to ask and to take away. Operators and admins also write SQL of their own: an admin gives that "
                "role under Settings, People.")
COLUMNS = "select view_name, column_name, column_type, meaning from view_columns order by view_name, place"


def only_ready(sql: str) -> None:
    """For those who may not write SQL: who may, how one becomes one of them, and the SQL of what is asked."""
    st.markdown(f"{badge('Ready questions', 'gray', 'lock')} {quiet(ASK_FOR_MORE)}")
    if sql:
        with st.expander("How is it counted?", icon=":material/code:"):
            st.code(sql, language=None, wrap_lines=True)


def schema(here: Here) -> None:
    """The views, opened on demand; nothing is asked while it is closed."""
    box = st.expander("What is in the store?", icon=":material/schema:", key="schema", on_change="rerun")
    if not box.open:
        return
    with box:
        view = st.selectbox("View", list(VIEWS), format_func=lambda name: f"{name}: {VIEWS[name]}", key="view")
        described = [row[1:] for row in _looked_up(here, COLUMNS).rows if row[0] == view]
        st.table([{"Column": plain(name), "Type": kind, "Meaning": plain(meaning)}
                  for name, kind, meaning in described], border="horizontal", hide_index=True, alt=f"Columns of {view}")
        section("Some rows", "Times are UTC · subjects appear by key only")
        sample = _looked_up(here, f"select * from {view} limit {SAMPLE_ROWS}")  # noqa: S608 - one of VIEWS
        grid(sample.columns, sample.rows, f"Some rows of {view}") if sample.rows else st.markdown(quiet("None yet."))


def _looked_up(here: Here, sql: str) -> Found:
    """What hardly changes, asked every few minutes at most. Raises NotPermitted, QueryRefused."""
    room = bootstrap.current()
    return _remembered(room, id(room), here.actor, sql)


@st.cache_resource(ttl=timedelta(minutes=5), max_entries=60, show_spinner=False)
def _remembered(_room: Any, room: int, _actor: Any, sql: str) -> Found:
    found: Found = _room.query(_actor, sql, 1_000)
    return found
