"""Speed: do the application's answers get slower, where, and for whom?"""

import streamlit as st

from pages.panels import evidence, filters, speed_parts
from pages.panels.furniture import section, title
from pages.panels.page import Here, live, page, part
from pages.panels.series_chart import over_time_chart
from rollout_core.charts.words import quiet
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.speed import SpeedRequest
from rollout_core.people.role import Role


@live(None)
def speed(here: Here, entry: RolloutEntry, window: str, label: str) -> None:
    """Degradation, API over time, endpoints and components."""
    answer = here.ask("speed", SpeedRequest(entry.key, window), settled=True)
    section("Did it get slower?", "Worst of LCP p75, INP p75 and API p95 against control")
    speed_parts.degradation(answer)
    st.markdown(quiet(evidence.LIKE_WITH_LIKE))
    with part():
        over_time_chart(here, SeriesRequest("api_response_p95", entry.key, window), "When did it change? API at p95",
                        "95 of 100 requests were faster")
    section("Which endpoints are slow?", f"Treatment, {label.lower()} · sort by any column")
    speed_parts.listing(answer.endpoints, "Endpoint")
    section("Which components render slowly?", f"Treatment, {label.lower()}")
    speed_parts.listing(answer.components, "Component")
    st.markdown(f"**All API requests at p95:** {evidence.number(answer.api.p95)}, control "
                f"{evidence.number(answer.api.control_p95)}")
    if answer.relative_error:
        st.markdown(quiet(f"Percentiles come from histograms with at most {answer.relative_error:.0%} relative error."))


with page(Role.VIEWER) as look:
    title("Speed")
    with st.container(horizontal=True):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window()
    speed(chosen, choice, said)
