"""Pieces of the Adoption page: headline numbers, funnel, features."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.panels import evidence
from pages.panels.furniture import table
from rollout_core.charts import drawings, formats, palette, words
from rollout_core.charts.words import plain, quiet
from rollout_core.insight.adoption import AdoptionAnswer, FlagAdoption, FunnelStep
from rollout_core.metrics.measured import Measured


def headline(answer: AdoptionAnswer) -> None:
    """The numbers that sum it up, each with its interval and n."""
    days = answer.age_hours // 24
    cards = (("Adoption", f"used it within {days} days", answer.adoption),
             ("Comes back", "active again in the next 7 days", answer.stickiness),
             ("Several features", "use two or more", answer.cross_feature_use),
             ("Weekly growth", "uses against the week before", answer.usage_growth),
             ("Naive share", "users now ÷ enabled now", answer.naive))
    with st.grid(5, min_column_width=150, gap="xsmall"):
        for name, below, measured in cards:
            with st.container(border=True, gap="xsmall", height="stretch"):
                _card(name, below, measured)


def _card(name: str, below: str, measured: Measured) -> None:
    st.markdown(f"**{name}**  \n{quiet(below)}")
    if measured.value is None:
        st.markdown(f"{words.NO_DATA.badge}  \n{quiet(plain(measured.note or 'nobody is old enough yet'))}")
        return
    st.markdown(f"## {formats.in_unit(measured.value, measured.unit)}", anchors=False)
    st.markdown(quiet(f"{formats.interval(measured.low, measured.high, measured.unit)} "
                      f"{formats.counted(measured.n, measured.noun)}"))


def funnel(steps: Sequence[FunnelStep]) -> None:
    """Each step as a bar of the first one that was counted; a step that cannot be counted is hatched."""
    whole = next((step.n for step in steps if step.n), None)
    rows = []
    for step in steps:
        if step.n is None:
            bar, many = drawings.hatch(f"{step.name}: not counted", 320, 16), quiet("not counted, no register")
        else:
            share = step.n / whole if whole else 0.0
            bar = drawings.filling(share, share, f"{step.name}: {step.n:,}, {share:.0%} of the first step")
            many = f"**{step.n:,}**"
        kept = step.share_of_previous
        before = "" if kept is None else f"{formats.percent(kept)} of the step before"
        rows.append({"Step": f"**{plain(step.name)}**", "Share": bar, "Count": f"{many}  \n{quiet(before)}"})
    table(rows, "Adoption funnel")


def flags(found: Sequence[FlagAdoption]) -> None:
    """Adoption and stickiness per flag on one scale from 0 to 100%."""
    if not found:
        st.markdown(quiet("No flag has been used yet."))
        return
    table([{"Feature": f"**{plain(each.name)}**", "Adoption": _cell(each.name, each.adoption),
            "Comes back": evidence.number(each.stickiness)} for each in found], "Features")


def _cell(name: str, measured: Measured) -> str:
    if measured.value is None:
        return f"{words.NO_DATA.badge}  \n{quiet(plain(measured.note))}"
    if measured.low is None or measured.high is None:
        return evidence.number(measured)
    bar = drawings.interval_on((measured.low, measured.value, measured.high), (0.0, 1.0), palette.TREATMENT,
                               f"{name}: adoption {formats.percent(measured.value)}")
    return f"{bar}  \n{evidence.number(measured)}"
