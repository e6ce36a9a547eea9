"""Business: do people come back, finish what they begin, and like it?"""

import streamlit as st

from pages.panels import evidence, filters
from pages.panels.furniture import chart, drawn, section, title
from pages.panels.page import Here, live, page
from rollout_core.charts.formats import counted
from rollout_core.charts.shapes import retention, scores
from rollout_core.charts.words import quiet
from rollout_core.insight.business import BusinessRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role


@live(None)
def business(here: Here, entry: RolloutEntry, window: str, label: str) -> None:
    """The catalogue's business metrics, retention and scores."""
    answer = here.ask("business", BusinessRequest(entry.key, window), settled=True)
    section("What does it change?", f"Treatment against control, {label.lower()} · bar: 95% interval · tick: no change")
    if answer.rows:
        evidence.metric_rows(answer.rows)
        st.markdown(quiet(evidence.LIKE_WITH_LIKE))
    else:
        st.markdown(quiet("No business metric has data in this window."))
    left, right = st.columns(2, gap="large")
    with left:
        section("Do people come back?", "Active again on day n since the first · only those old enough count")
        chart(drawn(retention, answer.retention, here.theme), "Retention by day since the first, by arm", "retention")
        last = [point for point in answer.retention if point.treatment is not None]
        if last:
            st.markdown(quiet(f"Day {last[-1].day} stands on {counted(last[-1].treatment_n, 'people')} in treatment."))
    with right:
        section("How do they rate it?", "Share of answers by score, each arm for itself")
        chart(drawn(scores, answer.scores, here.theme), "Scores given, by arm", "scores")
    st.page_link("insight/feedback.py", label="Read what they wrote", icon=":material/forum:")


with page(Role.VIEWER) as look:
    title("Business")
    with st.container(horizontal=True):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window("Since the start")
    business(chosen, choice, said)
