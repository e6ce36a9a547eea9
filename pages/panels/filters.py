"""Which rollout, which time: choices that live in the address and follow from page to page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

import streamlit as st

from pages.panels import states
from pages.panels.page import Here
from rollout_core.charts import formats
from rollout_core.charts.words import plain, quiet
from rollout_core.insight.rollouts import RolloutEntry, RolloutsRequest
from rollout_core.metrics.measured import Window

WINDOWS: Mapping[str, str] = {
    "This phase": "phase", "Last hour": "hour", "Last 24 hours": "day", "Last 7 days": "week", "Last 30 days": "month",
    "Since the start": "rollout",
}
"""What the widget and the address say -> what questions call it."""
PHASE, WEEK, SUGGESTED = "This phase", "Last 7 days", "Suggested"
YOUNG = timedelta(days=1)
"""A phase younger than this has too little in it to be read by itself."""
JUST_NOW = timedelta(minutes=10)


def labels(entries: tuple[RolloutEntry, ...]) -> dict[str, RolloutEntry]:
    """Rollouts by the name people choose; two of the same name carry their key."""
    twice = Counter(entry.name for entry in entries)
    return {entry.name if twice[entry.name] == 1 else f"{entry.name} ({entry.key})": entry for entry in entries}


def chosen_rollout(here: Here) -> RolloutEntry:
    """The rollout in the address, or the first. Stops the page with the next step when there is none."""
    known = labels(here.ask("rollouts", RolloutsRequest()).rollouts)
    if not known:
        no_rollout_yet()
        st.stop()
    by_key = {entry.key: label for label, entry in known.items()}       # as the terminal names it
    given = st.query_params.get("rollout")
    _from_address("rollout", by_key.get(given or "", given), list(known))
    name = st.selectbox("Rollout", list(known), key="rollout", width=230, on_change=_to_address, args=("rollout",))
    _to_address("rollout")
    return known[name]


def _from_address(choice: str, given: str | None, options: Sequence[str]) -> None:
    """Sets a choice before its widget is drawn: what the address says, else what was chosen on the page before.

    Not bound by Streamlit: what came with an address it forgets on the next page, and shows the first of the list.
    """
    value = given if given in options else st.session_state.get(f"{choice}-kept")
    if value in options:
        st.session_state[choice] = value


def _to_address(choice: str) -> None:
    """Puts a choice into the address, as soon as it is made, and keeps it for the pages that follow."""
    value = st.session_state[f"{choice}-kept"] = st.session_state[choice]
    if st.query_params.get(choice) != value:
        st.query_params[choice] = value


def chosen_window(here: Here, entry: RolloutEntry, usual: str = PHASE) -> tuple[str, str]:
    """(what questions call it, what people call it). What somebody chose follows from page to page; until then each
    page suggests what it is best read with, which the choice names."""
    suggested = suggestion(here, entry, usual)
    options = [SUGGESTED, *WINDOWS]
    _from_address("window", st.query_params.get("window"), options)
    label = st.selectbox("Time", options, key="window", width=210, on_change=_to_address, args=("window",),
                         format_func=lambda each: f"{suggested} (suggested)" if each == SUGGESTED else each)
    _to_address("window")
    label = suggested if label == SUGGESTED else label
    return WINDOWS[label], label


def suggestion(here: Here, entry: RolloutEntry, usual: str) -> str:
    """`usual`, but not a phase that is too young to read: after a rollback it is minutes old."""
    if usual == PHASE and (entry.phase_entered_at is None or here.now - entry.phase_entered_at < YOUNG):
        return WEEK
    return usual


def told(here: Here, entry: RolloutEntry, window: Window, label: str, counted: str = "") -> None:
    """One quiet line under the filters: which stretch of time the numbers are of, why, and how many stand behind them.
    """
    length = formats.span(window.until_at - window.since_at)
    parts = [f"{label}: {stretch(here, window)}, {length}", plain(counted) if counted else ""]
    young = entry.phase_entered_at is not None and here.now - entry.phase_entered_at < YOUNG
    if young and label == WEEK and entry.phase is not None and entry.phase_entered_at is not None:
        since = formats.span(here.now - entry.phase_entered_at)
        parts.append(f"the phase {plain(entry.phase)} is only {since} old")
    st.markdown(quiet(" · ".join(part for part in parts if part)))


def stretch(here: Here, window: Window) -> str:
    """From when to when; to "now" where it ends with the present."""
    if here.now - window.until_at < JUST_NOW:
        return f"{here.when(window.since_at)} to now"
    return here.stretch(window.since_at, window.until_at)


def nothing_in(what: str) -> None:
    """In the place of a page's numbers when there are none at all: what is missing, and the two ways on."""
    states.empty(f"No {what} in this time.", "Choose a longer time above. If none ever comes, no source sends "
                 "them yet.")
    st.page_link("insight/getting_started.py", label="Connect a source", icon=":material/rocket_launch:")


def no_rollout_yet() -> None:
    """An empty store: what this place is for and the next step."""
    states.empty("No rollout yet.", "Run `rollout setup` in a terminal: it creates the two shipped plans and changes "
                 "nobody's exposure. Then start one here.")
    st.page_link("insight/getting_started.py", label="Connect a source, or open the demo",
                 icon=":material/rocket_launch:")
