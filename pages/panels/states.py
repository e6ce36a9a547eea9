"""The states of a page besides "here are the numbers": what, since when, and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

import streamlit as st

from rollout_core import bootstrap
from rollout_core.charts import formats
from rollout_core.charts.words import NO_DATA, badge, plain, quiet, spoken
from rollout_core.errors import (
    Invalid,
    NotFound,
    NotPermitted,
    NotSignedIn,
    QueryRefused,
    QueryStopped,
    Refused,
    RolloutError,
    StaleRollout,
    StoreError,
    StoreUnavailable,
)
from rollout_core.people.role import Role

if TYPE_CHECKING:
    from pages.panels.page import Here

ICONS: tuple[tuple[type[RolloutError], str], ...] = (
    (NotSignedIn, "lock"), (NotPermitted, "lock"), (StaleRollout, "sync_problem"), (QueryStopped, "timer_off"),
    (QueryRefused, "code_off"),
    (Refused, "block"), (NotFound, "search_off"), (Invalid, "edit"), (StoreError, "database_off"),
)
"""Error class -> Material icon; the first that fits."""

STALE_AFTER, LIVE_FOR = timedelta(minutes=30), timedelta(minutes=5)
"""Without an event for longer numbers are called stale (a plan may say otherwise), or are no longer called live."""


def arrival(last_at: datetime, now: datetime, stale_after: timedelta = STALE_AFTER, *, partly: bool = False) -> str:
    """How what arrives stands, as a badge, for every page: live, quiet for some minutes, stale. `partly`: some of the
    numbers beside it are stale while others come."""
    silent = now - last_at
    if silent > stale_after:
        return badge("Stale", "yellow", "history")
    if partly:
        return badge("Partly stale", "yellow", "history")
    if silent > LIVE_FOR:
        return badge(f"Quiet for {formats.span(silent)}", "gray", "sensors")
    return badge("Live", "green", "sensors")


def error(problem: RolloutError, after: str = "") -> None:
    """What happened and what to do, then one way on."""
    if not after and said_on_top(problem):
        st.markdown(f"{NO_DATA.badge} {quiet('Nothing can be counted while the event store is closed (see the top).')}")
        return
    text = plain(problem.message) + after + (f" {spoken(problem.mend)}" if problem.mend else "")
    if isinstance(problem, Invalid):
        text += "".join(f"  \n{plain(each)}" for each in problem.problems)
    st.error(text, icon=icon_of(problem))
    if isinstance(problem, NotSignedIn):
        st.link_button("Sign in", "/signin", icon=":material/login:")
    elif isinstance(problem, StoreError):
        st.button("Try again", icon=":material/refresh:", key=f"again-{token_hex(4)}")


def icon_of(problem: RolloutError) -> str:
    """The Material icon of what went wrong."""
    return f":material/{next((icon for kind, icon in ICONS if isinstance(problem, kind)), 'error')}:"


def said_on_top(problem: RolloutError) -> bool:
    """Whether the frame says it already on every page: the event store is closed, and nothing here can be counted."""
    closed = bootstrap.current().events_closed
    return closed is not None and isinstance(problem, StoreUnavailable) and closed.message in problem.message


def refused(problem: RolloutError) -> None:
    """A press that did not go through: what stood against it, and that nothing was changed."""
    error(problem, after=" Nothing was changed.")


def failed(code: str) -> None:
    """A defect of ours: no details for the viewer, a code that finds them in the log."""
    st.error(f"This part of the page failed. The log has the details under code {code}. Your data are not touched.",
             icon=":material/bug_report:")


def empty(title: str, text: str) -> None:
    """What this place is for and the next step; both are our own words."""
    st.markdown(f"**{title}**  \n{text}")


def view_only(here: Here, needed: Role, what: str) -> None:
    """In the place of buttons somebody may not press."""
    st.markdown(f"{badge('View only', 'gray', 'lock')} You can look at everything here. "
                f"Ask {'an admin' if needed is Role.ADMIN else 'an operator'} to {what}.")


def freshness(here: Here, last_event_at: datetime | None, simulated: bool, rest: str) -> str:
    """The line under a title: live, quiet for a while, stale, or never received anything."""
    mark = f"{badge('Simulated', 'violet', 'science')} " if simulated else ""
    if last_event_at is None:
        return f"{mark}{badge('No data', 'gray', 'sensors_off')} {quiet(f'no event received yet · {rest}')}"
    at = here.when(last_event_at)
    if here.now - last_event_at > STALE_AFTER:
        since = formats.ago(last_event_at, here.now)
        return f"{mark}{arrival(last_event_at, here.now)} {quiet(f'numbers are from {at}, {since} · {rest}')}"
    return f"{mark}{arrival(last_event_at, here.now)} {quiet(f'last event {at} · {rest}')}"
