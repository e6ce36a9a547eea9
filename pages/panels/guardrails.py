"""Does it harm? Guardrails as the sequential evidence judges them, each with its difference around zero."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.panels.furniture import table
from pages.panels.verdict_parts import drawn_ends, many, spoken, standing, text
from rollout_core.analysis.verdict import Verdict
from rollout_core.charts import drawings, words
from rollout_core.charts.words import plain, quiet
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


def _evidence(line: NamedVerdict, reach: float) -> str:
    word = standing(line, words.GUARDRAIL)
    if word is words.NO_DATA:
        return f"{drawings.hatch(f'{line.name}: no data')}  \n{quiet(plain(line.words))}"
    stands_on, ends = quiet(plain(many(line))), drawn_ends(line)
    if word is words.TOO_FEW or line.verdict.scale != "difference" or ends is None:
        return f"{quiet(plain(line.words))}  \n{stands_on}"
    drawn = drawings.around_zero(ends, word.mark, reach, spoken(line, ends))
    return f"{drawn}  \n{text(line)}  \n{stands_on}"


def _reach(verdicts: Sequence[Verdict]) -> float:
    """One scale for the column: the widest interval but for the wildest fifth, which is cut at the edge."""
    ends = sorted(max(abs(each.lower), abs(each.upper)) for each in verdicts
                  if each.scale == "difference" and each.lower is not None and each.upper is not None)
    return ends[int((len(ends) - 1) * 0.8)] * 1.1 or 0.01 if ends else 0.01
