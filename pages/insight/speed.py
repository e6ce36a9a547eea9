"""Speed: do the application's answers get slower, where, and for whom?"""

import streamlit as st

from pages.panels import evidence, filters, speed_parts
from pages.panels.files import File
from pages.panels.furniture import section, title
from pages.panels.page import Here, live, page, part
from pages.panels.series_chart import over_time_chart
from rollout_core.charts.formats import counted
from rollout_core.charts.words import quiet
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.speed import SpeedAnswer, SpeedRequest
from rollout_core.people.role import Role


@live(None)
def speed(here: Here, entry: RolloutEntry, window: str, label: str) -> None:
    """Degradation, API over time, endpoints and components."""
    answer = here.ask("speed", SpeedRequest(entry.key, window), settled=True)
    filters.told(here, entry, answer.window, label, counted(answer.api.p95.n, "requests in treatment"))
    if not answer.endpoints and not answer.components and answer.degradation.value is None:
        filters.nothing_in("API request, render or web vital")
        return
    section("Did it get slower?", "Worst of LCP p75, INP p75 and API p95 against control · bar: 95% interval",
            File("degradation", lambda: speed_parts.degradation_as_file(answer)))
    st.markdown(quiet(evidence.LIKE_WITH_LIKE))
    speed_parts.degradation(answer)
    with part():
        over_time_chart(here, SeriesRequest("api_response_p95", entry.key, window), "When did it change? API at p95",
                        "95 of 100 requests were faster")
    where(answer)
    st.markdown(quiet(f"Percentiles: histograms, at most {answer.relative_error:.0%} off."))


def where(answer: SpeedAnswer) -> None:
    """Endpoints and components, the slowest in treatment first."""
    for name, heading, found in (("Endpoint", "Which endpoints are slow?", answer.endpoints),
                                 ("Component", "Which components render slowly?", answer.components)):
        section(heading, "In treatment, the slowest at p95 first · verdict: p95 against control · sort by any column",
                File(f"speed-by-{name.lower()}",
                     lambda found=found, name=name: speed_parts.as_file(answer, found, name)))
        speed_parts.listing(found, name)


with page(Role.VIEWER) as look:
    title("Speed")
    with st.container(horizontal=True):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window(look, chosen)
    speed(chosen, choice, said)
