"""Checklist: what has to be done before the start, who did it, and whom to call."""

import streamlit as st

from pages.panels import filters, procedure_parts
from pages.panels.furniture import section, title
from pages.panels.page import page
from rollout_core.insight.checklist import ChecklistRequest
from rollout_core.insight.plan import PlanRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Checklist")
    entry = filters.chosen_rollout(here)
    answer = here.ask("checklist", ChecklistRequest(entry.key))
    st.progress(answer.done / answer.total if answer.total else 0.0, procedure_parts.how_far(answer))
    procedure_parts.checklist(here, entry, answer)
    plan = here.ask("plan", PlanRequest(entry.key)).plan
    left, right = st.columns(2, gap="large")
    with left:
        section("If it has to go back", "Each rollback lowers exposure, never raises it")
        procedure_parts.rollbacks(plan)
        section("Between two phases")
        procedure_parts.items(plan.advancement)
    with right:
        section("Whom to call")
        procedure_parts.contacts(plan)
        section("When something looks wrong")
        procedure_parts.guides(plan)
