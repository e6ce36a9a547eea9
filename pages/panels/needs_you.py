"""What needs a person, worst first: what it is, since when it waits, the way to it, and who says "I have it"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.panels import acting
from pages.panels.alert_standing import calm_words, due_words, level_badge, seen_words
from pages.panels.confirm import ask_for
from pages.panels.furniture import BUTTON_WIDTH
from pages.panels.page import Here
from pages.panels.phase_controls import asked
from rollout_core.charts.words import plain, quiet, sentence
from rollout_core.insight.overview import Need
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role

MOST = 5
"""More than a person takes in at a glance; the rest is one link away."""

ROLLOUT = "control/rollout.py"
WAYS: Mapping[str, tuple[str, str]] = {
    "advance": ("Review", ROLLOUT), "data": ("See sources", "insight/getting_started.py"),
    "errors": ("See errors", "insight/errors.py"), "issues": ("See errors", "insight/errors.py"),
    "performance": ("See speed", "insight/speed.py"), "adoption": ("See adoption", "insight/adoption.py"),
    "share": ("See who has it", "control/subjects.py"), "start": ("See checklist", "control/procedure.py"),
}
"""What a need is about -> the button that leads there, and the page."""


def needs_you(here: Here, needs: Sequence[Need], known: Mapping[str, RolloutEntry]) -> None:
    """The card; nothing to do is said in words. `known` are the rollouts by their name in addresses."""
    if not needs:
        st.markdown(quiet("Nothing. No alert is open and nothing waits for a decision."))
        return
    labels = {entry.key: label for label, entry in known.items()}
    with st.container(border=True, gap="medium"):      # on a phone more than stands between text and buttons of one
        for place, need in enumerate(needs[:MOST]):
            level, text, ways = st.columns([1.1, 5.2, 2.9], vertical_alignment="center", gap="small")
            level.markdown(level_badge(need.severity, need.holds is False))
            named = need.title.startswith(need.rollout_name)
            title = need.title if named else f"{need.rollout_name}: {need.title}"
            text.markdown(f"**{plain(title)}**  \n{quiet(_detail(here, need))}")
            with ways, st.container(horizontal=True, horizontal_alignment="right"):
                _acknowledge(here, need, place)
                _way(here, need, known, labels.get(need.rollout, need.rollout), place)
    if len(needs) > MOST:
        st.page_link("control/alerts.py", label=f"{len(needs) - MOST} more in Alerts", icon=":material/notifications:")


def _detail(here: Here, need: Need) -> str:
    """What was seen, whether it is still so, since when, and until when somebody has to answer."""
    seen = seen_words(here, need.detail, need.seen_at, need.holds, need.latest)
    since = f"Since {here.when(need.since_at)}." if need.since_at and need.calm_since_at is None else ""
    waits = due_words(here, need.due_at) if need.due_at else calm_words(here, need.calm_since_at)
    return " ".join(part for part in (seen, since, sentence(waits)) if part)


def _acknowledge(here: Here, need: Need, place: int) -> None:
    if need.alert and here.may(Role.OPERATOR):
        st.button("Acknowledge", key=f"need-ack-{place}", on_click=acting.act, kwargs={"alert": need.alert},
                  args=("acknowledge_alert", "Acknowledged."), width=BUTTON_WIDTH,
                  help="Says that you have it in hand, and takes it off this list.")


def _way(here: Here, need: Need, known: Mapping[str, RolloutEntry], label: str, place: int) -> None:
    """Where it is answered: the rollback's dialog for harm, else the page that shows it."""
    back = need.verb == "roll_back" and label in known and here.may(Role.OPERATOR)
    said, page = ("Roll back…", ROLLOUT) if back else WAYS.get(need.topic, ("Review", ROLLOUT))
    kind = "primary" if back and place == 0 and need.holds else "secondary"
    if st.button(said, key=f"need-{place}", width=BUTTON_WIDTH, type=kind):
        if back:
            ask_for(asked(known[label], "roll_back", kind="immediate"))
        st.switch_page(page, query_params={"rollout": label})
