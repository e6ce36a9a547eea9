"""Errors: do they rise, of which kind, who is hit, since when?"""

from datetime import timedelta

import streamlit as st

from pages.panels import errors_parts, evidence, filters
from pages.panels.files import File
from pages.panels.furniture import section, table, title
from pages.panels.page import Here, live, page, part
from pages.panels.series_chart import over_time_chart
from rollout_core.charts.formats import counted
from rollout_core.charts.words import quiet
from rollout_core.insight.errors import ErrorsRequest
from rollout_core.insight.series import SeriesRequest
from rollout_core.people.role import Role


@live(timedelta(seconds=30))
def errors(here: Here) -> None:
    """Filters, rates by arm, over time, by category, and the groups behind them."""
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window(here, entry)
        groups = st.selectbox("Groups", errors_parts.STATES, key="groups", width=150, bind="query-params")
    answer = here.ask("errors", ErrorsRequest(entry.key, window, state=groups.lower()))
    filters.told(here, entry, answer.window, label)
    if not (answer.treatment.n or answer.control.n or answer.groups or answer.unattributed):
        filters.nothing_in("session, request or error")
        return
    section("Do they rise?", "Each arm with its 95% interval · bar: change, 95% interval",
            File("error-rates", lambda: errors_parts.rates_as_file(answer)))
    st.markdown(quiet(evidence.LIKE_WITH_LIKE))
    table(errors_parts.headline(answer), "Error rates, treatment against control")
    errors_parts.unnamed(answer)
    noun = "requests that failed" if answer.basis == "requests" else "sessions with an error"
    with part():
        over_time_chart(here, SeriesRequest("error_rate", entry.key, window), "When did it change? Error rate",
                        f"Share of {noun}")
    section("Of which kind?", "Share of sessions with such an error")
    if answer.categories:
        table(errors_parts.kinds(answer.categories), "Error categories, treatment against control")
    else:
        st.markdown(quiet("No error in this window."))
    section("Which errors?", f"{counted(len(answer.groups), 'groups')}, the most frequent first · what changed before "
            "each was first seen", File("error-groups", lambda: errors_parts.groups_as_file(answer)))
    errors_parts.groups(here, entry.key, answer.groups)
    if answer.unattributed:
        st.markdown(quiet(f"{counted(answer.unattributed, 'errors')} of people who were in no arm are in no rate and "
                          "no group here."))


with page(Role.VIEWER):
    title("Errors")
    errors()
