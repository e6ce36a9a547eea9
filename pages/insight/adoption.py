"""Adoption: who could use it, who does, who comes back, and which features go together."""

import streamlit as st

from pages.panels import adoption_parts, filters
from pages.panels.furniture import chart, drawn, section, title
from pages.panels.page import Here, live, page
from rollout_core.charts.formats import counted
from rollout_core.charts.shapes import cohorts, together
from rollout_core.charts.words import quiet
from rollout_core.insight.adoption import AdoptionRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role


@live(None)
def adoption(here: Here, entry: RolloutEntry, window: str, label: str) -> None:
    """Headline numbers, funnel, flags, cohorts and flags used together."""
    answer = here.ask("adoption", AdoptionRequest(entry.key, window), settled=True)
    adoption_parts.headline(answer)
    section("Where do people stop?", f"From eligible to using it again, {label.lower()}")
    adoption_parts.funnel(answer.funnel)
    left, right = st.columns(2, gap="large")
    with left:
        section("Which features?", "Adoption at the same age, and who comes back")
        adoption_parts.flags(answer.flags)
    with right:
        section("Do later weeks adopt faster?", "Per week of first exposure (people) · used it within k weeks")
        chart(drawn(cohorts, answer, here.theme), "Share that used it, by week of first exposure", "cohorts")
    names = {flag.flag: flag.name for flag in answer.flags}
    section("What goes together?", "Of the users of the row's feature, the share that also uses the column's · "
                                   f"{counted(len(answer.matrix_flags), 'features')}")
    chart(drawn(together, answer, [names.get(flag, flag) for flag in answer.matrix_flags], here.theme),
          "Features used by the same people", "together")
    st.markdown(quiet("The naive share (users now ÷ enabled now) falls at every advance by itself; it is shown and "
                      "never decides."))


with page(Role.VIEWER) as look:
    title("Adoption")
    with st.container(horizontal=True):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window("Since the start")
    adoption(chosen, choice, said)
