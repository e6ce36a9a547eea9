"""Overview: all rollouts, worst first; in ten seconds one knows where each is, whether it is healthy and what needs me.
"""

from datetime import timedelta

import streamlit as st

from pages.panels import filters, states
from pages.panels.furniture import section, title
from pages.panels.needs_you import needs_you
from pages.panels.page import Here, live, page
from pages.panels.rollout_card import bare_card, rollout_card
from rollout_core.errors import StoreError
from rollout_core.insight.overview import OverviewRequest
from rollout_core.insight.rollouts import RolloutsRequest
from rollout_core.people.role import Role


@live(timedelta(seconds=10))
def overview(here: Here) -> None:
    """The whole page; it refreshes by itself."""
    try:
        answer = here.ask("overview", OverviewRequest())
    except StoreError as error:
        without_numbers(here, error)
        return
    active = sum(line.status in ("running", "held") for line in answer.rollouts)
    line = f"{active} of {len(answer.rollouts)} rollouts serve somebody"
    title("Rollouts", states.freshness(here, answer.last_event_at, answer.simulated, line))
    if not answer.rollouts:
        filters.no_rollout_yet()
        return
    known = filters.labels(here.ask("rollouts", RolloutsRequest()).rollouts)
    labels = {entry.key: label for label, entry in known.items()}
    section("Needs you")
    if answer.last_event_at is None:
        st.page_link("insight/getting_started.py", label="No event has arrived yet: connect a source",
                     icon=":material/rocket_launch:")
    needs_you(here, answer.needs, known)
    st.space("small")
    section("All rollouts", "Worst first · phase, share of eligible subjects, health, may it advance, open alerts")
    for rollout in answer.rollouts:
        rollout_card(here, rollout, labels.get(rollout.rollout, rollout.name))


def without_numbers(here: Here, error: StoreError) -> None:
    """Which rollouts there are, with the way to their buttons, while nothing can be counted."""
    title("Rollouts")
    states.error(error)
    section("All rollouts", "Without numbers · pause and stop work")
    for label, entry in filters.labels(here.ask("rollouts", RolloutsRequest()).rollouts).items():
        bare_card(entry, label)


with page(Role.VIEWER):
    overview()
