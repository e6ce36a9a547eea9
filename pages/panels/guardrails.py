"""Does it harm? Guardrails as the sequential evidence judges them, each with its difference around zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.panels.furniture import table
from rollout_core.analysis.verdict import Verdict
from rollout_core.charts import drawings, formats, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.verdicts import NamedVerdict, VerdictsAnswer

RUNGS = {"hold": "then hold", "halve": "then reduce", "previous_phase": "then a phase back",
         "safe_state": "then to safety", "pause": "then pause", "": "then tell people"}
"""The step a rule asks for -> what is to be done when its harm is proven."""


def guardrails_table(answer: VerdictsAnswer) -> None:
    """The plan's guardrails and the split of the arms; rules on degradation are among the pause conditions."""
    lines = listed(answer)
    if answer.sample_ratio is not None:
        lines.append(answer.sample_ratio)
    if not lines:
        st.markdown(quiet("Nothing is judged before the start: there is no treatment to compare."))
        return
    reach = _reach([line.verdict for line in lines])
    table([{"Guardrail": f"**{plain(line.name)}**  \n{quiet(RUNGS.get(line.rung, line.rung))}",
            "State": standing(line, words.GUARDRAIL).badge, "Evidence": _evidence(line, reach)}
           for line in lines], "Guardrails")


def listed(answer: VerdictsAnswer) -> list[NamedVerdict]:
    """The guardrails of the table, without the split."""
    return [each for each in answer.guardrails if ":" not in each.verdict.key]


def standing(line: NamedVerdict, states: Mapping[str, Word]) -> Word:
    """The state in a word; what is open with too few seen says that."""
    word = words.of(states, line.verdict.status)
    return words.TOO_FEW if word in (words.WATCHING, words.NOT_YET) and not line.enough else word


def _evidence(line: NamedVerdict, reach: float) -> str:
    verdict = line.verdict
    word = standing(line, words.GUARDRAIL)
    if word is words.NO_DATA:
        return f"{drawings.hatch(f'{line.name}: no data')}  \n{quiet(plain(line.words))}"
    many = quiet(f"{verdict.n_treatment:,} with, {verdict.n_control:,} without")
    if word is words.TOO_FEW or verdict.scale != "difference" or verdict.estimate is None or (
            verdict.lower is None or verdict.upper is None):
        return f"{quiet(plain(line.words))}  \n{many}"
    drawn = (verdict.lower, verdict.estimate, verdict.upper)
    around = f"({_difference(line, verdict.lower).removesuffix(' pp')} to " \
             f"{_difference(line, verdict.upper).removesuffix(' pp')})"
    text = f"{'slow: ' if line.unit == 'ms' else ''}**{_difference(line, verdict.estimate)}** {around}"
    return f"{drawings.around_zero(drawn, word.mark, reach, f'{line.name} {text}')}  \n{text}  \n{many}"


def _difference(line: NamedVerdict, value: float) -> str:
    """Shares in points; percentiles are judged as the share above a frozen reference, in points too."""
    if line.unit in ("share", "ms"):
        return formats.points(value)
    return formats.signed(value, 2)


def _reach(verdicts: Sequence[Verdict]) -> float:
    """One scale for the column: the widest interval but for the wildest fifth, which is cut at the edge."""
    ends = sorted(max(abs(each.lower), abs(each.upper)) for each in verdicts
                  if each.scale == "difference" and each.lower is not None and each.upper is not None)
    return ends[int((len(ends) - 1) * 0.8)] * 1.1 or 0.01 if ends else 0.01
