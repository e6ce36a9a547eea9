"""Alerts: what is wrong now, what to do, until when; and what was."""

from datetime import timedelta

import streamlit as st

from pages.panels import filters
from pages.panels.alerts_list import alerts_list
from pages.panels.furniture import section, title
from pages.panels.page import Here, live, page
from pages.panels.rollout_card import alert_words
from rollout_core.charts.words import quiet
from rollout_core.insight.alerts import AlertsRequest
from rollout_core.insight.rollouts import RolloutsRequest
from rollout_core.people.role import Role

STATES = {"Not resolved": "unresolved", "All": "all", "Resolved": "resolved", "Snoozed": "snoozed"}


@live(timedelta(seconds=15))
def alerts(here: Here, rollout: str | None, state: str, label: str, names: dict[str, str]) -> None:
    """The list; it refreshes by itself."""
    answer = here.ask("alerts", AlertsRequest(rollout, state))
    st.markdown(alert_words(answer.counts))
    section(label, "Worst and most urgent first · snoozing needs a reason and ends by itself")
    if not answer.alerts:
        st.markdown(quiet("Nothing is wrong here that a rule watches for." if state == "unresolved" else
                          "No alert in this state."))
        return
    alerts_list(here, [line.alert for line in answer.alerts], names if rollout is None else None)


with page(Role.VIEWER) as look:
    title("Alerts")
    known = filters.labels(look.ask("rollouts", RolloutsRequest()).rollouts)
    with st.container(horizontal=True):
        name = st.selectbox("Of", ["All rollouts", *known], key="alerts-of", bind="query-params", width=230)
        said = st.selectbox("State", list(STATES), key="alert-state", bind="query-params", width=170)
    alerts(known[name].key if name in known else None, STATES[said], said,
           {entry.key: label for label, entry in known.items()})
