"""Dashboard: is it well right now? Numbers refresh by themselves, charts whenever a bucket is complete."""

from datetime import timedelta

import streamlit as st

from pages.panels import filters, live_parts
from pages.panels.furniture import title
from pages.panels.page import live, page
from rollout_core.charts.words import quiet
from rollout_core.people.role import Role

NUMBERS, CHARTS = timedelta(seconds=5), timedelta(seconds=30)

with page(Role.VIEWER) as look:
    title("Dashboard", quiet("Is it well right now?"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window(look, chosen, "Last 24 hours")
        vital = st.selectbox("Vital", live_parts.VITALS, key="vital", bind="query-params", width=130)
        still = st.toggle("Pause updates", key="still", bind="query-params")
    live(None if still else NUMBERS)(live_parts.numbers)(chosen, choice, said, still=still)
    live(None if still else CHARTS)(live_parts.charts)(chosen, choice, vital)
