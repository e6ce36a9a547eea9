"""Trying a subject: an id and attributes as an application would send them, and what it would get, with reasons."""

from __future__ import annotations

import msgspec
import streamlit as st

from pages.panels import subjects_parts
from pages.panels.furniture import section
from pages.panels.page import Here
from rollout_core.charts.words import quiet
from rollout_core.errors import InvalidRequest, Problem
from rollout_core.insight.explain import ExplainRequest
from rollout_core.insight.plan import PlanAnswer
from rollout_core.insight.rollouts import RolloutEntry

Value = str | int | float | bool | tuple[str, ...]


def trying(here: Here, entry: RolloutEntry, answer: PlanAnswer) -> None:
    """Two fields and the decision of every flag. Nothing is stored, nobody is exposed by looking."""
    section("What would one get?", "The decision of every flag with its reasons · nothing is stored")
    with st.container(horizontal=True, vertical_alignment="top"):
        subject = st.text_input(f"Id of one {entry.unit}", key="try-subject", bind="query-params", width=260).strip()
        given = st.text_area("Attributes, one a line", key="try-attributes", height=96, width=360,
                             placeholder="country = DE\nsegments = beta_tester, power_user")
    if not subject:
        st.markdown(quiet("Any id, known to the register or not. What the register owns cannot be overruled by what is "
                          "written here, as for a real application."))
        return
    request = ExplainRequest(subject, entry.key, attributes=attributes_of(given or ""))
    subjects_parts.explanation(here.ask("explain", request))


def attributes_of(text: str) -> dict[str, Value]:
    """Lines `name = value`: true, false and numbers as such, a comma makes a list, the rest is text.

    Raises InvalidRequest naming every line without a name or a value.
    """
    lines = [(number, line.partition("=")) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    wrong = tuple(Problem(f"line {number}", f"{''.join(parts)!r} cannot be read", "name = value")
                  for number, parts in lines if not (parts[0].strip() and parts[2].strip()))
    if wrong:
        raise InvalidRequest("Attributes that cannot be read.", wrong)
    return {name.strip(): _value(value.strip()) for _, (name, _, value) in lines}


def _value(text: str) -> Value:
    if "," in text:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return found if isinstance(found, bool | int | float) else text
