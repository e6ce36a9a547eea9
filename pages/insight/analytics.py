"""Analytics: two arms, periods, phases, segments or plans side by side, in any metric, divided by what it has."""

import streamlit as st

from pages.panels import compare_form, compare_result, filters
from pages.panels.furniture import title
from pages.panels.page import page
from rollout_core.charts.words import quiet
from rollout_core.insight.compare import CompareRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Analytics", quiet("What is different between the two, and by how much?"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        entry = filters.chosen_rollout(here)
        metric = compare_form.chosen_metric()
        across = compare_form.chosen_across()
        window, label = compare_form.chosen_window(here, entry, across)
        arm = compare_form.chosen_arm(across)
        by = compare_form.chosen_division(here, entry, metric, across)
    whole = compare_form.why_not_divided(metric)
    if whole:
        st.markdown(quiet(whole))
    asked = CompareRequest(metric, entry.key, across, arm=arm, window=window, by=by)
    answer = here.ask("compare", compare_form.with_sides(here, asked), settled=True)
    compare_result.verdict(here, answer, label)
    compare_result.picture(here, answer)
    compare_result.rows(answer)
    compare_result.over_time(here, entry, answer, window)
