"""Flags and plan: what is served now, what a subject would get, and the document behind it, to read and to edit."""

import streamlit as st

from pages.panels import filters, flags_parts, plan_editor, sure, try_parts
from pages.panels.furniture import title
from pages.panels.page import page, part
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.insight.plan import PlanRequest
from rollout_core.people.role import Role

SECTIONS = {"What it says": flags_parts.reading, "Try a subject": try_parts.trying, "Edit": plan_editor.editing}

with page(Role.VIEWER) as here:
    title("Flags and plan")
    entry = filters.chosen_rollout(here)
    answer = here.ask("plan", PlanRequest(entry.key))
    plan = answer.plan
    newer = answer.newest > plan.version
    newest = f" {badge(f'Version {answer.newest} is newer', 'yellow', 'upgrade')}" if newer else ""
    st.markdown(f"**{plain(plan.name)}** {badge(f'Plan v{plan.version}', 'gray', 'description')}{newest} "
                f"{quiet(plain(plan.note))}")
    shown = st.radio("Show", list(SECTIONS), key="flags-tab", bind="query-params", horizontal=True,
                     label_visibility="collapsed")
    with part():
        SECTIONS[shown](here, entry, answer)
    sure.open_if_asked()
