"""Flags and plan: what is served now, what a subject would get, and the document behind it, to read and to edit."""

import streamlit as st

from pages.panels import filters, flags_parts, plan_editor, states, sure, try_parts
from pages.panels.furniture import section, table, title
from pages.panels.page import page, part
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.insight.plan import PlanRequest
from rollout_core.insight.status import StatusRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    title("Flags and plan")
    entry = filters.chosen_rollout(here)
    answer = here.ask("plan", PlanRequest(entry.key))
    plan = answer.plan
    newer = answer.newest > plan.version
    newest = f" {badge(f'Version {answer.newest} is newer', 'yellow', 'upgrade')}" if newer else ""
    st.markdown(f"**{plain(plan.name)}** {badge(f'Plan v{plan.version}', 'gray', 'description')}{newest} "
                f"{quiet(plain(plan.note))}")
    shown, tried, edited = st.tabs(["What it says", "Try a subject", "Edit"], key="flags-tab", on_change="rerun",
                                   bind="query-params")
    if shown.open:
        with shown, part():
            st.markdown(plain(plan.description))
            served = frozenset(here.ask("status", StatusRequest(entry.key)).flags)
            section("Which flags?", "On means: served to those who are in · a flag waits for its phase and its "
                    "prerequisite")
            table(flags_parts.flag_rows(plan, served), "Flags")
            section("Which phases?")
            table(flags_parts.phase_rows(plan), "Phases")
            left, right = st.columns(2, gap="large")
            with left:
                section("What should it reach?", "Targets of the plan")
                table(flags_parts.target_rows(plan), "Targets")
            with right:
                section("What tells a person?", "Alert rules of the plan")
                table(flags_parts.alert_rows(plan), "Alert rules")
    if tried.open:
        with tried, part():
            section("What would one get?", "The decision of every flag with its reasons · nothing is stored")
            try_parts.try_subject(here, entry)
    if edited.open:
        with edited, part():
            section("What should change?", "A changed text becomes a new version · what is served stays as it is")
            if not here.may(Role.ADMIN):
                states.view_only(here, Role.ADMIN, "change the plan")
                st.code(plan_editor.stored_text(entry), language="yaml", wrap_lines=True)
            else:
                if newer:
                    plan_editor.take_over(entry, answer.newest)
                plan_editor.editor(here, entry)
    sure.open_if_asked()
