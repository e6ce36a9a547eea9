"""One rollout in a list: where it is, how healthy, what is next, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from pages.panels.page import Here
from rollout_core.charts import drawings, formats, words
from rollout_core.charts.words import plain, quiet
from rollout_core.insight.overview import RolloutLine
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.status import AlertCounts, GateBrief, HealthBrief, PhaseStep, Share, Waiting

WIDTHS = (2.1, 2.9, 2.3, 3.8, 1.1)
OFF = frozenset({"paused", "stopped"})
MOVING = frozenset({"running", "held"})
PLURALS = {"critical": "critical alerts", "error": "error alerts", "warning": "warnings", "info": "notes"}
NO_BREAK = "\N{NO-BREAK SPACE}"
"""Keeps the words beside a drawing together: they go below it as one or not at all."""
SHOWN = 2
"""Open gates that a card names; the rollout's page names all."""


def rollout_card(here: Here, line: RolloutLine, label: str) -> None:
    """A bordered row: name, phases, health, whether it may advance with open alerts, and the way to its page."""
    with st.container(border=True):
        name, phases, health, gate, way = st.columns(WIDTHS, vertical_alignment="center", gap="small")
        name.markdown(f"**{plain(line.name)}**  \n{words.of(words.STATUS, line.status).badge}")
        phases.markdown(f"{phase_bar(line.phase, line.phases, line.status)}  \n{quiet(share_words(line))}")
        health.markdown(health_words(line.name, line.health))
        gate.markdown(f"{gate_words(here, line)}  \n{alert_words(line.alerts)}")
        with way:
            st.page_link("control/rollout.py", label="Open", icon=":material/arrow_forward:", icon_position="right",
                         query_params={"rollout": label})


