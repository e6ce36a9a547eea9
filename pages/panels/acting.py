"""Pressing a button: who presses is read anew, the verb runs, the outcome is told on the next run of the page."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from pages.panels import answers, states
from rollout_core import bootstrap
from rollout_core.charts.words import plain
from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.lower_anyway import WAY_DOWN
from rollout_core.errors import RolloutError, StoreError
from rollout_core.people.actor import Actor

OFFERED = frozenset({"reason", "revision", "to"})
DONE, REFUSED, UNRECORDED = "outcome-done", "outcome-refused", "outcome-unrecorded"


def request_of(verb: str, fields: dict[str, Any]) -> Any:
    """The verb's request. Every dialog may offer a reason, a revision or a place to go; a verb that does not know one
    of these is asked without it. Any other field it does not know is a mistake of ours and raises TypeError."""
    kind = VERBS[verb].request
    known = {each.name for each in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in fields.items() if name in known or name not in OFFERED})


def presser() -> Actor:
    """Whoever is signed in at this moment, with the role they have now. Raises NotSignedIn, StoreError."""
    return bootstrap.current().actor(str(st.user.get("session") or ""), origin="page")


def remembered() -> Actor | None:
    """Whoever was signed in when the control store last told: for pause and stop while it cannot."""
    return bootstrap.current().remembered(str(st.user.get("session") or ""), origin="page")


def perform(verb: str, fields: dict[str, Any]) -> Change:
    """Runs a verb as whoever is signed in at this moment. Raises RolloutError; nothing is changed then."""
    try:
        change = bootstrap.current().verbs(verb, _presser_of(verb), request_of(verb, fields))
    finally:
        answers.forget()
    if not change.audit_seq:
        st.session_state[UNRECORDED] = change.warnings
    return change


def _presser_of(verb: str) -> Actor:
    """Who presses; the way down is open to whoever is remembered when the store cannot tell."""
    try:
        return presser()
    except StoreError:
        known = remembered() if verb in WAY_DOWN else None
        if known is None:
            raise
        return known


def act(verb: str, said: str, **fields: Any) -> None:
    """For `on_click`: runs the verb and remembers what to tell. `said` is our own words."""
    try:
        perform(verb, fields)
    except RolloutError as error:
        st.session_state[REFUSED] = error
    else:
        st.session_state[DONE] = said


def turned_away(error: RolloutError) -> None:
    """Somebody may not be here any more: says so, and after a press that nothing was changed by it."""
    if st.session_state.pop(REFUSED, None) is None:
        states.error(error)
    else:
        states.refused(error)


def outcome() -> None:
    """Tells once what the last press did, wherever the page or a part of it runs next."""
    for warning in st.session_state.pop(UNRECORDED, ()):
        st.warning(plain(warning), icon=":material/warning:")
    said = st.session_state.pop(DONE, None)
    if said:
        st.toast(said, icon=":material/check_circle:")
    refused = st.session_state.pop(REFUSED, None)
    if refused is not None:
        states.refused(refused)
