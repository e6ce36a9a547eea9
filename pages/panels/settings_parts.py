"""Pieces of the settings page: do events arrive, is the store sound, what was the app told."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.panels.furniture import section, table
from pages.panels.page import Here, part
from rollout_core import __version__, bootstrap
from rollout_core.charts import formats, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.doctor import DoctorRequest
from rollout_core.insight.events_health import EventsHealthRequest

SOUND = {"ok": Word("Sound", "green", "check_circle"), "warning": Word("Warning", "yellow", "warning"),
         "broken": Word("Broken", "red", "cancel"), "unknown": words.UNKNOWN}


def store(here: Here) -> None:
    """All of it, each part by itself."""
    with part():
        ingest(here)
    section("Is the store sound?")
    with part():
        soundness(here)
    section("What was it told?")
    with part():
        facts()


def ingest(here: Here) -> None:
    """What came in, by kind; what was refused, by reason; and that nothing was lost."""
    answer = here.ask("events_health", EventsHealthRequest(20, attribution=False))
    lost = "not known" if answer.lost is None else formats.number(answer.lost)
    refused = f"{answer.dead_letters:,} refused"
    line = f"· last event {here.when(answer.last_event_at)} · {refused} · lost: {lost}"
    st.markdown(f"**{answer.stored:,}** stored {quiet(line)}")
    if answer.kinds:
        st.dataframe(pd.DataFrame({
            "Kind": [each.kind.replace("_", " ") for each in answer.kinds],
            "Stored": [each.stored for each in answer.kinds],
            "Received in the last hour": [each.last_hour for each in answer.kinds],
            "Newest happened": [None if each.last_at is None else here.local(each.last_at) for each in answer.kinds]}),
            hide_index=True, alt="Events by kind", column_config={
                "Stored": st.column_config.NumberColumn(format="localized"),
                "Received in the last hour": st.column_config.NumberColumn(format="localized"),
                "Newest happened": st.column_config.DatetimeColumn(format="D MMM, HH:mm:ss")})
    if answer.letters:
        with st.expander(f"{answer.dead_letters:,} refused events"):
            table([{"When": here.when(each.at), "Why": f"**{plain(each.reason)}**  \n{quiet(plain(each.detail))}",
                    "Event": quiet(plain(each.raw[:160]))} for each in answer.letters], "Refused events")


def soundness(here: Here) -> None:
    """Every check with how to mend it."""
    answer = here.ask("doctor", DoctorRequest(), settled=True)
    table([{"Check": f"**{plain(each.name)}**", "State": words.of(SOUND, each.state).badge,
            "Found": plain(each.found) + (f"  \n{quiet(plain(each.mend))}" if each.mend else "")}
           for each in answer.checks], "Checks of the store")


def facts() -> None:
    """Where the store lies and what the app was told at its start; nothing secret."""
    room = bootstrap.current()
    told = room.settings
    lasts = formats.span(told.session_lifetime)
    away = "closed" if room.events_closed is not None else "open"
    table([{"What": what, "Is": plain(value)} for what, value in (
        ("Version", __version__), ("Folder", told.store), ("Data", "simulated" if room.simulated else "real"),
        ("Event store", away), ("Address for people", told.url or "the address the server listens on"),
        ("Host names it answers to", ", ".join(told.allowed_hosts)), ("Days are counted in", told.timezone),
        ("A sign-in lasts", lasts), ("It looks at rollouts every", formats.span(told.sweep_every)))], "Facts")
    st.markdown(quiet("Set by environment variables and read once at the start; the guide's page on settings lists "
                      "them. `rollout backup` copies the store while the app runs."))