def bare_card(entry: RolloutEntry, label: str) -> None:
    """What is known of a rollout without any number: its name, status and planned share, and the way to its buttons."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(entry.name)}** {words.of(words.STATUS, entry.status).badge} "
                    f"{quiet(f'{entry.percentage:g}% planned')}")
        st.page_link("control/rollout.py", label="Open", icon=":material/arrow_forward:", icon_position="right",
                     query_params={"rollout": label})


def phase_bar(phase: PhaseStep | None, phases: tuple[PhaseStep, ...], status: str) -> str:
    """Phases as segments, the present one crimson while nobody is served."""
    return drawings.ministepper(phase.number if phase else 0, len(phases), status in OFF)


def share_words(line: RolloutLine) -> str:
    """"3 of 6 · 20% planned, 19.6% real"; without a register nothing is claimed about the real share."""
    where = f"{line.phase.number} of {len(line.phases)}" if line.phase else formats.counted(len(line.phases), "phases")
    return f"{where} · {planned_and_real(line.share)}"


def planned_and_real(share: Share) -> str:
    """Planned beside counted."""
    planned = f"{formats.bucket_percent(share.buckets)} planned"
    if share.real_percentage is None:
        return f"{planned}, real share not counted"
    return f"{planned}, {share.real_percentage:.1f}% real"


def health_words(name: str, health: HealthBrief) -> str:
    """The score with its word, its trend on the fixed scale 0..100, and the change or the missing inputs."""
    word = words.health_word(health.score, health.provisional, health.measured)
    if word is words.NO_DATA:
        return f"{word.badge}  \n{quiet('nothing measured yet')}"
    trend = drawings.spark(health.spark, f"Health of {name}, now {health.score} of 100", colour=word.mark)
    if health.provisional:
        said = f"{health.inputs_with_data} of {health.inputs} inputs"
    else:
        said = "no trend yet" if health.change is None else changed_words(health.change)
    return f"**{health.score}** {word.badge}  \n{trend} {quiet(said.replace(' ', NO_BREAK))}"


def changed_words(change: float) -> str:
    """Points of health gained or lost in a day: "+3 in 24 h", "±0 in 24 h"."""
    said = formats.signed(change, 0)
    return f"{'±0' if said == '0' else said} in 24 h"


def may_advance(here: Here, gates: GateBrief, to: PhaseStep | None, alerts: AlertCounts,
                end: datetime | None = None) -> str:
    """The answer a product lead came for, in one line, with when it can be decided where that is known: "Advance to
    75%? Not yet: 3 of 5 conditions met, likely all by Sat 12 Dec". `to` None: the phase is the last one; `end`:
    when the present one is planned to be over."""
    asked = "Complete?" if to is None else f"Advance to {to.percentage:g}%?"
    if not gates.total:
        return f"{asked} Up to you: this phase lists no criteria"
    said = f"{gates.met} of {gates.total} conditions met"
    if gates.not_met:
        return f"{asked} No: {said}"
    if gates.met < gates.total:
        return f"{asked} Not yet: {said}{_by(here, gates, end)}"
    bad = alerts.critical + alerts.error
    if bad:
        return f"{asked} Look first: all {gates.total} conditions met, {formats.counted(bad, 'alerts')} open"
    return f"{asked} Yes: all {gates.total} conditions met"


def next_step(phase: PhaseStep | None, phases: Sequence[PhaseStep]) -> PhaseStep | None:
    """The phase after this one; None in the last."""
    return next((step for step in phases if step.number == (phase.number if phase else 0) + 1), None)


def ends(phase: PhaseStep | None) -> datetime | None:
    """When a phase is planned to be over."""
    return None if phase is None else phase.maximum_until_at


def _by(here: Here, gates: GateBrief, end: datetime | None) -> str:
    """", likely all by Wed 9 Dec", where every condition that is waited for has a date; and whether the phase is
    planned to last so long."""
    dates = [each.at for each in gates.waiting if each.at is not None]
    if not dates or len(dates) < gates.total - gates.met:
        return ""
    sure = all(each.sure for each in gates.waiting)
    by = f", all by {here.when(max(dates))}" if sure else f", likely all by {here.weekday(max(dates))}"
    if end is None or not here.now < end < max(dates):
        return by
    return f"{by}, after this phase's planned end on {here.weekday(end)}"


def gate_words(here: Here, line: RolloutLine) -> str:
    """Whether it may advance, then what it waits for and until when; of a gate that is not met the number too."""
    gates = line.gates
    if not gates.total:
        return quiet(plain(gates.words))
    to = next_step(line.phase, line.phases)
    if line.status == "ready" and not gates.not_met:
        leaves = f"then {formats.counted(len(gates.waiting), 'conditions')} before it leaves its first phase"
        return f"**It can be started**  \n{quiet(leaves)}"
    answer = f"**{may_advance(here, gates, to, line.alerts, ends(line.phase))}**" if line.status in MOVING else ""
    if gates.not_met or not gates.waiting:
        worst = f"{words.of(words.CRITERION, gates.state).badge} {plain(gates.words)}"
        return "  \n".join(filter(None, (answer, worst)))
    lines = [f"{words.of(words.CRITERION, each.state).badge} {waits_for(here, each)}" for each in gates.waiting[:SHOWN]]
    more = len(gates.waiting) - SHOWN
    return "  \n".join(filter(None, (answer, *lines, quiet(f"and {more} more") if more > 0 else "")))


def waits_for(here: Here, gate: Waiting) -> str:
    """A gate that is not open, with when: "Adoption above 20 %, likely by Wed 25 Nov"."""
    if gate.at is None:
        return plain(gate.name)
    until = f"until {here.when(gate.at)}" if gate.sure else f"likely by {here.weekday(gate.at)}"
    return f"{plain(gate.name)}, {until}"


def alert_words(alerts: AlertCounts) -> str:
    """Open alerts by level; none is said in words."""
    levels = [words.SEVERITY[level].saying(formats.counted(count, PLURALS[level]))
              for level in ("critical", "error", "warning", "info") if (count := getattr(alerts, level))]
    apart = [quiet(f"{count} {said}") for count, said in ((alerts.calming, "calming down"), (alerts.snoozed, "snoozed"))
             if count]
    return " ".join([*levels, *apart]) or quiet("no open alerts")
