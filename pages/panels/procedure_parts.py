"""Pieces of the checklist page: items to tick, rollback procedures, contacts, guides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from pages.panels import acting
from pages.panels.furniture import section, table
from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.checklist import ChecklistAnswer, ChecklistLine
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role
from rollout_core.rollouts.plan import ChecklistItem, Plan

STATE = {"missing": Word("Missing", "gray", "radio_button_unchecked"), "ticked": Word("Done", "green", "check_circle"),
         "waived": words.WAIVED}


def how_far(answer: ChecklistAnswer) -> str:
    """"12 of 12 settled: 4 done, 8 waived"; a waived item was let go, not done."""
    waived = sum(line.state == "waived" for line in answer.items)
    if not waived:
        return f"{answer.done} of {answer.total} done"
    return f"{answer.done} of {answer.total} settled: {answer.done - waived} done, {waived} waived"


def checklist(here: Here, entry: RolloutEntry, answer: ChecklistAnswer) -> None:
    """Items by group; operators tick, admins waive with a reason."""
    for group, lines in groupby(answer.items, key=lambda line: line.group):
        section(plain(group))
        with st.container(gap="xsmall"):
            for line in lines:
                _item(here, entry, line)
    if here.may(Role.ADMIN) and not answer.complete:
        with st.popover("Waive what is missing…", icon=":material/do_not_disturb_on:"):
            why = st.text_input("Reason", key="waive-why", placeholder="Goes on record with your name")
            st.button("Waive", key="waive-go", on_click=acting.act, args=("waive_checklist", "Waived."),
                      kwargs={"rollout": entry.key, "item": None, "reason": why or None})


def _item(here: Here, entry: RolloutEntry, line: ChecklistLine) -> None:
    said = plain(line.text)
    if line.by:
        reason = f", {plain(line.reason)}" if line.reason else ""
        said += f" {quiet(f'{plain(line.by)}, {here.when(line.at)}{reason}')}"
    if here.may(Role.OPERATOR) and line.state != "waived":
        key = f"tick-{entry.key}-{line.key}"
        st.checkbox(said, value=line.state == "ticked", key=key, on_change=_tick, args=(entry.key, line.key, key))
    else:
        st.markdown(f"{STATE.get(line.state, STATE['missing']).badge} {said}")


def _tick(rollout: str, item: str, key: str) -> None:
    done = bool(st.session_state[key])
    acting.act("tick_checklist", "Ticked." if done else "Tick taken back.", rollout=rollout, item=item, done=done)


def rollbacks(plan: Plan) -> None:
    """Immediate, gradual, full: when, what, by when."""
    if plan.rollbacks:
        table([{"Kind": f"**{plain(each.kind.capitalize())}**  \n{quiet(f'within {formats.span(each.due)}')}",
                "When": plain(each.trigger), "What": plain(each.action)} for each in plan.rollbacks],
              "Rollback procedures")


def items(found: Sequence[ChecklistItem]) -> None:
    """Plain lists by group."""
    for group, lines in groupby(found, key=lambda item: item.group):
        st.markdown(f"**{plain(group)}**\n" + "\n".join(f"- {plain(line.text)}" for line in lines))
    if not found:
        st.markdown(quiet("The plan lists no steps."))


def contacts(plan: Plan) -> None:
    """Names and addresses as the plan has them; an address nobody has filled in is said to be missing."""
    rows = [{"Role": f"**{plain(each.role)}**",
             "Whom": " ".join(plain(part) for part in (each.name, each.address) if part)
             or quiet("nobody named: add a name to the plan")} for each in plan.contacts]
    rows += [{"Role": f"**{plain(each.name)}**", "Whom": plain(each.text)} for each in plan.channels]
    if rows:
        table(rows, "Contacts")
    else:
        st.markdown(quiet("The plan names nobody."))


def guides(plan: Plan) -> None:
    """Troubleshooting, step by step."""
    for guide in plan.guides:
        with st.expander(plain(guide.name)):
            st.markdown("\n".join(f"1. {plain(step)}" for step in guide.steps))
    if not plan.guides:
        st.markdown(quiet("The plan has no guide."))
