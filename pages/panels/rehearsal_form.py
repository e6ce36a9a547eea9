"""What to rehearse: the period, how often it looks, under which rules; and the button that begins it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from pages.panels import acting, states
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.bootstrap.rehearsing import RehearsalRequest, begin_rehearsal
from rollout_core.charts.words import quiet
from rollout_core.errors import InvalidRequest, RolloutError
from rollout_core.insight.plan import PlanRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import StatusRequest
from rollout_core.ports.control_records import PlanText
from rollout_core.simulation.rehearsed import looks

EVERY: Mapping[str, timedelta] = {
    "5 minutes": timedelta(minutes=5), "15 minutes": timedelta(minutes=15), "Hour": timedelta(hours=1),
    "6 hours": timedelta(hours=6), "Day": timedelta(days=1),
}
IN_FORCE, VARIANT = "The plan in force", "A variant, in YAML"
LONGEST_BY_DEFAULT = timedelta(days=7)
"""A look costs up to a second: a week of hours is minutes, the whole rollout may be a quarter of an hour."""
CURRENT, REFUSED = "rehearsal", "rehearsal-refused"
"""Query parameter that names the rehearsal to show; session key of what stood against beginning one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says. `until` None: now; `plan` None: the plan in force."""

    rollout: str
    since_at: datetime
    until_at: datetime | None
    every: timedelta
    plan: PlanText | None


def period(here: Here, entry: RolloutEntry) -> tuple[datetime, datetime | None]:
    """First and last day, in the viewer's zone; today as the last one means until now."""
    today = here.now.astimezone(here.zone).date()
    since = st.date_input("From", value=_first_day(here, entry), max_value=today, key="since", bind="query-params",
                          format="YYYY-MM-DD", width=150)
    until = st.date_input("To", value=today, max_value=today, key="until", bind="query-params",
                          format="YYYY-MM-DD", width=150)
    first, last = since or today, until or today
    return _midnight(here, first), None if last >= today else _midnight(here, last + timedelta(days=1))


def _first_day(here: Here, entry: RolloutEntry) -> date:
    started = here.ask("status", StatusRequest(entry.key), settled=True).started_at
    first = here.now - LONGEST_BY_DEFAULT
    return max(first, started or first).astimezone(here.zone).date()


def _midnight(here: Here, day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=here.zone).astimezone(UTC)


def rules(here: Here, entry: RolloutEntry) -> str:
    """The plan in force, another version of it, or a variant to be written."""
    answer = here.ask("plan", PlanRequest(rollout=entry.key), settled=True)
    others = [f"Version {version}" for version in answer.versions if version != answer.plan.version]
    return st.selectbox("Rules", [IN_FORCE, *others, VARIANT], key="rules", bind="query-params", width=200)


def variant(here: Here, entry: RolloutEntry, chosen: str) -> PlanText | None:
    """The plan's text, or None for the one in force. A variant begins as a copy of the present plan."""
    if chosen == IN_FORCE:
        return None
    if chosen != VARIANT:
        return stored_plan(entry, int(chosen.removeprefix("Version ")))
    key = f"variant-{entry.key}"
    st.session_state.setdefault(key, bootstrap.current().plan_text(entry.key).text)
    text = st.text_area("The variant's plan", key=key, height=340, help="Keep its phases; change rules, criteria, "
                        "limits. Mistakes are named with their line before anything begins.")
    return PlanText(text, "variant.yaml")


def stored_plan(entry: RolloutEntry, version: int) -> PlanText:
    """The document of another version of the rollout's plan. Raises PlanNotFound."""
    with bootstrap.current().room.control.read() as unit:
        found: PlanText = unit.plans.document(unit.rollouts.get(entry.key).plan, version)
    return found


def begin_button(here: Here, asked: Asked) -> None:
    """Begins it in the background; what cannot be rehearsed is said here, before anything begins."""
    began_at = here.ask("status", StatusRequest(asked.rollout), settled=True).started_at
    count = looks(asked.since_at, asked.until_at or here.now, asked.every, began_at)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Rehearse", type="primary", icon=":material/play_arrow:", key="rehearse", on_click=_begin,
                  args=(asked,))
        often = "once" if count == 1 else f"{count:,} times"
        st.markdown(quiet(f"It looks {often}. You may leave this page meanwhile."))
    refused: RolloutError | None = st.session_state.pop(REFUSED, None)
    if refused is not None:
        states.error(refused)


def _begin(asked: Asked) -> None:
    request = RehearsalRequest(asked.since_at, asked.rollout, asked.until_at, asked.every.total_seconds(), asked.plan)
    try:
        if asked.until_at is not None and asked.until_at <= asked.since_at:
            raise InvalidRequest("The last day lies before the first.", mend="Swap the two.")
        begun = begin_rehearsal(bootstrap.current(), acting.presser(), request)
    except RolloutError as error:
        st.session_state[REFUSED] = error
    else:
        st.query_params[CURRENT] = begun.id
