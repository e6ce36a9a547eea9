"""Flags and plan: what is served now, which phase adds what, and the rules behind it."""

import streamlit as st

from pages.panels import filters, flags_parts
from pages.panels.furniture import section, table, title
from pages.panels.page import page
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
    st.markdown(plain(plan.description))
    served = frozenset(here.ask("status", StatusRequest(entry.key)).flags)
    section("Which flags?", "On means: served to those who are in · a flag waits for its phase and its prerequisite")
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
