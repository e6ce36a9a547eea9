"""Rollout: may it advance, does it harm, who has it, and the buttons that change it."""

import streamlit as st

from pages.panels import confirm, filters, rollout_parts
from pages.panels.audience_table import audience_table
from pages.panels.evidence import criteria_table, pause_table
from pages.panels.furniture import section, title
from pages.panels.page import page
from pages.panels.phase_controls import autopilot_choice, lead_button, phase_controls
from pages.panels.phase_stepper import phase_stepper
from pages.panels.rollout_card import planned_and_real
from rollout_core.charts.formats import counted
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.pause_check import PauseCheckRequest
from rollout_core.insight.phases import PhasesRequest
from rollout_core.insight.plan import PlanRequest
from rollout_core.insight.status import StatusRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    heading = st.container(gap="xsmall")
    entry = filters.chosen_rollout(here)
    places = phase_controls(here, entry)                # every way out stands before any question is asked
    with heading:
        title(entry.name, rollout_parts.badges_of(entry))
    confirm.confirm_if_asked()
    with page(Role.VIEWER):
        status = here.ask("status", StatusRequest(entry.key))
        rollout_parts.headline(here, places.words, status)
        lead_button(here, entry, status, places)
        st.space("small")
        phase_stepper(here, status)
        st.space("small")
        rollout_parts.forced(status)
    left, right = st.columns([1.1, 1], gap="large")
    with left, page(Role.VIEWER):
        gates = here.ask("gates", GatesRequest(entry.key))
        section("May it advance?", f"To leave {gates.phase_name or 'the start'} · treatment in this phase · "
                                   "bar: 95% interval · tint: meets target")
        rollout_parts.criteria(here, gates, criteria_table)
        rollout_parts.signing(here, entry, gates)
    with right, page(Role.VIEWER):
        check = here.ask("pause_check", PauseCheckRequest(entry.key))
        section("Does it harm?", "What would pause it · bar: 95% interval · tint: no reason to pause")
        pause_table(check.conditions, here.ask("plan", PlanRequest(entry.key)).plan.pause_conditions)
        section("What autopilot did")
        autopilot_choice(here, entry, status.autopilot)
        rollout_parts.decisions(here, entry.key)
    with page(Role.VIEWER):
        phases = here.ask("phases", PhasesRequest(entry.key))
        share = phases.share
        people = "" if share.have is None else f": {share.have:,} of {counted(share.eligible or 0, 'eligible')}"
        section("Who has it?", f"{planned_and_real(share)}{people} · audiences fill from the top · dashed: joins next")
        following = next((step for step in phases.phases if step.state == "ahead"), None)
        audience_table(phases.audiences, following.percentage if following else None)
    with page(Role.VIEWER):
        section("Who changed what?", "The newest entries of the audit trail")
        rollout_parts.audit_tail(here, entry.key)
