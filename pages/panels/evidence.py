"""Evidence in tables: criteria, pause conditions, changes. One row: what, its state in a word, the interval drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from pages.panels.files import changed, numbers, within
from pages.panels.furniture import table
from pages.panels.page import Here
from rollout_core.charts import drawings, formats, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.gates import Gate
from rollout_core.insight.metrics import MetricRow
from rollout_core.insight.pause_check import PauseLine
from rollout_core.insight.words import NOT_COMPARED
from rollout_core.metrics.catalog import CATALOG, LOWER
from rollout_core.metrics.formula import Change
from rollout_core.metrics.measured import Measured, Quality
from rollout_core.rollouts.gates import state_in_words
from rollout_core.rollouts.plan import PauseCondition

WANTS_LESS = frozenset({"<", "<="})
LIKE_WITH_LIKE = ("Like with like: only people who could have been in either arm are compared, under the same shares. "
                  "Those are fewer than everybody, so their two values stand beside the change.")
"""Why a change is not the quotient of the arms' numbers of everybody (Simpson's paradox over epochs and audiences)."""


def criteria_table(here: Here, gates: Sequence[Gate]) -> None:
    """What stands before more exposure, with its state and evidence."""
    table([{"Criterion": f"**{plain(gate.name)}**{_aim(gate)}", "State": gate_word(gate).badge,
            "Evidence": gate_evidence(here, gate)} for gate in gates], "Criteria to advance")


def gate_word(gate: Gate) -> Word:
    """The state in a word: "Proven" when sequential evidence met it, "Met" when today's interval does."""
    return words.of(words.CRITERION, state_in_words(str(gate.state), gate.judge).replace(" ", "_"))


def _aim(gate: Gate) -> str:
    """The target below the name, unless the name says it already ("Error rate below 1 %")."""
    return "" if says_target(gate.name, gate.needed) else f"  \n{quiet(plain(gate.needed))}"


def says_target(name: str, needed: str) -> bool:
    """Whether a criterion's name says its target already ("Error rate below 1 %", "below 1%")."""
    return needed.replace(" ", "").replace("+", "").lower() in name.replace(" ", "").lower()


def missing(words_of_gate: str) -> str:
    """What is missing, without the number that stands beside it: "22% (…); about 40 more" -> "about 40 more"."""
    return words_of_gate.rpartition("; ")[2]


def gate_evidence(here: Here, gate: Gate) -> str:
    """The interval against its target; who signed; or what is missing."""
    word = gate_word(gate)
    if gate.signed_by:
        return f"**{plain(gate.signed_by)}** {quiet(f'· {here.when(gate.signed_at)}')}"
    if gate.measured is None:
        return quiet(plain(gate.words))
    if word is words.NO_DATA or gate.measured.value is None:
        return f"{drawings.hatch(f'{gate.name}: no data')}  \n{quiet(plain(gate.words))}"
    if word is words.NOT_YET and gate.measured.quality is Quality.FEW:
        many = formats.counted(gate.measured.n, gate.measured.noun)
        return "  \n".join(quiet(plain(line)) for line in (f"{many}: too few to say anything yet", missing(gate.words)))
    told = f"{number(gate.measured)} {quiet(f'· since {here.day(gate.measured.window.since_at)}')}"
    lines = [against_target(gate.name, gate.measured, gate.comparison, gate.target, word), told]
    if gate.measured.quality is Quality.STALE:
        lines.append(quiet("stale: nothing newer arrived"))
    if word is words.NOT_YET or word is words.NOT_MET:
        lines.append(quiet(plain(wanting(here, gate))))
    return "  \n".join(line for line in lines if line)


def wanting(here: Here, gate: Gate) -> str:
    """What is missing and when: "about 1,200 more answers, likely by Thu 26 Nov, nearly surely by Wed 2 Dec"."""
    if gate.earliest_at is not None:
        return f"nobody has been in for long enough since evidence began; the first {here.weekday(gate.earliest_at)}"
    if not gate.missing:
        return missing(gate.words) if "; " in gate.words else ""
    dates = (("likely by", gate.decides_at), ("nearly surely by", gate.surely_at))
    return ", ".join([gate.missing, *(f"{said} {here.weekday(at)}" for said, at in dates if at is not None)])


def number(measured: Measured) -> str:
    """**1.31%** (1.12–1.52) · 182,400 requests."""
    if measured.value is None:
        return quiet(plain(measured.note or "no data"))
    single = measured.low == measured.high                # a fact, of which no interval can be told
    around = "" if single else formats.interval(measured.low, measured.high, measured.unit)
    many = quiet(f"· {formats.counted(measured.n, measured.noun)}") if measured.n > 1 else ""
    return " ".join(part for part in (f"**{formats.in_unit(measured.value, measured.unit)}**", around, many) if part)


def bounds(measured: Measured) -> str:
    """The interval without its brackets, for tables of plain text; milliseconds stay such beside a column of them."""
    if measured.low is None or measured.high is None:
        return ""
    if measured.unit == "ms":
        return f"{measured.low:,.0f}–{measured.high:,.0f}"
    return formats.interval(measured.low, measured.high, measured.unit).strip("()")


