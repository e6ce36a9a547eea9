"""Pieces of the Errors page: the rates in one table, and the groups with their triage."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.panels import acting, answers, evidence
from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.errors import RolloutError
from rollout_core.health.issue import Issue, IssuePriority
from rollout_core.insight.errors import ErrorGroup, ErrorsAnswer
from rollout_core.insight.issues import IssuesRequest
from rollout_core.people.role import Role

STATES = ("Unresolved", "Resolved", "Ignored", "All")


def headline(answer: ErrorsAnswer) -> list[dict[str, str]]:
    """Error rate, critical errors and error-free sessions by arm, with the change of the first."""
    word = evidence.verdict(answer.change, lower_is_better=True)
    change = evidence.change_cell("Error rate", answer.change, word, evidence.reach_of([answer.change]))
    return [
        _rate("Error rate", f"of {answer.basis}", evidence.both_arms(answer.treatment, answer.control),
              f"{word.badge}  \n{change}"),
        _rate("Critical errors", "of sessions", evidence.both_arms(answer.critical, answer.critical_control)),
        _rate("Error-free sessions", "of sessions", evidence.number(answer.error_free_sessions)),
    ]


def _rate(name: str, of: str, measured: str, change: str = quiet("not compared")) -> dict[str, str]:
    return {"Rate": f"**{name}**  \n{quiet(of)}", "Measured": measured, "Change": change}


def groups(here: Here, rollout: str, found: Sequence[ErrorGroup]) -> None:
    """Each group: what, how bad, since when, who was hit in which arm, and for operators what to do with it."""
    if not found:
        st.markdown(quiet("No error group."))
        return
    with st.container(border=True, gap="xsmall"):
        for group in found:
            text, ways = st.columns([5.5, 1.3], vertical_alignment="center", gap="small")
            text.markdown(_text(here, group))
            if here.may(Role.OPERATOR):
                with ways:
                    _ways(rollout, group)


def _text(here: Here, group: ErrorGroup) -> str:
    marks = [words.of(words.ISSUE, group.severity).badge]
    if group.regressed:
        marks.append(badge("Came back", "red", "replay"))
    if group.state != "unresolved":
        marks.append(badge(group.state.capitalize(), "gray", "done"))
    seen = (f"{formats.counted(group.occurrences, 'times')}, hit {formats.counted(group.subjects, 'people')} · "
            f"treatment {group.treatment:,}, control {group.control:,} · first {here.when(group.first_seen_at)}, "
            f"last {here.when(group.last_seen_at)}")
    return f"{' '.join(marks)} **{plain(group.title)}**  \n{quiet(plain(f'{group.category} · {seen}'))}"


def _ways(rollout: str, group: ErrorGroup) -> None:
    if group.state == "unresolved":
        with st.popover("Triage…", width="stretch"):
            why = st.text_input("Reason", key=f"why-{group.fingerprint}", placeholder="Goes on record with your name")
            for label, verb, said in (("Resolved", "resolve_issue", "Marked as resolved."),
                                      ("Ignore", "ignore_issue", "Ignored.")):
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
