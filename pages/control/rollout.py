"""Rollout: may it advance, does it harm, who has it, and the buttons that change it."""

import streamlit as st

from pages.panels import autopilot_parts, confirm, filters, headline, rollout_parts, sure
from pages.panels.evidence import pause_table
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
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with right:
        entry = filters.chosen_rollout(here)
    with left:
        title(entry.name, rollout_parts.badges_of(here, entry))
    places = phase_controls(here, entry)                # every way out stands before any question is asked
    confirm.confirm_if_asked()
    sure.open_if_asked()
    with part():
        status, harm = here.ask("status", StatusRequest(entry.key)), headline.harm(here, entry.key)
        headline.headline(here, places.words, status, harm)
        lead_button(here, entry, status, places, bool(harm.proven))
        rollout_parts.forced(status)
        st.space("small")
        phase_stepper(here, status)
        st.space("small")
    left, right = st.columns([1.1, 1], gap="large")
    with left, part():
        gates = here.ask("gates", GatesRequest(entry.key))
        section("May it advance?", rollout_parts.how_to_read(here, gates))
        rollout_parts.criteria(here, gates)
        rollout_parts.signing(here, entry, gates)
        rollout_parts.checklist_link(here, entry)
    with right, part():
        section("Does it harm?", "With it minus without it · bar: 95% interval, holds at any time · watching: neither "
                "proven nor ruled out · then: what follows when it is proven")
        guardrails_table(here.ask("verdicts", VerdictsRequest(entry.key), settled=True))
        with st.expander("What would pause it?"):
            check = here.ask("pause_check", PauseCheckRequest(entry.key), settled=True)
            pause_table(check.conditions, here.ask("plan", PlanRequest(entry.key)).plan.pause_conditions)
    with left, part():
        section("What does the autopilot do?")
        autopilot_parts.mode_choice(here, entry)
        autopilot_parts.doing_now(here, entry.key)
        autopilot_parts.last_decisions(here, entry)
    with part():
        rollout_parts.who_has_it(here, entry)
    with part():
        section("Who changed what?", "The newest entries of the audit trail")
        rollout_parts.audit_tail(here, entry.key)
