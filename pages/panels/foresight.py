"""What a change would do, before it is made: from and to, who gains and loses, what stands unproven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.panels import acting
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core import bootstrap
from rollout_core.charts import formats, words
from rollout_core.charts.words import plain, quiet
from rollout_core.control.preview import Preview
from rollout_core.insight.plan import PlanRequest
from rollout_core.rollouts.gates import Gate

NOUNS = {"user": "people", "workspace": "workspaces"}


def noun(unit: str) -> str:
    """What a unit is called when counted."""
    return NOUNS.get(unit, f"{unit}s")


def foresee(here: Here, verb: str, fields: dict[str, Any]) -> Preview:
    """The preview, by the same code that would make the change. Raises RolloutError."""
    return bootstrap.current().preview(verb, here.actor, acting.request_of(verb, fields))


def show(here: Here, name: str, unit: str, preview: Preview) -> None:
    """The change in a sentence, three counts, and the evidence at this moment."""
    st.markdown(sentence(name, unit, preview, phase_names(here, preview.rollout)))
    with st.container(horizontal=True, gap="medium"):
        counts = (("Gain it", preview.gained), ("Lose it", preview.lost), ("Have it then", preview.have_then))
        for label, count in counts:
            st.metric(label, "not counted" if count is None else formats.number(count), width="content")
    if preview.gates:
        table(evidence_rows(preview.gates), "Evidence at this moment")
    if preview.detects:
        st.info(plain(" ".join(preview.detects)), icon=":material/query_stats:")
    if not preview.allowed:
        st.error(plain(preview.refusal), icon=":material/block:")


def sentence(name: str, unit: str, preview: Preview, names: Mapping[str, str]) -> str:
    """"Exercise library goes from **20%** (New users) to **50%** (Half) of eligible people."""
    def side(percentage: int, phase: str | None) -> str:
        return f"**{formats.bucket_percent(percentage)}**" + (f" ({plain(names.get(phase, phase))})" if phase else "")
    if preview.from_percentage == preview.to_percentage and preview.from_phase == preview.to_phase:
        return f"{plain(name)} stays at {side(preview.to_percentage, preview.to_phase)} of eligible {noun(unit)}."
    return (f"{plain(name)} goes from {side(preview.from_percentage, preview.from_phase)} to "
            f"{side(preview.to_percentage, preview.to_phase)} of eligible {noun(unit)}.")


def phase_names(here: Here, rollout: str) -> Mapping[str, str]:
    """Phase key -> name, from the control store."""
    return {phase.key: phase.name for phase in here.ask("plan", PlanRequest(rollout)).plan.phases}


def evidence_rows(gates: Sequence[Gate]) -> list[dict[str, str]]:
    """One sum of what is proven or signed, then every other gate in full: what is unproven is never summed up."""
    good = Counter(str(gate.state) for gate in gates if gate.open)
    rows = [{"Evidence": words.of(words.CRITERION, state).badge,
             "At this moment": f"{count} of {formats.counted(len(gates), 'gates')}"} for state, count in good.items()]
    rows += [{"Evidence": words.of(words.CRITERION, gate.state).badge,
              "At this moment": f"**{plain(gate.name)}** {plain(gate.measured)}  \n{quiet(plain(gate.needed))}"}
             for gate in gates if not gate.open]
    return rows
