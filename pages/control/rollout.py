"""Rollout: may it advance, does it harm, who has it, and the buttons that change it."""

import streamlit as st

from pages.panels import confirm, filters, rollout_parts
from pages.panels.evidence import criteria_table, pause_table
from pages.panels.furniture import section, title
from pages.panels.guardrails import guardrails_table
from pages.panels.page import page, part
from pages.panels.phase_controls import lead_button, phase_controls
from pages.panels.phase_stepper import phase_stepper
from rollout_core.insight.gates import GatesRequest
from rollout_core.insight.pause_check import PauseCheckRequest
from rollout_core.insight.plan import PlanRequest
from rollout_core.insight.status import StatusRequest
from rollout_core.insight.verdicts import VerdictsRequest
from rollout_core.people.role import Role

with page(Role.VIEWER) as here:
    heading = st.container(gap="xsmall")
    entry = filters.chosen_rollout(here)
    places = phase_controls(here, entry)                # every way out stands before any question is asked
    with heading:
        title(entry.name, rollout_parts.badges_of(entry))
    confirm.confirm_if_asked()
    with part():
        status = here.ask("status", StatusRequest(entry.key))
        rollout_parts.headline(here, places.words, status)
        lead_button(here, entry, status, places)
        st.space("small")
        phase_stepper(here, status)
        st.space("small")
        rollout_parts.forced(status)
    left, right = st.columns([1.1, 1], gap="large")
    with left, part():
        gates = here.ask("gates", GatesRequest(entry.key))
        section("May it advance?", "Bar: 95% interval · tint: meets target" + (
            f" · to leave {gates.phase_name}" if gates.phase_name else ""))
        rollout_parts.criteria(here, gates, criteria_table)
        rollout_parts.signing(here, entry, gates)
    with right, part():
        section("Does it harm?", "Treatment − control · bar: holds at any time · slow ones: share above a fixed time")
        guardrails_table(here.ask("verdicts", VerdictsRequest(entry.key), settled=True))
        with st.expander("What would pause it?"):
            check = here.ask("pause_check", PauseCheckRequest(entry.key), settled=True)
            pause_table(check.conditions, here.ask("plan", PlanRequest(entry.key)).plan.pause_conditions)
    with left, part():
        section("What autopilot did")
        rollout_parts.decisions(here, entry)
    with part():
        rollout_parts.who_has_it(here, entry)
    with part():
        section("Who changed what?", "The newest entries of the audit trail")
        rollout_parts.audit_tail(here, entry.key)
