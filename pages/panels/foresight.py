"""What a change would do, before it is made: from and to, who gains and loses, what stands unproven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from pages.panels import acting, raising
from pages.panels.evidence import says_target
from pages.panels.furniture import table
from pages.panels.page import Here, part
from pages.panels.wording import MEANS, WAYS_OUT
from rollout_core import bootstrap
from rollout_core.analysis.verdict import Status
from rollout_core.charts import formats, words
from rollout_core.charts.words import plain, quiet
from rollout_core.control.preview import Preview
from rollout_core.insight.plan import PlanRequest
from rollout_core.insight.verdicts import VerdictsRequest
from rollout_core.rollouts.gates import Gate
from rollout_core.rollouts.phase import Phase

NEARLY = 0.01
"""A real share this close to the planned one needs no words."""
NOUNS = {"user": "people", "workspace": "workspaces"}


def noun(unit: str) -> str:
    """What a unit is called when counted."""
    return NOUNS.get(unit, f"{unit}s")


def foresee(here: Here, verb: str, fields: dict[str, Any]) -> Preview:
    """The preview, by the same code that would make the change. Raises RolloutError."""
    return bootstrap.current().preview(verb, here.actor, acting.request_of(verb, fields))


def show(here: Here, named: tuple[str, str], preview: Preview) -> None:
    """The change in a sentence, three counts, what it does besides, the evidence, and what would be noticed. `named`
    are the rollout's name and unit. What the rollout cannot do at all has no consequences to show: it says why."""
    if not preview.allowed and not preview.changes:
        st.error(plain(preview.refusal), icon=":material/block:")
        return
    st.markdown(sentence(named, preview, phase_names(here, preview.rollout)))
    with st.container(horizontal=True, gap="medium"):
        counts = (("Gain it", preview.gained), ("Lose it", preview.lost), ("Have it then", preview.have_then))
        for label, count in counts:
            st.metric(label, "not counted" if count is None else formats.number(count), width="content")
    said = whom(named[1], preview)
    if said:
        st.markdown(said)
    with part():
        raising.open_alerts(here, preview)
    st.markdown(quiet(" ".join(filter(None, (MEANS[preview.verb], raising.way_back(preview))))))
    if preview.gates:
        evidence(here, preview)
    elif preview.verb in WAYS_OUT:
        with part():
            harm_now(here, preview)
    with part():
        raising.known_of_next(here, preview)
    if preview.detects:
        st.markdown("\n\n".join(["**What would be noticed, and how soon?**", *map(listed, preview.detects)]))
    if not preview.allowed:
        st.error(plain(preview.refusal), icon=":material/block:")


def evidence(here: Here, preview: Preview) -> None:
    """The gates, phase by phase: whose proof they are stands over them, since it need not be the present phase's."""
    phases = {phase.key: phase for phase in here.ask("plan", PlanRequest(preview.rollout)).plan.phases}
    for key, gates in groupby(preview.gates, lambda gate: gate.phase):
        phase = phases.get(key or "")
        if phase is not None:
            st.markdown(quiet(whose(phase, preview)))
        table(evidence_rows(tuple(gates)), "Evidence at this moment")


def whose(phase: Phase, preview: Preview) -> str:
    """ "Criteria of New users (20%), which must be proven before more than 20% are served"."""
    share = formats.bucket_percent(phase.percentage)
    left = "" if phase.name == preview.from_phase else (
        ", judged by the time in which it was served: what it proved lets the phases after it be served")
    return f"Criteria of {plain(phase.name)} ({share}), to be proven before more than {share} are served{left}"


def harm_now(here: Here, preview: Preview) -> None:
    """What is proven worse now, before a way out; a way out needs no proof."""
    found = here.ask("verdicts", VerdictsRequest(preview.rollout), settled=True).guardrails
    worse = [each for each in found if each.verdict.status is Status.WORSE]
    rows = [{"Evidence": words.WORSE.badge, "At this moment": f"**{plain(each.name)}**  \n{quiet(plain(each.words))}"}
            for each in worse]
    if rows:
        table(rows, "Evidence at this moment")
    else:
        needless = "" if preview.verb == "hold" else " Going back needs no proof."
        judged = any(each.verdict.status is not Status.NO_DATA for each in found)
        said = "No harm is proven at this moment" if judged else "Whether it harms is not known: no guardrail has data"
        st.markdown(quiet(f"{said}.{needless}"))


