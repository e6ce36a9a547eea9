"""Adoption: who could use it, who does, who comes back, and which features go together."""

import streamlit as st

from pages.panels import adoption_parts, filters
from pages.panels.files import File
from pages.panels.furniture import chart, drawn, section, title
from pages.panels.page import Here, live, page
from rollout_core.charts.growth import daily_use
from rollout_core.charts.shapes import cohorts, together
from rollout_core.charts.words import quiet
from rollout_core.insight.adoption import AdoptionAnswer
from rollout_core.people.role import Role


@live(None)
def adoption(here: Here) -> None:
    """Headline numbers, funnel, growth, phases, features, cohorts and features used together."""
    with st.container(horizontal=True):
        entry = filters.chosen_rollout(here)
        window, label = filters.chosen_window(here, entry, "Since the start")
        answer, feature = adoption_parts.narrow(here, entry, window)
    filters.told(here, entry, answer.window, label, feature)
    if not answer.phases and not answer.days:
        filters.nothing_in("exposure and no use of a feature")
        return
    adoption_parts.headline(answer)
    left, right = st.columns(2, gap="large")
    with left:
        section("Where do people stop?", "From eligible to using it again · grey: share of the step before",
                File("adoption-funnel", lambda: adoption_parts.funnel_as_file(answer)))
        adoption_parts.funnel(answer)
    with right:
        section("Does it grow?", "People in treatment who used it, per full day (UTC) · lines: changes of the rollout",
                File("adoption-days", lambda: adoption_parts.days_as_file(answer)))
        chart(drawn(daily_use, answer, here.theme, here.local), "People who used it, by day", "growth")
    compared(here, answer)


def compared(here: Here, answer: AdoptionAnswer) -> None:
    """Phases, features and weeks side by side, all at the same age."""
    days = answer.age_hours // 24
    section("In which phase?", f"By the phase of first exposure · adoption: used it within {days} days, 95% interval",
            File("adoption-phases", lambda: adoption_parts.phases_as_file(answer)))
    adoption_parts.phases(answer.phases)
    left, right = st.columns(2, gap="large")
    with left:
        section("Which features?", f"Used within {days} days of seeing it, and of adopters who comes back",
                File("adoption-features", lambda: adoption_parts.flags_as_file(answer)))
        adoption_parts.flags(answer.flags)
    with right:
        section("Do later weeks adopt faster?", "Per week of first exposure (people) · used it within k weeks",
                File("adoption-weeks", lambda: adoption_parts.cohorts_as_file(answer)))
        chart(drawn(cohorts, answer, here.theme), "Share that used it, by week of first exposure", "cohorts")
        names = {flag.flag: flag.name for flag in answer.flags}
        section("What goes together?", "Of the users of the row's feature, how many in 100 also use the column's",
                File("adoption-together", lambda: adoption_parts.together_as_file(answer)))
        chart(drawn(together, answer, [names.get(flag, flag) for flag in answer.matrix_flags], here.theme),
              "Features used by the same people", "together")
    st.markdown(quiet("The naive share (users now ÷ enabled now) falls at every advance by itself; it is shown and "
                      "never decides."))


with page(Role.VIEWER):
    title("Adoption")
    adoption()
