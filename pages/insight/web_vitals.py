"""Web Vitals: is it faster, for whom is it slow, and how sure are we?"""

import streamlit as st

from pages.panels import filters, vitals_parts
from pages.panels.furniture import chart, section, table, title
from pages.panels.page import Here, live, page
from rollout_core.charts import formats
from rollout_core.charts.over_time import over_time, starts_at
from rollout_core.charts.shapes import distribution
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.vitals import VitalsRequest
from rollout_core.people.role import Role


@live(None)
def vitals(here: Here) -> None:
    """Filters, cards, the chosen vital over time and as distribution, differences, and where it is slow."""
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window()
        vital, device, where = vitals_parts.narrow(here, entry, window)
    request = VitalsRequest(entry.key, window, page=where, device=device, vital=vital)
    answer = here.ask("vitals", request, settled=True)
    vitals_parts.cards(answer.cards)
    card = next((each for each in answer.cards if each.vital == vital), None)
    series = here.ask("series", SeriesRequest(f"{vital.lower()}_p75", entry.key, window, page=where, device=device),
                      settled=True)
    notes = [f"Per {formats.span(vitals_parts.width(series))}", "ribbon: 95% interval", starts_at(series)]
    section(f"Is it faster? {vital} at p75", " · ".join(note for note in notes if note))
    chart(over_time(series, here.theme, here.local, 300), f"{vital} at p75 over time by arm, {label.lower()}", "time")
    left, right = st.columns(2, gap="large")
    with left:
        section(f"Who waits longer? {vital}", "Share of page views per class · log axis · equal bins for both arms")
        if card is not None:
            chart(distribution(answer.histogram, card, here.theme), f"Distribution of {vital} by arm", "distribution")
    with right:
        section("How sure are we? Treatment − control", "Difference of p75 in % of control · bar: 95% interval")
        table(vitals_parts.differences(answer.cards), "Differences")
    section(f"Where is it slow? Pages by {vital} in treatment", f"p75, {label.lower()} · sort by any column")
    vitals_parts.slices(answer.pages, "Page", vital)
    section("On which device?")
    vitals_parts.slices(answer.devices, "Device", vital)
    vitals_parts.loads(answer)


with page(Role.VIEWER):
    title("Web Vitals")
    vitals()
