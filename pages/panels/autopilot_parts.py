"""What the autopilot does about a rollout: how much it may, what it is doing now and why, what it decided last."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.panels import sure
from pages.panels.confirm import needed_role
from pages.panels.decision_list import word_of
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import formats
from rollout_core.charts.words import plain, quiet, sentence
from rollout_core.insight.autopilot import AutopilotAnswer, AutopilotRequest
from rollout_core.insight.decisions import DecisionsAnswer, DecisionsRequest, Followed
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.ports.control_records import DecisionRecord

MODES: Mapping[str, str] = {
    "off": "Off: nothing by itself", "advise": "Advise: says what it would do", "act": "Act: reduces by itself",
}
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "off": ("Switch the autopilot off?", "Switch it off"),
    "advise": ("Let the autopilot only advise?", "Let it advise"),
    "act": ("Let the autopilot act?", "Let it act"),
}
"""Mode -> what its dialog asks, and its button."""
LOOKED_THROUGH, SHOWN = 40, 4


def mode_choice(here: Here, entry: RolloutEntry) -> None:
    """How much the autopilot may do; another mode is chosen from a menu and confirmed, as every change is."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{MODES.get(entry.autopilot, plain(entry.autopilot))}**", width="content")
        if here.may(needed_role("set_autopilot")):
            found: AutopilotAnswer = here.ask("autopilot", AutopilotRequest(entry.key), settled=True)
            others = {MODES[mode]: mode for mode in MODES if mode != entry.autopilot}
            key = f"autopilot-{entry.key}"
            st.menu_button("Change…", list(others), key=key, on_click=_ask_mode, args=(entry, found, others, key))


def _ask_mode(entry: RolloutEntry, found: AutopilotAnswer, modes: Mapping[str, str], key: str) -> None:
    mode = modes[st.session_state[key]]
    title, button = QUESTIONS[mode]
    sure.ask(sure.Sure(title, f"**{plain(entry.name)}**: {MODES[entry.autopilot]} → {MODES[mode]}.  \n"
                       f"{means(mode, may_advance=found.may_advance)} This press by itself moves nobody.", button,
                       "set_autopilot", (("rollout", entry.key), ("mode", mode)), "Autopilot changed."))


def means(mode: str, *, may_advance: bool) -> str:
    """What a mode does from the next look on; `may_advance` by the plan."""
    if mode == "off":
        return ("It records what it sees, says nothing and does nothing: proven harm goes on until a person lowers the "
                "share.")
    looks = f"It looks every {formats.span(bootstrap.current().settings.sweep_every)}"
    if mode == "advise":
        return f"{looks} and says what it would do. Only a person does it."
    up = ("and advances by itself when everything is proven" if may_advance
          else "and never raises it: somebody resumes or advances")
    return (f"{looks}. When harm is proven, now or later, **it lowers the share by itself and asks nobody**, step by "
            f"step until the harm is ruled out, {up}.")


def doing_now(here: Here, rollout: str) -> None:
    """Why it goes down step by step, when the next step is and what ends it; else what it may do."""
    found: AutopilotAnswer = here.ask("autopilot", AutopilotRequest(rollout), settled=True)
    if found.next_at is None:
        st.markdown(quiet(f"{_usual(here, found)} {_looked(here, found)}".strip()))
        return
    with st.container(border=True):
        st.markdown("  \n".join(_steps(here, found)))


def _looked(here: Here, found: AutopilotAnswer) -> str:
    """When it looked last; what it saw is kept only when something changed, and hourly."""
    if found.looked_at is None:
        return ""
    return f"Last look {here.when(found.looked_at)}: no verdict has changed since the newest decision."


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


def end_words(here: Here, record: DecisionRecord, followed: Followed | None) -> str:
    """What it asked for and what became of that: it is said of then, and is no advice for now."""
    if record.act == "none":
        return "No step."
    asked = word_of(record.act).text
    if record.done:
        return f"{asked}: done."
    if followed is None:
        return f"{asked}: advised then, not done; the share has not changed since."
    return (f"{asked}: advised then. The share's next change: {here.when(followed.at)}, {followed.before:g}% to "
            f"{followed.after:g}% ({followed.cause.replace('_', ' ')}).")


def last_decisions(here: Here, entry: RolloutEntry) -> None:
    """The newest ones that asked for a step, else the newest; and the way to all of them."""
    answer: DecisionsAnswer = here.ask("decisions", DecisionsRequest(entry.key, limit=LOOKED_THROUGH))
    found, followed = answer.decisions, {each.number: each for each in answer.followed}
    told = [each for each in found if each.act != "none"][:SHOWN] or list(found[:2])
    if not told:
        st.markdown(quiet("No decision yet: it has not looked at this rollout."))
        return
    table([{"When": here.when(each.swept_at), "Decision then":
            f"{sentence(each.summary)} {quiet(end_words(here, each, followed.get(each.number)))}"} for each in told],
          "Last decisions of the autopilot")
    st.page_link("insight/decisions.py", label="What it saw, decision by decision", icon=":material/smart_toy:",
                 query_params={"rollout": entry.key})
