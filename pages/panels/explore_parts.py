"""Pieces of the Explore page: views, questions to start from, the answer as a table, downloads and a simple chart."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import pandas as pd
import streamlit as st

from pages.panels.furniture import chart, section
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import figure, palette
from rollout_core.charts.words import badge, quiet
from rollout_core.insight.audit_file import harmless
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
}
"""Everything that may be asked, with one line each; units as they are stored."""

SAVED: Mapping[str, str] = {
    "Worst pages for INP in treatment":
        "select s.rollout, page, count(*) as measured,\n       quantile_disc(v.value, 0.75) / 1000 as inp_p75_ms\n"
        "from web_vitals v\njoin spans s on s.subject_key = v.k0\n"
        "  and v.occurred_at >= s.from_at and v.occurred_at < s.to_at\n"
        "where v.name = 'INP' and s.arm = 'treatment'\n"
        "group by all\norder by inp_p75_ms desc",
    "Sessions per day":
        "select cast(occurred_at as date) as day, count(*) as sessions\nfrom sessions\ngroup by all\norder by day",
    "Errors by category and release":
        "select category, release, count(*) as errors\nfrom errors\ngroup by all\norder by errors desc",
    "Slow endpoints":
        "select endpoint, count(*) as requests, quantile_disc(value, 0.95) / 1000 as p95_ms,\n"
        "       avg((status >= 500)::int) as failed\nfrom api_requests\ngroup by all\norder by p95_ms desc",
    "Every change of shares":
        "select rollout, epoch, began_at, phase, percentage / 1000 as percent, cause\nfrom epochs\n"
        "order by began_at desc",
}
"""Name -> SQL; a person edits from there."""
MOST_ROWS, MOST_SECONDS = 10_000, 10.0


def take_saved() -> None:
    """The chosen question replaces what is in the box."""
    st.session_state["sql"] = SAVED[st.session_state["saved"]]


def run(here: Here, sql: str) -> Found:
    """The answer. Raises NotPermitted, QueryRefused with the reason (not a read, too long, unknown column)."""
    with st.spinner("Asking"):
        return bootstrap.current().query(here.actor, sql, MOST_ROWS)


def only_to_look_at() -> None:
    """For those who may not run SQL: what there is to ask about, and who may."""
    st.markdown(f"{badge('Operators', 'gray', 'lock')} Operators and admins ask here in SQL. This is what they can ask "
                "about; the other pages answer the usual questions.")
    st.table([{"View": name, "Holds": words} for name, words in VIEWS.items()])


def schema(here: Here) -> None:
    """The views with what they hold; a chosen one shows its columns with three rows."""
    with st.expander("What is in the store?", icon=":material/schema:"):
        view = st.selectbox("View", list(VIEWS), format_func=lambda name: f"{name}: {VIEWS[name]}", key="view")
        st.dataframe(frame_of(run(here, f"select * from {view} limit 3")), hide_index=True, alt=f"Columns of {view}")  # noqa: S608 - one of VIEWS
        st.markdown(quiet("Times are UTC. Subjects appear by key only."))


def frame_of(found: Found) -> pd.DataFrame:
    """Rows as a data frame with the query's own column names."""
    return pd.DataFrame(list(found.rows), columns=list(found.columns))


def csv_of(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a header; no text in it, column names included, is a formula to a spreadsheet."""
    safe = frame.rename(columns=harmless)
    for name in safe.select_dtypes(["object", "string"]).columns:
        safe[name] = safe[name].map(harmless)
    return safe.to_csv(index=False).encode()


def downloads(frame: pd.DataFrame) -> None:
    """The answer as a file."""
    if frame.empty:
        return
    parquet = BytesIO()
    frame.to_parquet(parquet, index=False)
    with st.container(horizontal=True):
        st.download_button("Download CSV", csv_of(frame), "answer.csv", "text/csv",
                           icon=":material/download:", key="answer-csv", on_click="ignore")
        st.download_button("Download Parquet", parquet.getvalue(), "answer.parquet", "application/vnd.apache.parquet",
                           icon=":material/download:", key="answer-parquet", on_click="ignore")


def _telling(frame: pd.DataFrame, numbers: list[str]) -> int:
    """Where the column stands that tells most rows apart, numbers aside: bars of different rows are never stacked."""
    others = [name for name in frame.columns if name not in numbers] or list(frame.columns)
    return list(frame.columns).index(max(others, key=lambda name: int(frame[name].nunique())))


def picture(here: Here, frame: pd.DataFrame) -> None:
    """A line or bars over any column; offered when there is a number to draw."""
    numbers = [name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    if frame.empty or not numbers or len(frame.columns) < 2:
        return
    section("As a picture")
    with st.container(horizontal=True):
        across = st.selectbox("Across", list(frame.columns), index=_telling(frame, numbers), key="across", width=200)
        up = st.selectbox("Up", numbers, index=len(numbers) - 1, key="up", width=200)
        kind = st.selectbox("As", ["Bars", "Line"], key="picture", width=120)
    fig = figure.figure(here.theme)
    if kind == "Line":
        figure.line(fig, str(up), list(frame[across]), list(frame[up]))
    else:
        fig.add_bar(x=list(frame[across]), y=list(frame[up]), name=str(up), marker={"color": palette.TEXT[here.theme]})
    chart(fig, f"{up} by {across}", "explore-picture")
    st.markdown(quiet("Drawn as answered, without intervals: a picture to look around with, not evidence."))
