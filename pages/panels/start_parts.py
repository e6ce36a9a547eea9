"""Pieces of the Getting started page: which store this is, the steps, and the tick when the first event arrives.

Code is shown without syntax colours: Streamlit's own have a contrast of 2.8:1 on white.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import streamlit as st

from pages.panels import snippets
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.bootstrap.own_command import place_of, typed
from rollout_core.charts import formats
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.insight.events_health import EventsHealthAnswer, EventsHealthRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role

DONE, OPEN = badge("Done", "green", "check_circle"), badge("To do", "gray", "radio_button_unchecked")

HEARD = EventsHealthRequest(letters=3, attribution=False)
"""What the page asks of the events that arrive."""
FILE = "CSV file"
LINES: Mapping[str, Callable[[snippets.Source], str]] = {
    "Terminal": snippets.curl, "Python": snippets.python, "Browser": snippets.browser}
"""A way to send -> its lines."""


def which_store(here: Here) -> None:
    """Whether this is the simulated store, and how to open the other one."""
    if bootstrap.current().simulated:
        st.info("This is the simulated store: its people and numbers are made up. What you send here mixes with them; "
                f"`{snippets.OWN}` opens an empty store for your own.", icon=":material/science:")
    else:
        with st.expander("Look around first?", icon=":material/science:"):
            st.markdown("The demo is a store of its own with two rollouts under way and four weeks of made-up events. "
                        "Stop this app and run:")
            st.code(snippets.DEMO, language=None, wrap_lines=True)
            st.markdown(quiet(f"`{snippets.OWN}` comes back here; nothing of this store is touched."))


def rollout_step(here: Here, rollouts: Sequence[RolloutEntry]) -> None:
    """Ticked when there is one."""
    if rollouts:
        st.markdown(f"{DONE} {plain(', '.join(each.name for each in rollouts))}")
        return
    st.markdown(f"{OPEN} Creates the two shipped plans and changes nobody's exposure:")
    st.code(_in_a_terminal(here, snippets.SETUP), language=None, wrap_lines=True)


def source_of(here: Here, rollouts: Sequence[RolloutEntry]) -> snippets.Source:
    """The address the reader uses, the key if they may know it, and the unit of the first rollout."""
    parts = urlsplit(st.context.url or "")
    room = bootstrap.current()
    here_is = f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else "http://localhost:8501"
    key = room.write_key if here.may(Role.OPERATOR) else snippets.PLACE_FOR_KEY
    return snippets.Source(here_is, key, rollouts[0].unit if rollouts else "user")


def ways(here: Here, rollouts: Sequence[RolloutEntry]) -> None:
    """One way at a time, each ready to copy."""
    source = source_of(here, rollouts)
    if not here.may(Role.OPERATOR):
        st.markdown(f"{badge('View only', 'gray', 'lock')} Ask an operator for the write key and put it where "
                    f"`{snippets.PLACE_FOR_KEY}` stands.")
    way = st.radio("Way", [*LINES, FILE], key="way", bind="query-params", horizontal=True,
                   label_visibility="collapsed")
    if way == FILE:
        _file(here, source)
    else:
        st.code(LINES[way](source), language=None, wrap_lines=True)
    st.markdown(quiet("The write key may only send. Events under it bring no arm: what was served decides. A server "
                      "that records exposures itself sends a token instead (page Settings)."))


def _file(here: Here, source: snippets.Source) -> None:
    st.markdown("`events.csv` is what you have; `events.yaml` says what its columns mean. Take both, or change them:")
    with st.container(horizontal=True):
        st.download_button("events.csv", snippets.csv_file(source), "events.csv", "text/csv",
                           icon=":material/download:", key="start-csv", on_click="ignore")
        st.download_button("events.yaml", snippets.mapping(source), "events.yaml", "application/yaml",
                           icon=":material/download:", key="start-mapping", on_click="ignore")
    st.code(snippets.mapping(source), language=None, wrap_lines=True)
    st.markdown("Then, in another terminal in the app's folder, with both files put there; the same file twice adds "
                "nothing:")
    st.code(_in_a_terminal(here, snippets.IMPORT), language=None, wrap_lines=True)


def _in_a_terminal(here: Here, words: str) -> str:
    """A command as it works in the app's folder, on the store that the app serves; only admins see paths of its
    machine."""
    return typed(words, place_of(bootstrap.current().settings)) if here.may(Role.ADMIN) else f"rollout {words}"


def arrivals(here: Here, *, already: bool) -> None:
    """Waiting, or what arrived; refused events with their reason, since that is where a first try ends up."""
    answer: EventsHealthAnswer = here.ask("events_health", HEARD)
    if answer.last_event_at is None:
        with st.container(border=True):
            waiting = badge("Waiting", "gray", "hourglass_top")
            st.markdown(f"{waiting} for the first event. It shows here within seconds.")
        _refused(here, answer)
        return
    if not already:
        st.toast("The first event arrived.", icon=":material/check_circle:")
        st.rerun()
    with st.container(border=True):
        newest = max((each for each in answer.kinds if each.last_at), key=lambda each: each.last_at or here.now)
        st.markdown(f"{badge('Received', 'green', 'check_circle')} **{answer.stored:,}** stored; the newest is a "
                    f"**{plain(kind_words(newest.kind))}** of {here.when(newest.last_at)}, "
                    f"{formats.ago(newest.last_at, here.now)}  \n"
                    f"{quiet('Received in the last hour, whenever it happened: ' + _hour(answer))}")
    _refused(here, answer)


def _hour(answer: EventsHealthAnswer) -> str:
    arrived = sorted((each for each in answer.kinds if each.last_hour), key=lambda each: -each.last_hour)
    said = ", ".join(formats.counted(each.last_hour, f"{kind_words(each.kind)}s") for each in arrived[:5])
    return plain(said) or "nothing"


def kind_words(kind: str) -> str:
    """ "page_view" -> "page view", "api_request" -> "API request"."""
    return kind.replace("_", " ").replace("api ", "API ")


def _refused(here: Here, answer: EventsHealthAnswer) -> None:
    if not answer.letters:
        return
    newest = answer.letters[0]
    st.warning(f"{formats.counted(answer.dead_letters, 'events')} refused. The newest, {here.when(newest.at)}: "
               f"{plain(newest.reason.replace('_', ' '))}. {plain(newest.detail)}", icon=":material/mark_email_unread:")
    if here.may(Role.ADMIN):
        st.page_link("control/settings.py", label="All refused events", icon=":material/settings:")


def onwards(here: Here, rollouts: Sequence[RolloutEntry]) -> None:
    """What a start asks for, how a first person gets in, and where to go from here."""
    st.markdown("A start needs the plan's checklist: every item ticked, or waived by an admin with a reason (page "
                "Checklist). The first phases are small; to see the feature yourself, switch it on for your own id in "
                "place of the one here:")
    if rollouts:
        st.code(_in_a_terminal(here, snippets.override(rollouts[0].key, rollouts[0].unit)), language=None,
                wrap_lines=True)
    with st.container(horizontal=True):
        st.page_link("insight/overview.py", label="Overview", icon=":material/dashboard:")
        st.page_link("control/rollout.py", label="Start the rollout", icon=":material/stairs:")
        st.page_link("insight/live.py", label="Watch it live", icon=":material/monitor_heart:")
