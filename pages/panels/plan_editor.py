"""Editing a plan's document: mistakes with their line, what differs, what going over to it would mean, a new version.

Keeping a version changes nothing that is served: a rollout that has started keeps its own until an admin takes it over.
"""

from __future__ import annotations

from difflib import unified_diff

import streamlit as st

from pages.panels import acting, states, sure
from pages.panels.foresight import noun
from pages.panels.furniture import section, table
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import formats
from rollout_core.charts.words import plain, quiet
from rollout_core.control.draft_plan import EDITED, DraftedPlan
from rollout_core.control.migrate_plan import MigratePlan
from rollout_core.control.preview import Preview
from rollout_core.errors import Invalid, Problem
from rollout_core.insight.plan import PlanAnswer
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText

CHECKED = "plan-checked"
TALL = 520


def editing(here: Here, entry: RolloutEntry, answer: PlanAnswer) -> None:
    """The editor for admins, the text for everybody else."""
    section("What should change?", "A changed text becomes a new version · what is served stays as it is")
    if not here.may(Role.ADMIN):
        states.view_only(here, Role.ADMIN, "change the plan")
        st.code(stored_text(entry), language="yaml", wrap_lines=True)
        return
    if answer.newest > answer.plan.version:
        take_over(entry, answer.newest)
    editor(entry)


def stored_text(entry: RolloutEntry) -> str:
    """The newest document as it was written."""
    return str(bootstrap.current().plan_text(entry.key).text)


def editor(entry: RolloutEntry) -> None:
    """The document, a check, and what the check found."""
    room = bootstrap.current()
    stored = stored_text(entry)
    key = f"plan-text-{entry.key}"
    st.session_state.setdefault(key, stored)
    text = str(st.text_area("Plan document (YAML)", key=key, height=TALL))
    with st.container(horizontal=True):
        st.button("Check", key="plan-check", icon=":material/rule:", on_click=_check, args=(entry.key,))
        st.button("Put the stored text back", key="plan-reset", on_click=_reset, args=(key, stored),
                  disabled=text == stored)
        st.download_button("Download", text, f"{entry.key}.yaml", "application/yaml", key="plan-download",
                           icon=":material/download:", on_click="ignore")
    if st.session_state.get(CHECKED) != entry.key:
        return
    try:
        draft = room.drafted(acting.presser(), entry.key, text)
    except Invalid as error:
        _mistakes(error.message, error.problems)
        with st.expander("The text with its lines"):
            st.code(text, language="yaml", line_numbers=True, height=TALL)
        return
    if draft.unchanged:
        st.success(f"Sound, and the same as version {draft.newest}.", icon=":material/check_circle:")
        return
    _difference(stored, text, draft)
    _meaning(entry, draft)
    _keep(entry, text, draft)


def _check(rollout: str) -> None:
    st.session_state[CHECKED] = rollout


def _reset(key: str, stored: str) -> None:
    st.session_state[key] = stored
    st.session_state.pop(CHECKED, None)


def _mistakes(message: str, problems: tuple[Problem, ...]) -> None:
    """Every mistake at once, with its line and what would be right."""
    st.error(f"{plain(message)} Nothing was kept.", icon=":material/edit:")
    if problems:
        table([{"Line": f"**{each.line}**" if each.line else quiet("–"),
                "What is wrong": f"**{plain(each.where)}** {plain(each.what)}",
                "What would be right": plain(each.allowed) or quiet("–")} for each in problems], "Mistakes")


def _difference(stored: str, text: str, draft: DraftedPlan) -> None:
    section("What differs?", f"Lines that go (−) and come (+) · version {draft.newest} against this text")
    lines = unified_diff(stored.splitlines(), text.splitlines(), f"version {draft.newest}", f"version {draft.becomes}",
                         lineterm="", n=2)
    st.code("\n".join(lines), language="diff", wrap_lines=True)


def _meaning(entry: RolloutEntry, draft: DraftedPlan) -> None:
    section("What would it mean?", "Counted now, as if the rollout went over to it")
    if not draft.started:
        st.markdown("The rollout has not started: it takes this version over when it is kept. Nobody has it yet.")
    elif draft.migrating is None:
        st.markdown(f"Going over to it is not possible now: {plain(draft.refusal)}")
    else:
        st.markdown(moves(entry, draft.migrating))
    if not draft.noted:
        st.warning(f"Raise `version` to {draft.newest + 1} and say in `note` what changed: the trail and the list of "
                   "versions show it.", icon=":material/edit_note:")


def moves(entry: RolloutEntry, preview: Preview) -> str:
    """Who would gain and lose it by going over: never more of them than now."""
    if preview.gained is None or preview.lost is None or preview.have_then is None:
        return "Nobody could be counted in time; going over never lets more people in than have it now."
    who = noun(entry.unit)
    share = formats.bucket_percent(preview.to_percentage)
    return (f"**{preview.gained:,}** gain it, **{preview.lost:,}** lose it, **{preview.have_then:,}** {plain(who)} "
            f"have it then, at {share} planned. Going over never lets more people in than have it now.")


def _keep(entry: RolloutEntry, text: str, draft: DraftedPlan) -> None:
    words = (f"Version {draft.becomes} of **{plain(draft.plan.name)}** is kept beside the others. "
             + ("It changes nothing that is served: the rollout keeps its version until you take it over."
                if draft.started else "The rollout has not started and takes it over."))
    document = PlanText(text, EDITED)
    st.button(f"Keep as version {draft.becomes}…", key="plan-keep", icon=":material/save:", on_click=sure.ask,
              args=(sure.Sure(f"Keep version {draft.becomes}?", words, f"Keep version {draft.becomes}", "setup",
                              (("documents", (document,)),), f"Version {draft.becomes} is kept.", reason=None),))


def take_over(entry: RolloutEntry, newest: int) -> None:
    """The way from the version in use to a newer one that is kept already."""
    request = MigratePlan(entry.key, newest)
    preview = bootstrap.current().preview("migrate_plan", acting.presser(), request)
    if not preview.allowed and not preview.needs_reason:
        st.markdown(quiet(plain(preview.refusal)))
        return
    fields = (("rollout", entry.key), ("version", newest), ("revision", preview.revision))
    st.button(f"Go over to version {newest}…", key="plan-migrate", icon=":material/upgrade:", on_click=sure.ask,
              args=(sure.Sure(f"Go over to version {newest}?", moves(entry, preview), f"Go over to version {newest}",
                              "migrate_plan", fields, f"Version {newest} is in use.", reason=preview.needs_reason),))
