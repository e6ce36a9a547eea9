"""The buttons of a rollout. Which there are follows from its status, so they stand before any question is answered.

The advance button waits for the gates (its words depend on them) and keeps its place meanwhile; pausing, holding and
rolling back never wait for anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.panels import states
from pages.panels.confirm import Asked, ask_for, needed_role, ways_back
from pages.panels.page import Here
from rollout_core.charts.words import VERB_ICON
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import StatusAnswer
from rollout_core.people.role import Role
from rollout_core.rollouts.status import TRANSITIONS, Status, Verb

AT_REST = {"hold": "held", "pause": "paused"}
"""A way out -> the status in which it is taken already. A second press is allowed, but nothing to offer."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the words and the main button go once they are known."""

    words: DeltaGenerator
    lead: DeltaGenerator


def allowed(status: str) -> frozenset[str]:
    """The verbs this status knows."""
    return frozenset(str(verb) for at, verb in TRANSITIONS if at == Status(status))


def phase_controls(here: Here, entry: RolloutEntry) -> Places:
    """The card with every way out drawn at once. Returns the places that `lead_button` and the headline fill."""
    verbs = allowed(entry.status)
    with st.container(border=True):
        words = st.container()
        if not here.may(Role.OPERATOR):
            states.view_only(here, Role.OPERATOR, "hold, pause or roll back")
            return Places(words, words)
        with st.container(horizontal=True, vertical_alignment="center"):
            lead = st.container(width="content", horizontal=True)
            for verb, label in (("hold", "Hold…"), ("pause", "Pause…")):
                if verb in verbs and entry.status != AT_REST[verb]:
                    _button(entry, verb, label)
            if str(Verb.ROLL_BACK) in verbs and entry.percentage > 0:
                _roll_back(entry)
            _more(here, entry, verbs)
    return Places(words, lead)


def lead_button(here: Here, entry: RolloutEntry, status: StatusAnswer, places: Places, harm: bool) -> None:
    """The way the evidence points, as the one primary button: back when harm is proven, on when all is proven. The way
    forward is named "anyway" while it is not, and is not there for who may not."""
    with places.lead:
        if harm and entry.percentage > 0 and here.may(Role.OPERATOR):
            st.button("Roll back…", icon=":material/undo:", key="lead-roll-back", type="primary", on_click=ask_for,
                      args=(asked(entry, "roll_back", kind="immediate"),))
        verb = _forward(entry, status)
        if verb is None or not here.may(needed_role(verb)):
            return
        proven = verb == "advance" and status.gates.state in ("met", "signed") and status.gates.total > 0 and not harm
        ready = verb == "start" and not status.gates.not_met
        to = status.next_phase.name if verb == "advance" and status.next_phase is not None else ""
        _button(entry, verb, _lead_label(verb, status, proven), primary=proven or ready, to=to)


def _forward(entry: RolloutEntry, status: StatusAnswer) -> str | None:
    """The verb that leads on from here, if there is one."""
    for verb in ("prepare", "start", "resume", "advance", "complete"):
        if verb not in allowed(entry.status) or (verb == "prepare" and entry.status != "draft"):
            continue
        if verb == "advance" and status.next_phase is None:
            continue
        return verb
    return None


def _lead_label(verb: str, status: StatusAnswer, proven: bool) -> str:
    if verb == "advance" and status.next_phase is not None:
        return f"Advance to {status.next_phase.percentage:g}%…" if proven else "Advance anyway…"
    return {"start": "Start…", "resume": "Resume…", "prepare": "Make ready…", "complete": "Complete…"}[verb]


def asked(entry: RolloutEntry, verb: str, to: str = "", **fields: object) -> Asked:
    """What a press on this rollout asks for."""
    served = entry.remembered if verb == "resume" and entry.remembered is not None else entry.percentage
    return Asked(verb, entry.key, entry.name, entry.unit, served, tuple(fields.items()), to, entry.back,
                 entry.revision)


def _button(entry: RolloutEntry, verb: str, label: str, primary: bool = False, to: str = "") -> None:
    st.button(label, icon=f":material/{VERB_ICON[verb]}:", key=f"ask-{verb}", on_click=ask_for,
              args=(asked(entry, verb, to),), type="primary" if primary else "secondary")


def _roll_back(entry: RolloutEntry) -> None:
    said = ways_back(entry.back)
    kind = st.menu_button("Roll back", list(said), icon=":material/undo:", key="ask-roll-back",
                          format_func=lambda each: f"{said[each]}…")
    if kind:
        ask_for(asked(entry, "roll_back", kind=kind))


def _more(here: Here, entry: RolloutEntry, verbs: frozenset[str]) -> None:
    offers = [(verb, label) for verb, label in (("set_percentage", "Set the percentage…"), ("complete", "Complete…"),
                                                ("stop", "Stop at once…"))
              if verb in verbs and here.may(needed_role(verb))]
    choice = st.menu_button("More", [verb for verb, _ in offers], icon=":material/more_horiz:", key="ask-more",
                            format_func=dict(offers).__getitem__) if offers else None
    if choice:
        ask_for(asked(entry, choice))


def ways_out(here: Here, entry: RolloutEntry) -> None:
    """Only what lowers exposure, for pages that show harm."""
    verbs = allowed(entry.status)
    if not here.may(Role.OPERATOR) or str(Verb.PAUSE) not in verbs or entry.percentage <= 0:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _roll_back(entry)
        _button(entry, "pause", "Pause…")
