"""The buttons of a rollout. Which there are follows from its status, so they stand before any question is answered.

The advance button waits for the gates (its words depend on them) and keeps its place meanwhile; pausing, holding and
rolling back never wait for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.panels import acting, states
from pages.panels.confirm import Asked, ask_for, needed_role
from pages.panels.page import Here
from rollout_core.charts.words import VERB_ICON
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import StatusAnswer
from rollout_core.people.role import Role
from rollout_core.rollouts.status import TRANSITIONS, Status, Verb

AUTOPILOT: Mapping[str, str] = {
    "off": "Off: nothing by itself", "advise": "Advise: says what it would do", "act": "Act: reduces by itself",
}
KINDS = ("immediate", "gradual", "full")


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
            lead = st.container(width="content")
            for verb, label in (("hold", "Hold"), ("pause", "Pause")):
                if verb in verbs and not (verb == "hold" and entry.status == "held"):
                    _button(entry, verb, label)
            if str(Verb.ROLL_BACK) in verbs and entry.percentage > 0:
                _roll_back(entry)
            _more(here, entry, verbs)
    return Places(words, lead)


def lead_button(here: Here, entry: RolloutEntry, status: StatusAnswer, places: Places) -> None:
    """The way forward: primary only when the evidence says so, "anyway" when it does not, nothing for who may not."""
    for verb in ("prepare", "start", "resume", "advance"):
        if verb not in allowed(entry.status) or (verb == "prepare" and entry.status != "draft"):
            continue
        if verb == "advance" and status.next_phase is None:
            continue
        if not here.may(needed_role(verb)):
            return
        proven = verb == "advance" and status.gates.state in ("met", "signed") and status.gates.total > 0
        with places.lead:
            _button(entry, verb, _lead_label(verb, status, proven), primary=proven or verb == "start")
        return


def _lead_label(verb: str, status: StatusAnswer, proven: bool) -> str:
    if verb == "advance" and status.next_phase is not None:
        return f"Advance to {status.next_phase.percentage:g}%…" if proven else "Advance anyway…"
    return {"start": "Start…", "resume": "Resume…", "prepare": "Make ready…"}[verb]


def asked(entry: RolloutEntry, verb: str, **fields: object) -> Asked:
    """What a press on this rollout asks for."""
    return Asked(verb, entry.key, entry.name, entry.unit, entry.percentage, tuple(fields.items()))


def _button(entry: RolloutEntry, verb: str, label: str, primary: bool = False) -> None:
    st.button(label, icon=f":material/{VERB_ICON[verb]}:", key=f"ask-{verb}", on_click=ask_for,
              args=(asked(entry, verb),), type="primary" if primary else "secondary")


def _roll_back(entry: RolloutEntry) -> None:
    half = f"{entry.percentage / 2:g}%"
    said = {"immediate": f"Now, back to {entry.previous}" if entry.previous else "Now, to 0%",
            "gradual": f"Halve, to about {half}", "full": "Fully, to the safe state"}
    kind = st.menu_button("Roll back", KINDS, icon=":material/undo:", key="ask-roll-back",
                          format_func=lambda each: said[each])
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


def autopilot_choice(here: Here, entry: RolloutEntry, mode: str) -> None:
    """How much the autopilot may do; changing it is a verb of its own."""
    if not here.may(needed_role("set_autopilot")):
        st.markdown(AUTOPILOT.get(mode, mode))
        return
    key = f"autopilot-{entry.key}"
    st.selectbox("Autopilot", list(AUTOPILOT), index=list(AUTOPILOT).index(mode), format_func=AUTOPILOT.__getitem__,
                 key=key, width=280, on_change=_set_autopilot, args=(entry.key, key))


def _set_autopilot(rollout: str, key: str) -> None:
    acting.act("set_autopilot", "Autopilot changed.", rollout=rollout, mode=st.session_state[key])


def ways_out(here: Here, entry: RolloutEntry) -> None:
    """Only what lowers exposure, for pages that show harm."""
    verbs = allowed(entry.status)
    if not here.may(Role.OPERATOR) or str(Verb.PAUSE) not in verbs or entry.percentage <= 0:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _roll_back(entry)
        _button(entry, "pause", "Pause")
