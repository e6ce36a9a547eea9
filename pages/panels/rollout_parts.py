"""Pieces of the rollout page: badges, criteria with sign-offs, the checklist, who has it, the audit tail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.panels import acting
from pages.panels.audience_table import audience_table
from pages.panels.audit_rows import audit_rows
from pages.panels.evidence import criteria_table
from pages.panels.foresight import noun
from pages.panels.furniture import section, table
from pages.panels.page import Here
from pages.panels.procedure_parts import how_far
from pages.panels.rollout_card import planned_and_real
from rollout_core import bootstrap
from rollout_core.charts import formats, words
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.insight.audit import AuditRequest
from rollout_core.insight.checklist import ChecklistRequest
from rollout_core.insight.gates import Gate, GatesAnswer
from rollout_core.insight.phases import PhasesRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import StatusAnswer
from rollout_core.insight.verdict_words import PHASE_BEGAN, Since
from rollout_core.people.role import Role

AUTOPILOT: Mapping[str, str] = {"off": "Autopilot off", "advise": "Autopilot advises", "act": "Autopilot acts"}


def badges_of(here: Here, entry: RolloutEntry) -> str:
    """Status, phase with its day, autopilot, plan and revision in one line."""
    where = f"{entry.percentage:g}% planned"
    if entry.phase:
        day = "" if entry.phase_entered_at is None else f"day {(here.now - entry.phase_entered_at).days + 1} of "
        where += f", {day}{plain(entry.phase)}"
    rest = (badge(AUTOPILOT.get(entry.autopilot, plain(entry.autopilot)), "gray", "smart_toy"),
            badge(f"Plan v{entry.plan_version}", "gray", "description"),
            badge(f"Revision {entry.revision}", "gray", "history"))
    return f"{words.of(words.STATUS, entry.status).badge} {quiet(where)} {' '.join(rest)}"


def forced(status: StatusAnswer) -> None:
    """A banner while environment variables override the plan."""
    if status.forced:
        st.warning(f"Set by the environment, stronger than the plan: {plain(', '.join(status.forced))}.",
                   icon=":material/terminal:")


def criteria(here: Here, gates: GatesAnswer) -> None:
    """The table with why some of it proves nothing yet, or in words that there is none."""
    if not gates.gates:
        st.markdown(quiet("This phase lists no criteria, so nothing advances it by itself."))
        return
    criteria_table(here, gates.gates)
    if gates.since is not None and gates.since.cause in ANEW:
        st.markdown(quiet(why_anew(gates.gates, gates.since)))
        if gates.failed_before:
            st.markdown(before_words(gates))


def why_anew(gates: Sequence[Gate], since: Since) -> str:
    """Why a number may stand beside a state that does not know it, or why there is none yet."""
    judged = [gate for gate in gates if gate.judge == "evidence"]
    numbers = [gate.measured for gate in judged if gate.measured is not None and gate.measured.value is not None]
    why = f"Evidence began anew with {since.cause}: what came before is not counted against what is served now."
    if any(number.window.since_at < since.at for number in numbers):
        return f"{why} The numbers reach back further; the states judge only what came since."
    return why if any(gate.open for gate in judged) else f"{why} States are given once enough has come since."


def before_words(gates: GatesAnswer) -> str:
    """What was known when evidence began anew; "" where nothing had failed."""
    if not gates.failed_before or gates.since is None:
        return ""
    failed = plain("; ".join(gates.failed_before))
    return (f"Before {gates.since.cause} it was proven not to be met: {failed}. Evidence began anew then, so it may be "
            "met or fail again.")


ANEW = frozenset({"the rollback", "the resume", "the pause", "the change of plan"})
"""Causes after which a number may stand beside a state that does not know it yet."""


def how_to_read(here: Here, gates: GatesAnswer) -> str:
    """The quiet line over the criteria: marks, what they are about, and from when on what comes counts as proof."""
    parts = ["Numbers: everybody with it since the day beside them, 95% interval of one look · states: proven by what "
             "holds however often one looks, as Decisions has it · tint: meets target"]
    if gates.phase_name:
        parts.append(f"to leave {plain(gates.phase_name)}")
    if gates.since is not None:
        parts.append(f"proof counts since {gates.since.cause}, {here.when(gates.since.at)}"
                     + (", of adoption and retention also before" if gates.since.cause == PHASE_BEGAN else ""))
    return " · ".join(parts)


def checklist_link(here: Here, entry: RolloutEntry) -> None:
    """How far the checklist is, and the way to it."""
    found = here.ask("checklist", ChecklistRequest(entry.key))
    if found.total:
        st.page_link("control/procedure.py", label=f"Checklist: {how_far(found)}",
                     icon=":material/checklist:", query_params={"rollout": entry.key})


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
    if share.eligible is None and bootstrap.current().events_closed is not None:
        st.markdown(quiet("Nobody can be counted while the event store is closed. Who had it has it."))
        return
    audience_table(phases.audiences, phases.next_phase.percentage if phases.next_phase else None)


def audit_tail(here: Here, rollout: str) -> None:
    """The newest entries, and the way to the rest."""
    answer = here.ask("audit", AuditRequest(rollout, limit=6))
    if not answer.records:
        st.markdown(quiet("Nothing was changed yet."))
        return
    table(audit_rows(here, answer.records, of_one=True), "Newest entries of the audit trail")
    st.page_link("control/audit_trail.py", label=f"All {formats.number(answer.head.seq)} entries",
                 icon=":material/history:")
