"""Which rollout, which time: choices that live in the address and follow from page to page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from pages.panels import states
from pages.panels.page import Here
from rollout_core.insight.rollouts import RolloutEntry, RolloutsRequest

WINDOWS: Mapping[str, str] = {
    "This phase": "phase", "Last hour": "hour", "Last 24 hours": "day", "Last 7 days": "week", "Last 28 days": "month",
    "Since the start": "rollout",
}
"""What the widget and the address say -> what questions call it."""


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
    _by_key(known)
    name = st.selectbox("Rollout", list(known), key="rollout", bind="query-params", width=230)
    return known[name]


def _by_key(known: Mapping[str, RolloutEntry]) -> None:
    """An address may name the rollout by its key, as the terminal does; unknown it would show another one silently."""
    given = st.query_params.get("rollout")
    label = next((label for label, entry in known.items() if entry.key == given), None)
    if label is not None and label != given and "rollout" not in st.session_state:
        st.session_state["rollout"] = label


def chosen_window(default: str = "This phase") -> tuple[str, str]:
    """(what questions call it, what people call it)."""
    names = list(WINDOWS)
    label = st.selectbox("Time", names, index=names.index(default), key="window", bind="query-params", width=150)
    return WINDOWS[label], label


def no_rollout_yet() -> None:
    """An empty store: what this place is for and the next step."""
    states.empty("No rollout yet.", "Run `rollout setup` in a terminal: it creates the two shipped plans and changes "
                 "nobody's exposure. Then start one here.")
    st.page_link("insight/getting_started.py", label="Connect a source, or open the demo",
                 icon=":material/rocket_launch:")
