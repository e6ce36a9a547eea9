"""Settings: who may sign in and how, who is signed in, what is kept for how long, whether the store is sound."""

import streamlit as st

from pages.panels import access_parts, people_parts, retention_parts, settings_parts, sure
from pages.panels.furniture import section, title
from pages.panels.page import page, part
from rollout_core.people.role import Role

SECTIONS = {
    "People": ("Who may sign in?", "A changed role counts from the next press, in open tabs too", people_parts.people),
    "Tokens": ("Which machines may act?", "A token's secret is shown once, when it is made", access_parts.tokens),
    "Sessions": ("Who is signed in?", "An ended session is refused at the next press, in open tabs too",
                 access_parts.sessions),
    "Retention": ("How long is it kept?", "Raw events only: hourly and daily sums stay, and with them every chart",
                  retention_parts.retention),
    "Identity provider": ("Who vouches for people?", "Passwords and one-time links go on working beside it",
                          access_parts.provider),
    "Store": ("Do events arrive?", "Counted by the store · refused events are kept with their reason",
              settings_parts.store),
}

with page(Role.ADMIN) as here:
    title("Settings")
    shown = st.radio("Show", list(SECTIONS), key="settings-tab", bind="query-params", horizontal=True,
                     label_visibility="collapsed")
    question, below, draw = SECTIONS[shown]
    section(question, below)
    with part():
        draw(here)
    people_parts.dialog_if_asked(here)
    sure.open_if_asked()
