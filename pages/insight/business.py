"""Business: do people come back, finish what they begin, and like it?"""

import streamlit as st

from pages.panels import business_parts, evidence, filters
from pages.panels.files import File
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
    filters.told(here, entry, answer.window, label)
    if all(row.everybody.value is None for row in answer.rows):
        filters.nothing_in("session, task, answer or conversion")
        return
    section("What does it change?", "Treatment against control · bar: 95% interval · tick: no change · targets of the "
            "plan, by today's interval", File("business", lambda: evidence.rows_as_file(answer.rows)))
    if answer.rows:
        st.markdown(quiet(evidence.LIKE_WITH_LIKE))
        evidence.metric_rows(answer.rows)
    else:
        st.markdown(quiet("No business metric has data in this window."))
    left, right = st.columns(2, gap="large")
    with left:
        whom = "like with like, as in the table" if answer.alike else "everybody of each arm"
        section("Do people come back?", f"Active again on day n, of those whose day n is over · {whom} · "
                "ribbon: 95% interval", File("retention", lambda: business_parts.retention_as_file(answer)))
        chart(drawn(retention, answer.retention, here.theme), "Retention by day since the first, by arm", "retention")
        last = [point for point in answer.retention if point.treatment is not None]
        if last:
            st.markdown(quiet(f"Day {last[0].day} stands on {counted(last[0].treatment_n, 'people')} in treatment, day "
                              f"{last[-1].day} on {last[-1].treatment_n:,}."))
    with right:
        section("How do they rate it?", "Share of answers by score, each arm for itself",
                File("scores", lambda: business_parts.scores_as_file(answer)))
        chart(drawn(scores, answer.scores, here.theme), "Scores given, by arm", "scores")
        st.page_link("insight/feedback.py", label="Read what they wrote", icon=":material/forum:")


with page(Role.VIEWER) as look:
    title("Business")
    with st.container(horizontal=True):
        chosen = filters.chosen_rollout(look)
        choice, said = filters.chosen_window(look, chosen, "Since the start")
    business(chosen, choice, said)
