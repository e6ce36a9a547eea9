"""Pieces of the rollout page: badges, the headline over the buttons, sign-offs, decisions, the audit tail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.panels import acting
from pages.panels.audience_table import audience_table
from pages.panels.audit_rows import audit_rows
from pages.panels.foresight import noun
from pages.panels.furniture import section, table
from pages.panels.page import Here
from pages.panels.phase_controls import autopilot_choice
from pages.panels.rollout_card import may_advance, planned_and_real, waits_for
from rollout_core.charts import formats, words
from rollout_core.charts.words import badge, plain, quiet, sentence
from rollout_core.insight.audit import AuditRequest
from rollout_core.insight.decisions import DecisionsRequest
from rollout_core.insight.gates import Gate, GatesAnswer
from rollout_core.insight.phases import PhasesRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import StatusAnswer
from rollout_core.people.role import Role

SERVES_NOBODY = {
    "draft": "Draft: nobody has it", "ready": "Ready: nobody has it yet", "paused": "Paused: nobody has it",
    "stopped": "Stopped: nobody has it",
}


def badges_of(entry: RolloutEntry) -> str:
    """Status, phase and revision in one line."""
    where = f"{entry.percentage:g}% planned" + (f", {plain(entry.phase)}" if entry.phase else "")
    return (f"{words.of(words.STATUS, entry.status).badge} {quiet(where)} "
            f"{badge(f'Revision {entry.revision}', 'gray', 'history')}")


def headline(here: Here, place: DeltaGenerator, status: StatusAnswer) -> None:
    """The answer to "may it advance?" in a line, then all that is waited for and what matters beside it."""
    text = SERVES_NOBODY.get(status.status) or may_advance(status.gates)
    waiting = "; ".join(waits_for(here, each) for each in status.gates.waiting)
    said = f"Waits for: {waiting}." if waiting and not status.gates.not_met else sentence(status.gates.words)
    place.markdown(f"## {text}\n{said} {_beside(here, status)}", anchors=False)


def _beside(here: Here, status: StatusAnswer) -> str:
    said = []
    if status.remembered_percentage is not None and status.status in ("paused", "stopped"):
        said.append(f"It was at {status.remembered_percentage:g}%.")
    if status.phase is not None and status.phase.maximum_until_at and status.phase.maximum_until_at < here.now:
        said.append(f"This phase was planned to end {here.when(status.phase.maximum_until_at)}.")
    return " ".join(said)


def forced(status: StatusAnswer) -> None:
    """A banner while environment variables override the plan."""
    if status.forced:
        st.warning(f"Set by the environment, stronger than the plan: {plain(', '.join(status.forced))}.",
                   icon=":material/terminal:")


def criteria(here: Here, gates: GatesAnswer, draw: Callable[[Here, Sequence[Gate]], None]) -> None:
    """The table, or in words that there is none."""
    if gates.gates:
        draw(here, gates.gates)
    else:
        st.markdown(quiet("This phase lists no criteria, so nothing advances it by itself."))


def signing(here: Here, entry: RolloutEntry, gates: GatesAnswer) -> None:
    """For operators: signing what no number can prove."""
    open_ones = [gate for gate in gates.gates if str(gate.state) == "manual" and gate.kind == "criterion"]
    if not open_ones or not here.may(Role.OPERATOR):
        return
    with st.popover("Sign a criterion…", icon=":material/draw:"):
        names = {gate.key: gate.name for gate in open_ones}
        chosen = st.selectbox("Criterion", list(names), format_func=names.__getitem__, key="sign-what")
        evidence = st.text_input("What have you seen?", key="sign-evidence",
                                 placeholder="Goes on record with your name")
        fields = {"rollout": entry.key, "phase": gates.phase, "criterion": chosen, "evidence": evidence}
        for label, met, said in (("Sign as met", True, "Signed."), ("Sign as not met", False, "Signed as not met.")):
            st.button(label, key=f"sign-{met}", on_click=acting.act, args=("sign_criterion", said),
                      kwargs={**fields, "met": met})


def who_has_it(here: Here, entry: RolloutEntry) -> None:
    """Audiences in filling order, with who joins at the next phase."""
    phases = here.ask("phases", PhasesRequest(entry.key))
    share = phases.share
    people = "" if share.have is None else f": {share.have:,} of {share.eligible or 0:,} eligible {noun(entry.unit)}"
    section("Who has it?", f"{planned_and_real(share)}{people} · each phase fills its audiences in turn · "
            "dashed: joins next")
    following = next((step for step in phases.phases if step.state in ("ahead", "left")), None)
    audience_table(phases.audiences, following.percentage if following else None)


def decisions(here: Here, entry: RolloutEntry) -> None:
    """How much it may do, and its last decisions in words; the routine ones that did nothing come last."""
    found = here.ask("decisions", DecisionsRequest(entry.key, limit=40)).decisions
    autopilot_choice(here, entry, entry.autopilot)
    told = [each for each in found if each.act != "none"][:4] or list(found[:2])
    if not told:
        st.markdown(quiet("Nothing yet: no sweep has looked at this rollout."))
        return
    table([{"When": here.when(each.swept_at),
            "Decision": f"{plain(each.summary)} {quiet('' if each.done else 'advised, not done')}"}
           for each in told], "Last decisions of the autopilot")


def audit_tail(here: Here, rollout: str) -> None:
    """The newest entries, and the way to the rest."""
    answer = here.ask("audit", AuditRequest(rollout, limit=6))
    if not answer.records:
        st.markdown(quiet("Nothing was changed yet."))
        return
    table(audit_rows(here, answer.records), "Newest entries of the audit trail")
    st.page_link("control/audit_trail.py", label=f"All {formats.number(answer.head.seq)} entries",
                 icon=":material/history:")
