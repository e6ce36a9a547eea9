"""One decision in full: what was seen, what it means, what was done, what would have changed it; and judged again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.panels.decision_list import word_of
from pages.panels.furniture import section, table
from pages.panels.page import Here
from pages.panels.verdict_parts import drawn_ends, many, spoken, standing, text
from rollout_core.analysis.verdict import WORST_FIRST, Verdict
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.charts import drawings, formats, words
from rollout_core.charts.words import Word, badge, plain, quiet, sentence
from rollout_core.insight.decision import DecisionAnswer
from rollout_core.insight.replay import ReplayAnswer, ReplayRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.verdicts import NamedVerdict

MODES = {"off": "was switched off", "advise": "only advises", "act": "acts by itself"}


def told(here: Here, entry: RolloutEntry, answer: DecisionAnswer) -> None:
    """The decision as a card: the answer first, then why, then what would have changed it."""
    word = word_of(answer.act)
    with st.container(border=True):
        st.markdown(f"### {_headline(answer)}\n{sentence(answer.summary)}", anchors=False)
        st.markdown(f"{word.badge} {_mode(answer)} "
                    f"{quiet(f'{here.when(answer.swept_at)} · {_looked_at(here, answer)}')}")
        st.markdown(f"**What was done**  \n{_done(answer)}")
        if answer.otherwise:
            st.markdown(f"**What would have changed it**  \n{sentence(answer.otherwise)}")
        if answer.firing:
            st.markdown(f"**Limits that were crossed**  \n{plain(', '.join(answer.firing))}")


def _headline(answer: DecisionAnswer) -> str:
    if answer.act == "none":
        return f"Decision {answer.number}: nothing changes"
    did = "done" if answer.done else "advised but not done"
    return f"Decision {answer.number}: {word_of(answer.act).text.lower()}, {did}"


def _mode(answer: DecisionAnswer) -> str:
    if answer.act == "none":
        return badge(f"Autopilot {MODES.get(answer.mode, plain(answer.mode))}", "gray", "smart_toy")
    return badge("Done" if answer.done else "Advised, not done", "blue" if answer.done else "gray", "smart_toy")


def _looked_at(here: Here, answer: DecisionAnswer) -> str:
    health = "" if answer.health is None else f" · health {answer.health} of 100, which never decides"
    if answer.closed_until_at is None:
        return f"nothing was counted yet{health}"
    return f"counted up to {here.when(answer.closed_until_at)}{health}"


def _done(answer: DecisionAnswer) -> str:
    if answer.act == "none":
        return "Nothing was to be done."
    if answer.done:
        return f"{word_of(answer.act).text}, by the autopilot: entry {answer.audit_seq} of the audit trail."
    return f"Nothing: the autopilot {MODES.get(answer.mode, plain(answer.mode))}. A person had to decide."


HOW_TO_READ = ("Worst first · in brackets: each end errs in 5% of cases, however often one looks, so it is wider than "
               "elsewhere · evidence: how many times better harm (or a met criterion) explains what came than none")


def _counted_since(here: Here, answer: DecisionAnswer) -> str:
    """Why the numbers are not those of other pages."""
    since = "" if answer.since is None else f" since {answer.since.cause}, {here.when(answer.since.at)}"
    return (f"Counted as evidence{since} (criteria on rates and times since the phase began). Compared are only "
            "people who could have been in either arm, while nobody moved them. Other pages show everybody, since the "
            "day they say.")


def numbers(here: Here, answer: DecisionAnswer) -> None:
    """What was seen, as numbers: guardrails with the split, then criteria."""
    guards = [*answer.guardrails, *([answer.sample_ratio] if answer.sample_ratio else [])]
    if not guards and not answer.criteria:
        st.markdown(quiet("No numbers are stored with this decision: nothing was counted yet."))
        return
    section("What was seen?", HOW_TO_READ)
    st.markdown(quiet(_counted_since(here, answer)))
    guards.sort(key=lambda each: WORST_FIRST.index(each.verdict.status))
    safe = [each for each in guards if each.verdict.status is Standing.SAFE]
    open_ones = [each for each in guards if each.verdict.status is not Standing.SAFE]
    if open_ones:
        table([_row(each, "Does it harm?", words.GUARDRAIL) for each in open_ones], "Guardrails as they were seen")
    if safe:
        with st.expander(f"{formats.counted(len(safe), 'rules')} safe: harm ruled out"):
            table([_row(each, "Does it harm?", words.GUARDRAIL) for each in safe], "Safe guardrails as they were seen")
    if answer.criteria:
        table([_row(each, "May it advance?", words.CRITERION) for each in answer.criteria],
              "Criteria as they were seen")


def _row(line: NamedVerdict, heading: str, states: Mapping[str, Word]) -> dict[str, str]:
    state = standing(line, states)
    return {heading: f"**{plain(line.name)}**", "State": state.badge, "Evidence": evidence(line, state)}


def evidence(line: NamedVerdict, word: Word) -> str:
    """The interval drawn, the numbers, the evidence against what is needed; no data stays no data, and of too few only
    how many they are."""
    if word is words.TOO_FEW:
        return f"{quiet('Too few to say anything yet.')}  \n{quiet(plain(many(line)))}"
    if line.verdict.estimate is None:
        return (f"{drawings.hatch(f'{line.name}: no data')}  \n{quiet(plain(line.words))}" if word is words.NO_DATA
                else f"{quiet(plain(line.words))}  \n{_e(line)}")
    return "  \n".join(filter(None, (_drawn(line, word), text(line), _e(line))))


def _drawn(line: NamedVerdict, word: Word) -> str:
    ends = drawn_ends(line)
    if ends is None:
        return ""
    said = spoken(line, ends)
    if line.verdict.scale == "difference":
        return drawings.around_zero(ends, word.mark, max(abs(ends[0]), abs(ends[2]), 1e-9) * 1.15, said)
    return drawings.interval_on(ends, drawings.scale_around(ends[0], ends[2], ends[1]), word.mark, said)


def _e(line: NamedVerdict) -> str:
    verdict = line.verdict
    if not verdict.log_e_needed:
        return quiet(plain(many(line)))
    held = f"evidence {formats.e_value(verdict.log_e)}, decides at {formats.e_value(verdict.log_e_needed)}"
    return f"{quiet(held)}  \n{quiet(plain(many(line)))}"


def replay(here: Here, answer: DecisionAnswer) -> None:
    """The button that judges the stored counts again, and what came of it."""
    if not answer.replayable:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Replay", icon=":material/replay:", key="replay", on_click=_press, args=(answer.number,))
        st.markdown(quiet("Judges the counts that were stored with it once more, by the same rules."))
    if st.session_state.get("replayed") == answer.number:
        with st.spinner("Judging again"):
            _compared(here.ask("replay", ReplayRequest(answer.number), settled=True), answer)


def _press(number: int) -> None:
    st.session_state["replayed"] = number


def _compared(again: ReplayAnswer, answer: DecisionAnswer) -> None:
    furthest = f"The largest difference of log e is {again.largest_difference:.3g}."
    if again.same:
        st.success(f"The same verdicts, all {len(again.verdicts)} of them. {furthest}", icon=":material/check_circle:")
    else:
        st.warning(f"{sentence(again.words)} {furthest}", icon=":material/difference:")
    then = [*answer.guardrails, *([answer.sample_ratio] if answer.sample_ratio else []), *answer.criteria]
    with st.expander("Each verdict then and now", expanded=not again.same):
        table(side_by_side(then, again.verdicts), "Verdicts then and now")


def side_by_side(then: Sequence[NamedVerdict], now: Sequence[Verdict]) -> list[dict[str, str]]:
    """Each verdict then and now with its log e and the difference; keys alone are not unique, key and scale are."""
    judged = {(each.key, each.metric, each.scale): each for each in now}
    rows = []
    for line in then:
        old, new = line.verdict, judged.get((line.verdict.key, line.verdict.metric, line.verdict.scale))
        said = "not judged now" if new is None else (
            f"{formats.signed(old.log_e, 3)} then, {formats.signed(new.log_e, 3)} now")
        apart = "" if new is None else f"difference {abs(old.log_e - new.log_e):.3g}"
        same = new is not None and new.status is old.status
        status = badge("Same", "green", "check_circle") if same else badge("Changed", "yellow", "difference")
        rows.append({"Verdict": f"**{plain(line.name)}**", "Status": status,
                     "log e": f"{said}  \n{quiet(apart)}"})
    return rows