def against_target(name: str, measured: Measured, comparison: str | None, target: float | None, word: Word) -> str:
    """The interval bar, or "" when there is no interval or no target to hold it against."""
    if measured.value is None or measured.low is None or measured.high is None or target is None or not comparison:
        return ""
    if measured.low == measured.high:
        return ""
    said = (f"{name} {formats.in_unit(measured.value, measured.unit)} "
            f"{formats.interval(measured.low, measured.high, measured.unit)}, "
            f"target {comparison} {formats.target(target, measured.unit)}")
    better = "low" if comparison in WANTS_LESS else "high"
    return drawings.interval_bar((measured.low, measured.value, measured.high), target, better, word.mark, said)


def pause_word(line: PauseLine) -> Word:
    """Fires, watching, safe, or no data: unknown is not safe."""
    if line.fires is None:
        return words.NO_DATA
    if line.fires:
        return words.FIRES
    return words.WATCHING if line.watching else words.SAFE


def pause_table(lines: Sequence[PauseLine], conditions: Sequence[PauseCondition]) -> None:
    """What would pause the rollout, each with how far it is from that."""
    asks = {condition.key: condition for condition in conditions}
    table([{"Condition": f"**{plain(line.name)}**  \n{quiet(plain(_when(line)))}", "State": pause_word(line).badge,
            "Evidence": _pause_evidence(line, asks.get(line.key))} for line in lines], "Pause conditions")


def _when(line: PauseLine) -> str:
    return {"evidence": "pauses when proven", "threshold": "pauses at the bare threshold"}.get(line.decide, line.decide)


def _pause_evidence(line: PauseLine, condition: PauseCondition | None) -> str:
    if line.fires is None:
        return f"{drawings.hatch(f'{line.name}: no data')}  \n{quiet(plain(line.words))}"
    if line.measured is None or condition is None or condition.comparison is None:
        return plain(line.words)
    # The condition says when to pause, so the acceptable side is the other one.
    harmless = "<" if str(condition.comparison) not in WANTS_LESS else ">"
    bar = against_target(line.name, line.measured, harmless, line.threshold, pause_word(line))
    return "  \n".join(part for part in (bar, number(line.measured), line.cost and quiet(plain(line.cost))) if part)


def verdict(change: Measured, lower_is_better: bool, better: Word = words.BETTER, worse: Word = words.WORSE) -> Word:
    """Better, worse or unclear, by the whole interval of the change: unclear without one; no data stays no data, and
    below the metric's minimum sample nothing is said."""
    if change.value is None:
        return words.NOT_COMPARED if change.note.startswith(NOT_COMPARED) else words.NO_DATA
    if change.quality is Quality.FEW:
        return words.TOO_FEW
    if change.low is None or change.high is None:
        return words.UNCLEAR
    if change.low <= 0 <= change.high:
        return words.UNCLEAR
    return better if (change.value < 0) == lower_is_better else worse


def change_cell(name: str, change: Measured, word: Word, reach: float) -> str:
    """A difference around zero on the column's shared scale, its numbers, and the two values it is of; of too few only
    these."""
    if change.value is None and word is words.NOT_COMPARED:
        return quiet(plain(change.note))
    if change.value is None:
        return drawings.hatch(f"{name}: no data")
    if change.quality is Quality.FEW:
        return _lines(quiet("too few to compare"), _alike(change))
    text = f"**{formats.difference(change.value, change.unit)}**"
    if change.low is None or change.high is None:
        return _lines(f"{text} {quiet('no interval')}", _alike(change))
    text += f" {formats.signed_interval(change.low, change.high, change.unit)}"
    bar = drawings.around_zero((change.low, change.value, change.high), word.mark, reach, f"{name} {text}")
    kind = "" if change.causal else f" {quiet('before and after, not causal')}"
    return _lines(bar, f"{text}{kind}", _alike(change))


def _lines(*parts: str) -> str:
    return "  \n".join(part for part in parts if part)


def _alike(change: Measured) -> str:
    return quiet(plain(alike(change))) if change.alike else ""


def alike(change: Measured) -> str:
    """The two values a change is of: "like with like 39.8% against 55.4% · 83 and 597 page loads"; "" without them."""
    both = pair(change)
    return f"like with like {both} · {compared(change)} {change.noun}" if both else ""


def pair(change: Measured) -> str:
    """Treatment's and control's value of those compared: "39.8% against 55.4%"; scores with a digit more than alone, or
    their change would seem wrong."""
    if change.alike is None:
        return ""
    digits = 1 if change.alike.unit == "score" else None
    return " against ".join(formats.in_unit(value, change.alike.unit, digits)
                            for value in (change.alike.treatment, change.alike.control))


def compared(change: Measured) -> str:
    """How many are compared in each arm: "83 and 597"."""
    return "" if change.alike is None else f"{change.alike.treatment_n:,} and {change.alike.control_n:,}"


