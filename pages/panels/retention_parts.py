"""Pieces of the settings page: how long raw events are kept, and what a shorter time would delete."""

from __future__ import annotations

import streamlit as st

from pages.panels import sure
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core.charts.words import plain, quiet
from rollout_core.insight.retention import KeptLine, RetentionRequest
from rollout_core.metrics.event import Kind

SAID = {"api_request": "API request events", "text": "Comments and error texts",
        "dead_letter": "Refused events", "subject_day": "Single subjects, by day"}


def retention(here: Here) -> None:
    """Every kind with its time; changing one shows first what would go."""
    found = here.ask("retention", RetentionRequest(), settled=True).kinds
    names = {name(line.kind): line for line in found}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = names[st.selectbox("What", list(names), key="retention-kind", width=260)]
        days = int(st.number_input("Keep for days", chosen.least, chosen.most, chosen.days, width=150,
                                   key=f"retention-days-{chosen.kind}"))
        st.button("Change…", key="retention-change", disabled=days == chosen.days, on_click=sure.ask,
                  args=(_sure(here, chosen, days),))
    if days == chosen.days:
        st.markdown(quiet(f"Between {chosen.least:,} and {chosen.most:,} days; {chosen.default:,} unless somebody "
                          "chooses otherwise."))
    else:
        st.markdown(_consequence(here, chosen, days))
    table([{"What": f"**{plain(name(line.kind))}**", "Kept": _kept(line), "There are": _there(here, line)}
           for line in found], "How long raw events are kept")


def name(kind: str) -> str:
    """A kind in words."""
    return SAID.get(kind, f"{kind.replace('_', ' ').capitalize()} events")


def _kept(line: KeptLine) -> str:
    chosen = "" if line.days == line.default else f"  \n{quiet(f'default {line.default:,}')}"
    return f"{line.days:,} days{chosen}"


def _there(here: Here, line: KeptLine) -> str:
    if not line.rows:
        return quiet("none")
    goes = f" · {line.goes:,} go next" if line.goes else ""
    return f"{line.rows:,}  \n{quiet(f'oldest {here.day(line.oldest_at)}{goes}')}"


def _consequence(here: Here, chosen: KeptLine, days: int) -> str:
    found = here.ask("retention", RetentionRequest(chosen.kind, days), settled=True).kinds
    goes = next(line.goes for line in found if line.kind == chosen.kind)
    what = plain(name(chosen.kind))
    if not goes:
        return f"**{what}: {days:,} days.** Nothing that is there now is old enough to go."
    verb = "lose their text" if chosen.kind == "text" else "are deleted"
    first = " They are exported to Parquet first." if chosen.kind in set(Kind) else ""
    return (f"**{what}: {days:,} days.** {goes:,} of {chosen.rows:,} {verb} at the next pass, after 03:00 UTC.{first} "
            "Charts and verdicts of the past stay.")


def _sure(here: Here, chosen: KeptLine, days: int) -> sure.Sure:
    return sure.Sure("Keep it for another time?", _consequence(here, chosen, days), f"Keep {days:,} days",
                     "set_retention", (("kind", chosen.kind), ("days", days)), "Changed.", reason=days < chosen.days)
