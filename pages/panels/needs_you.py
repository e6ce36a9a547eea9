"""What needs a person, worst first, each with one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.panels import acting
from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import plain, quiet, sentence
from rollout_core.insight.overview import Need
from rollout_core.people.role import Role

MOST = 5
"""More than a person takes in at a glance; the rest is one link away."""

BUTTON: Mapping[str, str] = {
    "roll_back": "Roll back…", "pause": "Pause…", "advance": "Review…", "start": "Review…", "resume": "Review…",
    "complete": "Review…", "acknowledge_alert": "Acknowledge",
}


def needs_you(here: Here, needs: Sequence[Need], labels: Mapping[str, str]) -> None:
    """The card; nothing to do is said in words. `labels` are the rollouts' names in addresses, by key."""
    if not needs:
        st.markdown(quiet("Nothing. No alert is open and nothing waits for a decision."))
        return
    with st.container(border=True, gap="xsmall"):
        for place, need in enumerate(needs[:MOST]):
            level, text, way = st.columns([1.1, 5.7, 1.3], vertical_alignment="center", gap="small")
            level.markdown(words.of(words.SEVERITY, need.severity).badge)
            what = need.title.removeprefix(f"{need.rollout_name}: ")
            text.markdown(f"**{plain(need.rollout_name)}: {plain(what)}**  \n{quiet(_detail(here, need))}")
            with way:
                _button(here, need, labels.get(need.rollout, need.rollout), place)
    if len(needs) > MOST:
        st.page_link("control/alerts.py", label=f"{len(needs) - MOST} more in Alerts", icon=":material/notifications:")


def _detail(here: Here, need: Need) -> str:
    if need.due_at is None:
        return sentence(need.detail)
    left = need.due_at - here.now
    due = f"Due {here.when(need.due_at)}, " + (
        f"{formats.span(left)} left." if left.total_seconds() > 0 else f"overdue by {formats.span(left)}.")
    return f"{sentence(need.detail)} {due}"


def _button(here: Here, need: Need, label: str, place: int) -> None:
    if need.verb == "acknowledge_alert" and here.may(Role.OPERATOR):
        st.button("Acknowledge", key=f"need-{place}", width="stretch", on_click=acting.act,
                  args=("acknowledge_alert", "Acknowledged."), kwargs={"alert": need.alert})
        return
    urgent = place == 0 and need.verb in ("roll_back", "pause") and need.severity == "critical"
    if st.button(BUTTON.get(need.verb, "See…") if need.verb != "acknowledge_alert" else "See…", key=f"need-{place}",
                 width="stretch", type="primary" if urgent else "secondary"):
        page = "control/alerts.py" if need.verb == "acknowledge_alert" else "control/rollout.py"
        st.switch_page(page, query_params={"rollout": label})