def sentence(named: tuple[str, str], preview: Preview, names: Mapping[str, str]) -> str:
    """"Exercise library goes from **20%** (New users) to **50%** (Half) of eligible people."""
    (name, unit), moves = named, preview.from_percentage != preview.to_percentage
    was, then = (f"**{formats.bucket_percent(each)}**" for each in (preview.from_percentage, preview.to_percentage))
    left = f" ({plain(names.get(preview.from_phase, preview.from_phase))})" if preview.from_phase else ""
    same = preview.from_phase == preview.to_phase
    into = f" ({plain(names.get(preview.to_phase, preview.to_phase))})" if preview.to_phase and not same else ""
    if not moves and same:
        return f"{plain(name)} stays at {was}{left} of eligible {noun(unit)}."
    if preview.to_percentage == 0:
        return f"{plain(name)} goes from {was}{left} to {then}: nobody has it then."
    return f"{plain(name)} goes from {was}{left} to {then}{into} of eligible {noun(unit)}."


def standing(name: str, preview: Preview) -> str:
    """ "Exercise library is at 75% in Social Features now": before the change."""
    phase = f" in {plain(preview.from_phase)}" if preview.from_phase else ""
    return f"{plain(name)} is at {formats.bucket_percent(preview.from_percentage)}{phase} now"


def listed(said: str) -> str:
    """A sentence that lists several things, as a list; others as they are."""
    head, _, rest = said.partition(": ")
    things = rest.rstrip(".").split("; ")
    if len(things) < 2:
        return plain(said)
    return "\n".join([f"{plain(head)}:", *(f"- {plain(each)}" for each in things)])


def whom(unit: str, preview: Preview) -> str:
    """Of how many that is, and why it is fewer than the share means: "7,888 of 15,447 eligible people are 51.1%."."""
    have, of_all, planned = preview.have_then, preview.eligible, formats.bucket_percent(preview.to_percentage)
    if not have or not of_all:
        return ""
    real = quiet(f"{formats.number(have)} of {formats.counted(of_all, f'eligible {noun(unit)}')}: "
                 f"{formats.percent(have / of_all)}.")
    if preview.had_then is not None and preview.had_then > have:
        more = formats.counted(preview.had_then - have, noun(unit))
        return (f"**{more} lose it who had it at {planned} before, too.** With the thresholds of then "
                f"{formats.number(preview.had_then)} would have it today, since people came into what was open. Going "
                f"back counts anew and leaves no more than its share.  \n{real}")
    if preview.too_many is not None:
        return (f"**Nobody gains it.** With the ages and inactivity of today {formats.number(preview.too_many)} "
                f"{noun(unit)} would belong to what is open already, more than {planned} means "
                f"({formats.number(preview.wanted)}). So nothing is opened further: who has it keeps it.  \n{real}")
    if preview.raises_exposure and preview.missing > of_all * NEARLY:
        return (f"**{formats.counted(preview.missing, noun(unit))} fewer than {planned} means**: the audiences that "
                f"this phase reaches hold no more.  \n{real}")
    return real


def phase_names(here: Here, rollout: str) -> Mapping[str, str]:
    """Phase key -> name, from the control store."""
    return {phase.key: phase.name for phase in here.ask("plan", PlanRequest(rollout)).plan.phases}


def evidence_rows(gates: Sequence[Gate]) -> list[dict[str, str]]:
    """One sum of what is proven or signed, then every other gate in full: what is unproven is never summed up."""
    good = Counter(str(gate.state) for gate in gates if gate.open)
    rows = [{"Evidence": words.of(words.CRITERION, state).badge,
             "At this moment": f"{count} of {formats.counted(len(gates), 'conditions')}"}
            for state, count in good.items()]
    rows += [{"Evidence": words.of(words.CRITERION, gate.state).badge, "At this moment": _unproven(gate)}
             for gate in gates if not gate.open]
    return rows


def _unproven(gate: Gate) -> str:
    """Name and target, then the number with its interval, then what is missing."""
    seen, _, missing = gate.measured.partition("; ")
    aim = "" if says_target(gate.name, gate.needed) else f", {plain(gate.needed)}"
    lines = (f"**{plain(gate.name)}**{aim}", plain(seen), quiet(plain(missing)) if missing else "")
    return "  \n".join(filter(None, lines))
