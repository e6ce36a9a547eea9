"""Pieces of the settings page: ingest, soundness, people, tokens."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.panels import acting
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import formats, words
from rollout_core.charts.words import Word, badge, plain, quiet
from rollout_core.errors import RolloutError
from rollout_core.insight.doctor import DoctorRequest
from rollout_core.insight.events_health import EventsHealthRequest
from rollout_core.insight.tokens import TokensRequest
from rollout_core.people.role import Role

SOUND = {"ok": Word("Sound", "green", "check_circle"), "warning": Word("Warning", "yellow", "warning"),
         "broken": Word("Broken", "red", "cancel"), "unknown": words.UNKNOWN}
NEW_TOKEN = "new-token"  # noqa: S105 - a key in the session, no secret


def ingest(here: Here) -> None:
    """What came in, by kind; what was refused, by reason; and that nothing was lost."""
    answer = here.ask("events_health", EventsHealthRequest(20))
    lost = "not known" if answer.lost is None else formats.number(answer.lost)
    refused = f"{answer.dead_letters:,} refused"
    line = f"· last event {here.when(answer.last_event_at)} · {refused} · lost: {lost}"
    st.markdown(f"**{answer.stored:,}** stored {quiet(line)}")
    if answer.kinds:
        st.dataframe(pd.DataFrame({
            "Kind": [each.kind for each in answer.kinds], "Stored": [each.stored for each in answer.kinds],
            "Last hour": [each.last_hour for each in answer.kinds],
            "Last": [None if each.last_at is None else here.local(each.last_at) for each in answer.kinds]}),
            hide_index=True, alt="Events by kind", column_config={
                "Stored": st.column_config.NumberColumn(format="localized"),
                "Last": st.column_config.DatetimeColumn(format="D MMM, HH:mm:ss")})
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


def people(here: Here) -> None:
    """Who may sign in; adding somebody or changing a role is a verb of its own."""
    with bootstrap.current().room.control.read() as unit:
        known = unit.people.all()
    table([{"Name": f"**{plain(each.name)}**", "Role": plain(each.role),
            "State": badge("Active", "green", "check") if each.active else badge("Off", "gray", "block")}
           for each in known], "People")
    with st.popover("Add or change…", icon=":material/person_add:"):
        name = st.text_input("Name", key="person-name")
        role = st.selectbox("Role", [str(each) for each in Role], key="person-role")
        active = st.checkbox("May sign in", value=True, key="person-active")
        st.button("Save", key="person-save", on_click=acting.act, args=("set_person", "Saved."),
                  kwargs={"name": name, "role": Role(role), "active": active})


def tokens(here: Here) -> None:
    """Valid tokens without anything secret; making one shows its secret once."""
    found = here.ask("tokens", TokensRequest()).tokens
    shown = st.session_state.pop(NEW_TOKEN, None)
    if shown:
        st.success("Copy it now, it is not shown again.", icon=":material/key:")
        st.code(shown, language=None)
    for each in found:
        text, way = st.columns([6, 1], vertical_alignment="center")
        text.markdown(f"**{plain(each.name)}** {badge(plain(each.role))} "
                      f"{quiet(f'made by {plain(each.created_by)} · last used {here.when(each.last_used_at)}')}")
        way.button("Revoke", key=f"revoke-{each.id}", on_click=acting.act, args=("revoke_token", "Revoked."),
                   kwargs={"token": each.id}, width="stretch")
    if not found:
        st.markdown(quiet("No token yet."))
    with st.popover("Make a token…", icon=":material/key:"):
        name = st.text_input("What is it for?", key="token-name")
        role = st.selectbox("Role", [str(each) for each in Role], key="token-role")
        days = st.number_input("Days until it ends", 1, 730, 90, key="token-days")
        st.button("Make", key="token-make", on_click=_make, args=(name, role, int(days)))


def _make(name: str, role: str, days: int) -> None:
    try:
        change = acting.perform("create_token", {"name": name, "role": Role(role), "days": days})
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
    else:
        st.session_state[NEW_TOKEN] = str(change.result.get("secret", "; ".join(change.warnings)))
