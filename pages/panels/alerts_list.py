"""Alerts one acts on: what, the advice that follows from what was measured, since when, until when, and one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.panels import acting
from pages.panels.alert_standing import UNPROVEN, calm_words, due_words, level_badge, seen_words
from pages.panels.furniture import BUTTON_WIDTH, table
from pages.panels.page import Here, part
from rollout_core.charts import formats, words
from rollout_core.charts.words import plain, quiet, sentence
from rollout_core.health.alert import Alert, AlertState
from rollout_core.insight.alert_history import AlertHistoryRequest
from rollout_core.people.role import Role
from rollout_core.rollouts.plan import Severity

SNOOZES = {"for 1 hour": 1.0, "for 4 hours": 4.0, "for a day": 24.0, "for a week": 168.0}
"""What somebody chooses -> hours."""

STEPS = {"opened": "Opened", "reopened": "Opened again", "acknowledged": "Acknowledged", "snoozed": "Snoozed",
         "resolved": "Resolved", "raised": "Got worse", "calm": "Calmed down"}


RANK = {severity: place for place, severity in enumerate(Severity)}


def alerts_list(here: Here, alerts: Sequence[Alert], names: Mapping[str, str] | None = None) -> None:
    """The card of alerts, what is over last, the worst first; none is said in words. `names`: rollouts by key, where
    several are shown."""
    if not alerts:
        st.markdown(quiet("No open alert."))
        return
    with st.container(border=True, gap="medium"):      # on a phone more than stands between text and buttons of one
        for alert in sorted(alerts, key=lambda each: (each.holds(here.now) is False, RANK[each.severity])):
            level, text, ways = st.columns([1, 5.2, 2.9], vertical_alignment="center", gap="small")
            level.markdown(level_badge(alert.severity, alert.holds(here.now) is False))
            with text:
                st.markdown(_text(here, alert, names or {}))
                _history(here, alert)
            if here.may(Role.OPERATOR):
                with ways, st.container(horizontal=True, horizontal_alignment="right"):
                    _ways(here, alert)


def _text(here: Here, alert: Alert, names: Mapping[str, str]) -> str:
    """What it is, what was seen, what to do first, since when."""
    name = f"{plain(names[alert.rollout])}: " if alert.rollout in names else ""
    proven = "" if alert.proven else f" {words.badge('Not proven yet', 'gray', 'hourglass_top')}"
    title = alert.title.removeprefix(f"{names.get(alert.rollout, '')}: ")
    evidence = str(alert.facts.get("evidence", "")).removesuffix(UNPROVEN)
    seen = seen_words(here, evidence, alert.seen_at or alert.opened_at, alert.holds(here.now), alert.latest,
                      "when it was resolved" if alert.state is AlertState.RESOLVED else "now")
    advice = sentence(alert.advice[0]) if alert.advice else ""
    said = " ".join(part for part in (seen, advice) if part)
    return "  \n".join(filter(None, (f"**{name}{plain(title)}**{proven}", said, quiet(_when(here, alert)))))


def _when(here: Here, alert: Alert) -> str:
    over = alert.resolved_at if alert.state is AlertState.RESOLVED else None
    lasted = f"for {formats.span(over - alert.since_at)}" if over else formats.span(here.now - alert.since_at)
    since = f"since {here.when(alert.since_at)}, {lasted}"
    again = f", opened {alert.times_opened} times" if alert.times_opened > 1 else ""
    calm = "" if alert.state is AlertState.RESOLVED else calm_words(here, alert.calm_since_at)
    return " · ".join(filter(None, (f"{since}{again}", _state(here, alert), calm)))


def _state(here: Here, alert: Alert) -> str:
    if alert.state is AlertState.SNOOZED:
        return f"snoozed by {plain(alert.by or 'somebody')} until {here.when(alert.snoozed_until_at)}"
    if alert.state is AlertState.ACKNOWLEDGED:
        return f"acknowledged by {plain(alert.by or 'somebody')}"
    if alert.state is AlertState.RESOLVED:
        return f"resolved {here.when(alert.resolved_at)}"
    if alert.due_at is None or alert.calm_since_at is not None:
        return "no answer needed"
    return due_words(here, alert.due_at)


def _history(here: Here, alert: Alert) -> None:
    """Every step, newest first; asked for only once it is opened."""
    opened = st.expander("History", key=f"history-{alert.id}", type="compact", on_change="rerun")
    if not opened.open:
        return
    with opened, part():
        events = here.ask("alert_history", AlertHistoryRequest(alert.id)).events
        table([{"When": here.when(each.at), "What": f"**{STEPS.get(each.what, plain(each.what))}** by {plain(each.by)}"
                + (f"  \n{quiet(plain(each.note))}" if each.note else "")} for each in reversed(events)], "History")


def _ways(here: Here, alert: Alert) -> None:
    if alert.state is AlertState.RESOLVED:
        return
    if alert.state is AlertState.OPEN:
        st.button("Acknowledge", key=f"ack-{alert.id}", width=BUTTON_WIDTH, on_click=acting.act,
                  args=("acknowledge_alert", "Acknowledged."), kwargs={"alert": alert.id})
    with st.popover("Snooze…" if alert.state is not AlertState.SNOOZED else "Change…", width=BUTTON_WIDTH):
        how_long = st.selectbox("Quiet", list(SNOOZES), key=f"snooze-{alert.id}")
        why = st.text_input("Reason", key=f"why-{alert.id}", placeholder="Goes on record with your name")
        st.button("Snooze", key=f"snooze-go-{alert.id}", on_click=acting.act, args=("snooze_alert", "Snoozed."),
                  kwargs={"alert": alert.id, "hours": SNOOZES[how_long], "reason": why or None})
        st.button("Resolve", key=f"resolve-{alert.id}", on_click=acting.act, args=("resolve_alert", "Resolved."),
                  kwargs={"alert": alert.id, "reason": why or None})
