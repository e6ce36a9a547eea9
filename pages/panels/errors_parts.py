"""Pieces of the Errors page: the rates in one table, and the groups with their triage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.panels import acting, answers, evidence
from pages.panels.files import changed, numbers, within
from pages.panels.furniture import BUTTON_WIDTH
from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.control import VERBS
from rollout_core.errors import RolloutError
from rollout_core.health.issue import Issue, IssuePriority
from rollout_core.insight.errors import CategoryRate, ErrorGroup, ErrorsAnswer
from rollout_core.insight.issues import IssuesRequest
from rollout_core.metrics.measured import Measured
from rollout_core.people.role import Role

STATES = ("Unresolved", "Resolved", "Ignored", "All")


def headline(answer: ErrorsAnswer) -> list[dict[str, str]]:
    """Error rate, critical errors and error-free sessions by arm, with their changes on one scale."""
    reach = evidence.reach_of([answer.change, answer.critical_change])
    return [
        _rate("Error rate", f"of {answer.basis}", answer.treatment, answer.control, _change(answer.change, reach)),
        _rate("Critical errors", "of sessions", answer.critical, answer.critical_control,
              _change(answer.critical_change, reach)),
        {"Rate": f"**Error-free sessions**  \n{quiet('of sessions')}",
         "Measured, everybody": evidence.number(answer.error_free_sessions), "Compared like with like": ""},
    ]


def unnamed(answer: ErrorsAnswer) -> None:
    """Why shares of sessions are not known, and what to send; nothing where errors name their session."""
    if answer.unnamed:
        sent = formats.counted(answer.unnamed, "errors")
        st.markdown(quiet(f"{sent} came without the session they happened in, so how many sessions had one is not "
                          "known. Send each error with the `session` that its session event has."))


def _rate(name: str, of: str, treatment: Measured, control: Measured, change: str) -> dict[str, str]:
    return {"Rate": f"**{name}**  \n{quiet(of)}", "Measured, everybody": evidence.both_arms(treatment, control),
            "Compared like with like": change}


def _change(change: Measured, reach: float) -> str:
    """The word and the bar; why not, where they cannot be compared."""
    if change.value is None:
        word = words.NOT_COMPARED if change.note else words.NO_DATA
        return f"{word.badge}  \n{quiet(plain(change.note))}"
    word = evidence.verdict(change, lower_is_better=True)
    return f"{word.badge}  \n{evidence.change_cell(change.metric, change, word, reach)}"


def kinds(found: Sequence[CategoryRate]) -> list[dict[str, str]]:
    """Each category in both arms with its change, all on one scale."""
    reach = evidence.reach_of([each.change for each in found])
    return [{"Category": f"**{plain(each.category)}**",
             "Measured, everybody": evidence.both_arms(each.treatment, each.control),
             "Compared like with like": _change(each.change, reach)} for each in found]


def rates_as_file(answer: ErrorsAnswer) -> list[dict[str, Any]]:
    """The rates and the categories: a row each."""
    known = [("error rate", answer.treatment, answer.control, answer.change),
             ("critical errors", answer.critical, answer.critical_control, answer.critical_change),
             *((f"sessions with a {each.category} error", each.treatment, each.control, each.change)
               for each in answer.categories)]
    return [{"rate": name, **numbers("treatment", treatment), **numbers("control", control),
             **changed("change", change), **within(answer.window)} for name, treatment, control, change in known]


def groups_as_file(answer: ErrorsAnswer) -> list[dict[str, Any]]:
    """The groups: a row each."""
    return [{"error": each.title, "category": each.category, "severity": each.severity, "state": each.state,
             "came back": each.regressed, "times": each.occurrences, "people": each.subjects,
             "in treatment": each.treatment, "in control": each.control, "first seen": each.first_seen_at,
             "last seen": each.last_seen_at, "first seen after": each.after.label if each.after else None,
             "that change": each.after.at if each.after else None, "newest release": each.release,
             "fingerprint": each.fingerprint, **within(answer.window)} for each in answer.groups]


def groups(here: Here, rollout: str, found: Sequence[ErrorGroup]) -> None:
    """Each group: what, how bad, since when, who was hit in which arm, and for operators what to do with it."""
    if not found:
        st.markdown(quiet("No error group."))
        return
    with st.container(border=True, gap="xsmall"):
        for group in found:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown(_text(here, group))
                if here.may(Role.OPERATOR):
                    _ways(here, rollout, group)


def _text(here: Here, group: ErrorGroup) -> str:
    marks = [words.of(words.ISSUE, group.severity).badge]
    if group.regressed:
        marks.append(badge("Came back", "red", "replay"))
    if group.state != "unresolved":
        marks.append(badge(group.state.capitalize(), "gray", "done"))
    hit = (f"{group.category} · {formats.counted(group.occurrences, 'times')}, hit "
           f"{formats.counted(group.subjects, 'people')} · treatment {group.treatment:,}, control {group.control:,}")
    seen = f"first seen {here.when(group.first_seen_at)}, {_after(group)}, last {here.when(group.last_seen_at)}"
    return f"{' '.join(marks)} **{plain(group.title)}**  \n{quiet(plain(hit))}  \n{quiet(plain(seen))}"


def _after(group: ErrorGroup) -> str:
    """Which change of the rollout came last before it: where to look for the cause."""
    if group.after is None:
        return "before the rollout began"
    return f"{formats.span(group.first_seen_at - group.after.at)} after {group.after.label}"


def _ways(here: Here, rollout: str, group: ErrorGroup) -> None:
    """What stands behind the button is sent once it is opened: many groups would be most of the page otherwise."""
    if group.state == "unresolved":
        ways = st.popover("Triage…", width=BUTTON_WIDTH, key=f"triage-{group.fingerprint}", on_change="rerun")
        if not ways.open:
            return
        with ways:
            why = st.text_input("Reason", key=f"why-{group.fingerprint}", placeholder="Goes on record with your name")
            for label, verb, said in (("Resolved", "resolve_issue", "Marked as resolved."),
                                      ("Ignore", "ignore_issue", "Ignored.")):
                if here.may(VERBS[verb].role):
                    st.button(label, key=f"{verb}-{group.fingerprint}", on_click=_settle,
                              args=(rollout, group, verb, why, said))


def _settle(rollout: str, group: ErrorGroup, verb: str, why: str, said: str) -> None:
    """An error group becomes an issue at its first triage; then the issue is settled."""
    try:
        known = answers.ask("issues", IssuesRequest(rollout, "all")).issues
        issue = next((each.id for each in known if each.source == group.fingerprint), None)
        if issue is None:
            opened = acting.perform("open_issue", {"rollout": rollout, "title": group.title, "kind": "error_group",
                                                   "priority": IssuePriority(group.severity),
                                                   "source": group.fingerprint})
            made = opened.result.get("issue")
            issue = made.id if isinstance(made, Issue) else None
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error
        return
    acting.act(verb, said, issue=issue, reason=why or None)
