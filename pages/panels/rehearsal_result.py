"""A rehearsal while it runs and when it is done: progress, the answer in words, the share over time, each change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from pages.panels import acting, states
from pages.panels.decision_list import word_of
from pages.panels.furniture import chart, section, table
from pages.panels.page import Here, live
from rollout_core import bootstrap
from rollout_core.bootstrap.rehearsal_desk import Rehearsing
from rollout_core.bootstrap.rehearsing import rehearsal_of, stop_rehearsal
from rollout_core.charts import formats
from rollout_core.charts.rehearsal import Asked, Shares, share_timeline
from rollout_core.charts.words import badge, plain, quiet, sentence
from rollout_core.control.sweep import Swept
from rollout_core.errors import NotFound, RolloutError
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.people.role import Role
from rollout_core.rollouts.gates import left_in_words
from rollout_core.simulation.rehearsed import Rehearsed

LOOKS = timedelta(seconds=1)
MOST_ROWS = 60
CURRENT = "rehearsal"
RAISES = ("advance", "step_up")


def shown(here: Here, entry: RolloutEntry) -> None:
    """The rehearsal that the address names, else the newest of this rollout."""
    found = _current(here, entry)
    if found is None:
        st.space("small")
        states.empty("Nothing rehearsed yet.", "Choose a period and the rules, then press Rehearse.")
        return
    if found.state == "running":
        live(LOOKS, Role.OPERATOR)(under_way)(found.id, entry.name)
    elif found.state == "failed":
        st.error(f"It broke off: {plain(found.failed)} Nothing that runs was touched.", icon=":material/error:")
    elif found.found is not None:
        result(here, found, found.found)


def _current(here: Here, entry: RolloutEntry) -> Rehearsing | None:
    number = st.query_params.get(CURRENT)
    if number:
        try:
            return rehearsal_of(bootstrap.current(), here.actor, number)
        except NotFound:
            st.info("The rehearsal in the address is no longer kept; begin it again.", icon=":material/search_off:")
    return next((each for each in bootstrap.current().rehearsals.all() if each.rollout == entry.key), None)


def under_way(here: Here, number: str, name: str) -> None:
    """A progress bar with a way to stop; looks every second and costs other sessions nothing."""
    found = rehearsal_of(bootstrap.current(), here.actor, number)
    if found.state != "running":
        st.rerun()
    with st.container(border=True):
        said = f"{found.done:.0%} done" if found.done else "copying the events and going back to the first day"
        left = found.left(here.now)
        said += "" if left is None else f", about {left_in_words(left)} to go"
        st.progress(min(max(found.done, 0.0), 1.0), f"Rehearsing {plain(name)}: {said}")
        st.button("Stop", icon=":material/stop:", key="rehearsal-stop", on_click=_stop, args=(number,),
                  help="What was found until then is kept.")


def _stop(number: str) -> None:
    try:
        stop_rehearsal(bootstrap.current(), acting.presser(), number)
    except RolloutError as error:
        st.session_state[acting.REFUSED] = error


def result(here: Here, begun: Rehearsing, found: Rehearsed) -> None:
    """The answer in words, then the share over time, then every change of mind."""
    steps = steps_of(found.decisions)
    with st.container(border=True):
        st.markdown(f"## {headline(here, steps)}", anchors=False)
        rules = f"{'a variant of ' if found.variant else ''}plan version {found.plan_version}"
        st.markdown(quiet(f"{found.sweeps:,} looks up to {here.when(found.reached_at)} · {rules} · "
                          f"asked by {plain(begun.by)}"))
        if not found.finished:
            st.markdown(f"{badge('Stopped', 'yellow', 'stop')} before its end: later decisions are not known.")
    if found.share:
        section("How much would have been left?", "Share of eligible subjects · lines: what they asked for · after a "
                "first reduction the events are still those of what really happened")
        shares = [Shares(each.at, each.happened, each.allowed) for each in found.share]
        asked = [Asked(each.swept_at, word_of(each.act).text, each.act in RAISES) for each in steps]
        chart(share_timeline(shares, asked, here.theme, here.local), _said(found), "rehearsal-share")
    section("When did it change its mind?", "Each stands until the next")
    if not found.decisions:
        st.markdown(quiet("The rollout had not begun in this period, or nothing was counted yet."))
        return
    table([_row(here, each) for each in found.decisions[:MOST_ROWS]], "Decisions of the rehearsal in order of time")
    if len(found.decisions) > MOST_ROWS:
        st.markdown(quiet(f"The first {MOST_ROWS} of {len(found.decisions)} changes."))


def steps_of(decisions: Sequence[Swept]) -> list[Swept]:
    """The decisions that asked for a step, each only where the act is another one than before."""
    found: list[Swept] = []
    before = "none"
    for each in decisions:
        if each.act not in ("none", before):
            found.append(each)
        before = each.act
    return found


def headline(here: Here, steps: Sequence[Swept]) -> str:
    """ "They would have asked for 3 steps; the first: pause, Wed 18 Nov, 16:20"."""
    if not steps:
        return "These rules would have left it alone"
    first = f"{word_of(steps[0].act).text.lower()}, {here.when(steps[0].swept_at)}"
    if len(steps) == 1:
        return f"These rules would have asked for one step: {first}"
    return f"These rules would have asked for {len(steps)} steps, first: {first}"


def _said(found: Rehearsed) -> str:
    last = found.share[-1]
    return (f"Share over time: {last.happened:g}% at the end as it happened, at most {last.allowed:g}% under the "
            "rehearsed rules")


def _row(here: Here, swept: Swept) -> dict[str, str]:
    to = "" if swept.to is None or swept.act == "none" else f"  \n{quiet(f'to {formats.number(swept.to, 1)}%')}"
    why = plain(swept.failed) if swept.failed else sentence(swept.words)
    otherwise = f"  \n{quiet('Otherwise: ' + sentence(swept.otherwise))}" if swept.otherwise else ""
    return {"When": here.when(swept.swept_at), "What": f"{word_of(swept.act).badge}{to}", "Why": f"{why}{otherwise}"}
