"""Pieces of the Adoption page: headline numbers, funnel, features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.panels import evidence
from pages.panels.files import numbers, within
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core.charts import drawings, formats, palette, words
from rollout_core.charts.words import plain, quiet
from rollout_core.insight.adoption import (
    AdoptionAnswer,
    AdoptionRequest,
    FlagAdoption,
    FunnelStep,
    PhaseAdoption,
)
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality

EVERY = "All features"


def narrow(here: Here, entry: RolloutEntry, window: str) -> tuple[AdoptionAnswer, str]:
    """The answer for all features, or for the one chosen: its funnel, its phases; and what to call that."""
    whole: AdoptionAnswer = here.ask("adoption", AdoptionRequest(entry.key, window), settled=True)
    keys = {EVERY: None, **{each.name: each.flag for each in whole.flags}}
    name = st.selectbox("Feature", list(keys), key="feature", bind="query-params", width=230)
    if keys.get(name) is None:
        return whole, ""
    return here.ask("adoption", AdoptionRequest(entry.key, window, flag=keys[name]), settled=True), name


def cards_of(answer: AdoptionAnswer) -> tuple[tuple[str, str, Measured], ...]:
    """What each card shows: its name, how to read it, the number."""
    days = answer.age_hours // 24
    return (("Adoption", f"used it within {days} days", answer.adoption),
            ("Comes back", "of adopters, again in 7 days", answer.stickiness),
            ("Daily of weekly", "users of a day ÷ of a week", answer.dau_wau),
            ("Time in it", "per adopter and day", answer.engagement),
            ("Several features", "of adopters, two or more", answer.cross_feature_use),
            ("Weekly growth", "uses against the week before", answer.usage_growth),
            ("Social features", f"used one within {days} days", answer.social_adoption),
            ("Naive share", "users now ÷ enabled now", answer.naive))


def headline(answer: AdoptionAnswer) -> None:
    """The numbers that sum it up, each with its interval and n."""
    with st.grid(4, min_column_width=165, gap="xsmall"):
        for name, below, measured in cards_of(answer):
            with st.container(border=True, gap="xsmall", height="stretch"):
                _card(name, below, measured)


def as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """The cards: a row each."""
    return [{"metric": name, "of": below, "unit": measured.unit, "value": measured.value, "low": measured.low,
             "high": measured.high, "n": measured.n, "counts": measured.noun, "note": measured.note,
             **within(measured.window)} for name, below, measured in cards_of(answer)]


def _card(name: str, below: str, measured: Measured) -> None:
    st.markdown(f"**{name}**  \n{quiet(below)}")
    if measured.value is None:
        st.markdown(f"{words.NO_DATA.badge}  \n{quiet(plain(measured.note or 'nobody is old enough yet'))}")
        return
    st.markdown(f"## {formats.in_unit(measured.value, measured.unit)}", anchors=False)
    st.markdown(quiet(f"{formats.interval(measured.low, measured.high, measured.unit)} "
                      f"{formats.counted(measured.n, measured.noun)}"))


def funnel(answer: AdoptionAnswer) -> None:
    """The steps. Once the share was reduced some who were shown it have not got it, and who has it now stands below."""
    _steps(answer.funnel)
    if all(step.key != "enabled" for step in answer.funnel) and answer.naive.n:
        st.markdown(quiet(f"{formats.counted(answer.naive.n, 'people')} have it now. That is no step here: the share "
                          "was reduced, so some who were shown it no longer have it."))


def _steps(steps: Sequence[FunnelStep]) -> None:
    """Each step as a bar of the first one that was counted; a step that cannot be counted is hatched."""
    whole = next((step.n for step in steps if step.n), None)
    rows = []
    for step in steps:
        if step.n is None:
            bar, many = drawings.hatch(f"{step.name}: not counted", 200, 16), quiet("not counted, no register")
        else:
            share = step.n / whole if whole else 0.0
            bar = drawings.filling(share, share, f"{step.name}: {step.n:,}, {share:.0%} of the first step", 200)
            many = f"**{step.n:,}**"
        kept = step.share_of_previous
        before = "" if kept is None else quiet(f"· {formats.percent(kept)}")
        rows.append({"Step": f"**{plain(step.name)}**", "Of the first step": bar, "People": f"{many} {before}"})
    table(rows, "Adoption funnel")


def funnel_as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """The steps: a row each."""
    return [{"step": step.name, "n": step.n, "share of the step before": step.share_of_previous,
             **within(answer.window)} for step in answer.funnel]


def phases(found: Sequence[PhaseAdoption]) -> None:
    """Adoption at the same age on one scale from 0 to 100%, and the funnel of each phase."""
    if not found:
        st.markdown(quiet("Nobody has been exposed yet."))
        return
    table([{"Phase": f"**{plain(each.name)}**  \n{quiet(formats.counted(each.exposed, 'people') + ' first exposed')}",
            "Adoption": _cell(each.name, each.adoption),
            "So far": f"{_of(each.tried, each.exposed, 'tried')}  \n"
                      f"{_of(each.used_again, each.tried, 'of them used again')}"}
           for each in found], "Adoption by phase of first exposure")


def _of(part: int, whole: int, did: str) -> str:
    """How many of whom; as a share where these are no fewer than adoption needs to say anything."""
    if whole < CATALOG["adoption_rate"].minimum_sample:
        return f"**{part:,}** of {whole:,} {did.removeprefix('of them ')}"
    return f"**{formats.percent(part / whole)}** {did} {quiet(f'· {part:,}')}"


def phases_as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """The phases: a row each."""
    return [{"phase": each.name, "exposed": each.exposed, "tried": each.tried, "used again": each.used_again,
             **numbers("adoption at age", each.adoption), **within(answer.window)} for each in answer.phases]


def days_as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """People and uses: a row a day."""
    return [{"day": each.day, "people": each.adopters, "uses": each.uses} for each in answer.days]


def flags_as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """The features: a row each."""
    return [{"feature": each.name, "flag": each.flag, **numbers("adoption", each.adoption),
             **numbers("comes back", each.stickiness), **within(answer.window)} for each in answer.flags]


def cohorts_as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """A row a week and age; none where nobody is old enough."""
    return [{"week": each.week, "people": each.exposed, "within weeks": place, "used it (share 0 to 1)": share}
            for each in answer.cohorts for place, share in enumerate(each.shares, 1) if share is not None]


def together_as_file(answer: AdoptionAnswer) -> list[dict[str, Any]]:
    """A row a pair of features."""
    size = range(len(answer.matrix_flags))
    return [{"feature": answer.matrix_flags[i], "also": answer.matrix_flags[j], "people": answer.matrix[i][j],
             "of": answer.matrix[i][i]} for i in size for j in size if i != j]


def flags(found: Sequence[FlagAdoption]) -> None:
    """Adoption and stickiness per flag on one scale from 0 to 100%."""
    if not found:
        st.markdown(quiet("No flag has been used yet."))
        return
    table([{"Feature": f"**{plain(each.name)}**", "Adoption": _cell(each.name, each.adoption),
            "Comes back": evidence.arm_cell(each.stickiness)} for each in found], "Features")


def _cell(name: str, measured: Measured) -> str:
    if measured.value is None:
        return f"{words.NO_DATA.badge}  \n{quiet(plain(measured.note))}"
    if measured.quality is Quality.FEW:
        many = formats.counted(measured.n, measured.noun)
        return f"{words.TOO_FEW.badge}  \n{quiet(f'{many}: too few to say anything yet')}"
    if measured.low is None or measured.high is None:
        return evidence.arm_cell(measured)
    bar = drawings.interval_on((measured.low, measured.value, measured.high), (0.0, 1.0), palette.TREATMENT,
                               f"{name}: adoption {formats.percent(measured.value)}")
    return f"{bar}  \n{evidence.arm_cell(measured)}"
