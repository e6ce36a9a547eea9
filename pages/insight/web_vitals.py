"""Web Vitals: is it faster, for whom is it slow, and how sure are we?"""

import streamlit as st

from pages.panels import evidence, filters, vitals_parts
from pages.panels.furniture import chart, drawn, section, table, title
from pages.panels.page import Here, live, page, part
from pages.panels.series_chart import over_time_chart
from rollout_core.charts.shapes import distribution
from rollout_core.charts.words import quiet
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
    with part():
        over_time_chart(here, SeriesRequest(f"{vital.lower()}_p75", entry.key, window, page=where, device=device),
                        f"Is it faster? {vital} at p75", "3 of 4 page views were faster")
    left, right = st.columns(2, gap="large")
    with left:
        section(f"Who waits longer? {vital}", "Share of page views per class · log axis · equal bins for both arms")
        if card is not None:
            chart(drawn(distribution, answer.histogram, card, here.theme), f"Distribution of {vital} by arm",
                  "distribution")
    with right:
        section("How sure are we? Treatment − control", "Difference of p75 in % of control · bar: 95% interval")
        table(vitals_parts.differences(answer.cards), "Differences")
        st.markdown(quiet(evidence.LIKE_WITH_LIKE))
    section(f"Where is it slow? Pages by {vital} in treatment", f"p75, {label.lower()} · slowest first")
    vitals_parts.slices(answer.pages, "Page", vital)
    section("On which device?")
    vitals_parts.slices(answer.devices, "Device", vital)
    vitals_parts.loads(answer)


with page(Role.VIEWER):
    title("Web Vitals")
    vitals()
