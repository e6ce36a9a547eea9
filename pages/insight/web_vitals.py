"""Web Vitals: is it faster, for whom is it slow, and how sure are we?"""

import streamlit as st

from pages.panels import evidence, filters, vitals_parts
from pages.panels.files import File
from pages.panels.furniture import chart, drawn, section, table, title
from pages.panels.page import Here, live, page, part
from pages.panels.series_chart import over_time_chart
from rollout_core.charts.formats import counted
from rollout_core.charts.shapes import distribution
from rollout_core.charts.words import quiet
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.vitals import VitalsAnswer
from rollout_core.people.role import Role


@live(None)
def vitals(here: Here) -> None:
    """Filters, cards, the chosen vital over time and as distribution, differences, and where it is slow."""
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window(here, entry)
        asked, answer = vitals_parts.narrow(here, entry, window)
    vital, card = asked.vital, next((each for each in answer.cards if each.vital == asked.vital), None)
    filters.told(here, entry, answer.window, label, "" if card is None else counted(card.treatment.n, "page views in "
                                                                                    f"treatment sent {vital}"))
    if all(each.treatment.value is None and each.control.value is None for each in answer.cards):
        filters.nothing_in("web vital")
        return
    vitals_parts.answered(vital, answer)
    st.markdown(quiet(evidence.LIKE_WITH_LIKE))
    vitals_parts.cards(answer.cards)
    with part():
        over_time_chart(here, SeriesRequest(f"{vital.lower()}_p75", entry.key, window, page=asked.page,
                                            device=asked.device),
                        f"Is it faster? {vital} at p75", "3 of 4 page views were faster")
    left, right = st.columns(2, gap="large")
    with left:
        section(f"Who waits longer? {vital}", "Share of page views per class · log axis · equal bins for both arms")
        if card is not None:
            chart(drawn(distribution, answer.histogram, card, here.theme), f"Distribution of {vital} by arm",
                  "distribution")
    with right:
        section("How sure are we? Treatment − control", "Difference in % of control · bar: 95% interval",
                File("web-vitals", lambda: vitals_parts.as_file(answer)))
        table(vitals_parts.differences(answer), "Differences")
    section("Is the whole page good?", "Page loads that sent LCP, INP and CLS · bar: 95% interval, in % of control",
            File("page-loads", lambda: vitals_parts.loads_as_file(answer)))
    table(vitals_parts.whole_loads(answer), "Whole page loads, treatment against control")
    where(answer)
    st.markdown(quiet(f"Percentiles: histograms, at most {answer.relative_error:.0%} off."))


def where(answer: VitalsAnswer) -> None:
    """The pages and devices, the slowest in treatment first."""
    below = ("p75, slowest first, those of few page views last · choose a row to see only its page views · "
             "page views: in treatment")
    for name, heading, found in (("Page", f"Where is it slow? Pages by {answer.vital} in treatment", answer.pages),
                                 ("Device", "On which device?", answer.devices)):
        section(heading, below, File(f"{answer.vital}-by-{name}".lower(),
                                     lambda found=found, name=name: vitals_parts.slices_as_file(answer, found, name)))
        vitals_parts.slices(found, name, answer.vital)


with page(Role.VIEWER):
    title("Web Vitals")
    vitals()