PAIR_WIDTH = 175
"""Pixels for "2,000 ms against 1,820 ms"."""


def change_columns(changes: Sequence[Measured]) -> dict[str, tuple[list[Any], Any]]:
    """Columns of a sortable table: the two values compared, how many, their change with its interval. A change of too
    few is not shown."""
    told = [each.value is not None and each.quality is not Quality.FEW for each in changes]
    text = st.column_config.TextColumn()
    return {
        "Like with like": ([pair(each) for each in changes], st.column_config.TextColumn(width=PAIR_WIDTH)),
        "Compared": ([compared(each) for each in changes], text),
        "Change": ([each.value * 100 if tell and each.value is not None else None
                    for each, tell in zip(changes, told, strict=True)],
                   st.column_config.NumberColumn(format="%+.1f%%")),
        "Change, 95%": ([formats.signed_interval(each.low, each.high, each.unit).strip("()") if tell else ""
                         for each, tell in zip(changes, told, strict=True)], text),
    }


def reach_of(changes: Sequence[Measured]) -> float:
    """One scale for a column: the largest end of all intervals but not the wildest (those are cut at the edge)."""
    ends = sorted(max(abs(c.low), abs(c.high)) for c in changes
                  if c.low is not None and c.high is not None and c.quality is not Quality.FEW)
    return ends[int((len(ends) - 1) * 0.8)] * 1.15 or 0.01 if ends else 0.01


def folded(rows: Sequence[MetricRow]) -> list[MetricRow]:
    """A metric and its change are one row here, with the targets of both: both show the same change."""
    shown = {row.key for row in rows}
    changes = {formula.of: row for row in rows
               if isinstance(formula := CATALOG[row.key].formula, Change) and formula.of in shown}
    told = {change.key for change in changes.values()}
    return [_with(row, changes.get(row.key)) for row in rows if row.key not in told]


def _with(row: MetricRow, change: MetricRow | None) -> MetricRow:
    if change is None:
        return row
    return replace(row, targets=row.targets + change.targets, reached=row.reached + change.reached)


def metric_rows(rows: Sequence[MetricRow]) -> None:
    """Metrics in words: the verdict, the change with its interval, and below it what each arm measured."""
    rows = folded(rows)
    reach = reach_of([row.change for row in rows])
    table([{"Metric": f"**{plain(row.name)}**{_targets(row)}",
            "Verdict": word.badge,
            "Evidence": f"{change_cell(row.name, row.change, word, reach)}  \n{_arms(row)}"}
           for row in rows for word in (verdict(row.change, row.direction == LOWER),)],
          "Metrics, treatment against control")


def _targets(row: MetricRow) -> str:
    """What the plan asks of it, and whether today's interval says so."""
    return "".join(f"  \n{quiet(plain(f'target: {target}'))} {words.of(words.CRITERION, reached).badge}"
                   for target, reached in zip(row.targets, row.reached or ("no_data",) * len(row.targets),
                                              strict=True))


def _arms(row: MetricRow) -> str:
    if row.unit == "relative" or row.treatment.value is None:
        return quiet(plain(row.treatment.note)) if row.treatment.value is None else ""
    around = formats.interval(row.treatment.low, row.treatment.high, row.unit)
    said = f"{formats.in_unit(row.treatment.value, row.unit)} {around}"
    many = formats.counted(row.treatment.n, row.treatment.noun)
    other = "no control" if row.control.value is None else f"control {formats.in_unit(row.control.value, row.unit)}"
    note = f" · {plain(row.treatment.note)}" if row.treatment.note else ""
    return quiet(f"everybody {said} · {many} · {other}{note}")


def rows_as_file(rows: Sequence[MetricRow]) -> list[dict[str, Any]]:
    """Metrics in both arms: a row each."""
    return [{"metric": row.name, "unit": row.unit, "verdict": verdict(row.change, row.direction == LOWER).text,
             **numbers("treatment", row.treatment), **numbers("control", row.control), **changed("change", row.change),
             "targets": "; ".join(row.targets), "reached": "; ".join(row.reached), **within(row.treatment.window)}
            for row in folded(rows)]


def both_arms(treatment: Measured, control: Measured) -> str:
    """Treatment first, control below it in grey: one column, so that the table reads on a phone."""
    if control.value is None:
        why = f"control: {plain(control.note)}" if control.note else "no control"
        return f"{number(treatment)}  \n{quiet(why)}"
    around = formats.interval(control.low, control.high, control.unit)
    other = f"control {formats.in_unit(control.value, control.unit)} {around} · "
    return f"{number(treatment)}  \n{quiet(other + formats.counted(control.n, control.noun))}"


def arm_cell(measured: Measured) -> str:
    """One arm's number with how many stand behind it; no data as words."""
    if measured.value is None:
        return words.NO_DATA.badge
    around = formats.interval(measured.low, measured.high, measured.unit)
    return (f"**{formats.in_unit(measured.value, measured.unit)}** {around}  \n"
            f"{quiet(formats.counted(measured.n, measured.noun))}")
