"""The list of decisions to choose from: number, what was done, when and why, in a line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.panels import states
from pages.panels.page import Here
from rollout_core.charts import words
from rollout_core.charts.words import Word, plain
from rollout_core.errors import NotFound
from rollout_core.insight.decisions import DecisionsAnswer, DecisionsRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.ports.control_records import DecisionRecord

STEPS, ALL = "Where it asked for a step", "Everything"
SHOWN = (ALL, STEPS)
AT_ONCE, LOOKED_THROUGH, LONGEST = 10, 400, 110
KEY = "decision"
MOST_DIGITS = 18

ACTS: Mapping[str, Word] = {
    "none": Word("No step", "gray", "horizontal_rule"),
    "hold": Word("Hold", "yellow", words.VERB_ICON["hold"]),
    "halve": Word("Halve the share", "red", "undo"),
    "previous_phase": Word("Back to the phase before", "red", "undo"),
    "safe_state": Word("Back to the safe state", "red", "undo"),
    "pause": Word("Pause", "red", words.VERB_ICON["pause"]),
    "advance": Word("Advance", "green", words.VERB_ICON["advance"]),
    "step_up": Word("A step up", "green", words.VERB_ICON["advance"]),
    "step_back": Word("A step back", "red", "undo"),
}
"""What a sweep may ask for -> its word; acts that are not here say their own name."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Decisions to show, newest first; `more` when older ones exist."""

    lines: tuple[DecisionRecord, ...]
    more: bool


def recorded(here: Here, rollout: str, shown: str) -> Recorded:
    """As many as are asked for, with the one that the address names even when it is older."""
    wanted = int(st.session_state.get("decisions-shown", AT_ONCE))
    limit = wanted if shown == ALL else LOOKED_THROUGH
    answer: DecisionsAnswer = here.ask("decisions", DecisionsRequest(rollout, limit=limit))
    lines = [each for each in answer.decisions if shown == ALL or each.act != "none"]
    return Recorded(tuple(lines[:wanted]) + _named(here, rollout, lines[:wanted]),
                    answer.more or len(lines) > wanted)


def _named(here: Here, rollout: str, listed: list[DecisionRecord]) -> tuple[DecisionRecord, ...]:
    number = number_in(st.query_params.get(KEY, ""))
    if number is None or any(each.number == number for each in listed):
        return ()
    try:
        answer: DecisionsAnswer = here.ask("decisions", DecisionsRequest(number=number))
    except NotFound:
        return ()
    return tuple(each for each in answer.decisions if each.rollout == rollout)


def number_in(label: str) -> int | None:
    """ "Decision 12" -> 12; None for anything else, and for a number that no decision has ever reached."""
    text = label.removeprefix("Decision ")
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def chosen(here: Here, found: Recorded) -> int:
    """The number of the chosen decision; the list is a radio group, so the keyboard reaches it."""
    labels = {f"Decision {each.number}": each for each in found.lines}
    label = st.radio("Decision", list(labels), captions=[_caption(here, each) for each in found.lines], key=KEY,
                     bind="query-params", label_visibility="collapsed")
    if found.more:
        st.button("Show older", icon=":material/expand_more:", key="decisions-older", on_click=_older)
    return labels[label].number if label in labels else found.lines[0].number


def _older() -> None:
    st.session_state["decisions-shown"] = int(st.session_state.get("decisions-shown", AT_ONCE)) + AT_ONCE


def _caption(here: Here, record: DecisionRecord) -> str:
    text = record.summary if len(record.summary) <= LONGEST else f"{record.summary[:LONGEST - 1]}…"
    return f"{here.when(record.swept_at)} · {act_words(record.act, done=record.done)} · {plain(text)}"


def act_words(act: str, *, done: bool) -> str:
    """ "hold, done", "hold, advised", "no step"."""
    word = word_of(act).text.lower()
    return word if act == "none" else f"{word}, {'done' if done else 'advised'}"


def word_of(act: str) -> Word:
    """The word of an act."""
    return ACTS.get(act, Word(act.replace("_", " ").capitalize(), "gray", "help"))


def none_yet(entry: RolloutEntry, shown: str) -> None:
    """Nothing to list: why, and what happens next."""
    if shown == STEPS:
        states.empty("It never asked for a step.", f"Choose “{ALL}” above to see what it looked at.")
        return
    states.empty("No sweep has looked at this rollout yet.",
                 "Sweeps run by themselves while the app runs and the rollout is started; `rollout sweep` runs one now."
                 if entry.status in ("running", "held", "paused", "completed") else
                 "The autopilot looks at rollouts that are started. Start this one first.")
    st.page_link("control/rollout.py", label="Open the rollout", icon=":material/stairs:")
