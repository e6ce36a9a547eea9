"""Settings: who may sign in and how, who is signed in, what is kept for how long, whether the store is sound."""

import streamlit as st

from pages.panels import access_parts, people_parts, retention_parts, settings_parts, sure
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.people.role import Role

with page(Role.ADMIN) as here:
    title("Settings")
    people, tokens, sessions, kept, provider, store = st.tabs(
        ["People", "Tokens", "Sessions", "Retention", "Identity provider", "Store"], key="settings-tab",
        on_change="rerun", bind="query-params")
    if people.open:
        with people, part():
            section("Who may sign in?", "A changed role counts from the next press, in open tabs too")
            people_parts.roles()
            people_parts.people(here)
    if tokens.open:
        with tokens, part():
            section("Which machines may act?", "A token's secret is shown once, when it is made")
            access_parts.tokens(here)
    if sessions.open:
        with sessions, part():
            section("Who is signed in?", "An ended session is refused at the next press, in open tabs too")
            access_parts.sessions(here)
    if kept.open:
        with kept, part():
            section("How long is it kept?", "Raw events only: hourly and daily sums stay, and with them every chart")
            retention_parts.retention(here)
    if provider.open:
        with provider, part():
            section("Who vouches for people?", "Passwords and one-time links go on working beside it")
            access_parts.provider(here)
    if store.open:
        with store:
            section("Do events arrive?", "Counted by the store · refused events are kept with their reason")
            with part():
                settings_parts.ingest(here)
            section("Is the store sound?")
            with part():
                settings_parts.soundness(here)
            section("What was it told?")
            with part():
                settings_parts.facts()
    people_parts.dialog_if_asked(here)
    sure.open_if_asked()
