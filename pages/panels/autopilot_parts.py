"""What the autopilot does about a rollout: how much it may, what it is doing now and why, what it decided last."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.panels import acting
from pages.panels.confirm import needed_role
from pages.panels.decision_list import word_of
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import formats
from rollout_core.charts.words import plain, quiet, sentence
from rollout_core.insight.autopilot import AutopilotAnswer, AutopilotRequest
from rollout_core.insight.decisions import DecisionsRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.ports.control_records import DecisionRecord

MODES: Mapping[str, str] = {
    "off": "Off: nothing by itself", "advise": "Advise: says what it would do", "act": "Act: reduces by itself",
}
LOOKED_THROUGH, SHOWN = 40, 4


def mode_choice(here: Here, entry: RolloutEntry) -> None:
    """How much the autopilot may do; changing it is a verb of its own."""
    if not here.may(needed_role("set_autopilot")):
        st.markdown(MODES.get(entry.autopilot, plain(entry.autopilot)))
        return
    key = f"autopilot-{entry.key}"
    st.selectbox("Autopilot", list(MODES), index=list(MODES).index(entry.autopilot), format_func=MODES.__getitem__,
                 key=key, width=280, on_change=_set_mode, args=(entry.key, key))


def _set_mode(rollout: str, key: str) -> None:
    acting.act("set_autopilot", "Autopilot changed.", rollout=rollout, mode=st.session_state[key])


def doing_now(here: Here, rollout: str) -> None:
    """Why it goes down step by step, when the next step is and what ends it; else what it may do."""
    found: AutopilotAnswer = here.ask("autopilot", AutopilotRequest(rollout), settled=True)
    if found.next_at is None:
        st.markdown(quiet(_usual(here, found)))
        return
    with st.container(border=True):
        st.markdown("  \n".join(_steps(here, found)))


def _usual(here: Here, found: AutopilotAnswer) -> str:
    if found.reduced_at is not None:
        why = f" because of {plain(' and '.join(found.because))}" if found.because else ""
        rest = "That is ruled out since then. " if found.mode == "act" and not found.open else ""
        return (f"It went down on {here.when(found.reduced_at)}{why}. {rest}It raises nothing by itself after that: "
                "somebody resumes or advances.")
    if found.mode == "off":
        return "It records what it sees and says nothing."
    looks = f"It looks every {formats.span(bootstrap.current().settings.sweep_every)}"
    if found.mode == "advise":
        return f"{looks} and says what it would do. Only a person does it."
    up = "advances when everything is proven" if found.may_advance else "never raises it"
    return f"{looks}, lowers the share when harm is proven, and {up}."


def _steps(here: Here, found: AutopilotAnswer) -> list[str]:
    """Four sentences: what it did, what is open since, when it goes on, what ends it."""
    because = plain(" and ".join(found.because))
    opened = "; ".join(f"{plain(each.name)} {plain(each.seen)}" for each in found.open)
    return [
        f"**It is going down step by step.** The last step was {here.when(found.reduced_at)}, because of {because}.",
        f"Since then {opened}. Harm that is not ruled out is not tolerated.",
        f"So it takes the next step every {found.dwell}: the next one {here.when(found.next_at)}, to "
        f"{found.next_percentage:g}%.", quiet(plain(found.stops))]


def _end(record: DecisionRecord) -> str:
    if record.act == "none":
        return "No step."
    return f"{word_of(record.act).text}: {'done' if record.done else 'advised, not done'}."


def last_decisions(here: Here, entry: RolloutEntry) -> None:
    """The newest ones that asked for a step, else the newest; and the way to all of them."""
    found = here.ask("decisions", DecisionsRequest(entry.key, limit=LOOKED_THROUGH)).decisions
    told = [each for each in found if each.act != "none"][:SHOWN] or list(found[:2])
    if not told:
        st.markdown(quiet("No decision yet: it has not looked at this rollout."))
        return
    table([{"When": here.when(each.swept_at), "Decision": f"{sentence(each.summary)} {quiet(_end(each))}"}
           for each in told], "Last decisions of the autopilot")
    st.page_link("insight/decisions.py", label="What it saw, decision by decision", icon=":material/smart_toy:",
                 query_params={"rollout": entry.key})
