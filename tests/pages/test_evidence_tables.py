"""What evidence tables say: a metric and its change in one row, and why a number may stand beside an open state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pages.panels import evidence
from pages.panels.evidence import folded
from pages.panels.procedure_parts import how_far
from pages.panels.rollout_parts import why_anew
from rollout_core.charts import words
from rollout_core.insight.checklist import ChecklistAnswer, ChecklistLine
from rollout_core.insight.gates import Gate
from rollout_core.insight.metrics import MetricRow
from rollout_core.insight.verdict_words import Since
from rollout_core.insight.words import measured_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.rollouts.gates import GateState, state_in_words
from tests.fakes.sample_numbers import NOW, measured

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


def row(key: str, *targets: str) -> MetricRow:
    metric = CATALOG[key]
    nothing = Measured(key, None, None, None, 0, metric.noun, WINDOW, None, metric.unit, Quality.NO_DATA)
    return MetricRow(key, metric.name, metric.group, metric.unit, metric.direction, nothing, nothing, nothing, nothing,
                     targets)


def test_a_change_is_told_in_the_row_of_its_metric_with_the_targets_of_both() -> None:
    found = folded([row("session_duration", "above 5 min"), row("session_duration_change", "above +25%"), row("nps")])
    assert [each.key for each in found] == ["session_duration", "nps"]
    assert found[0].targets == ("above 5 min", "above +25%")


def test_what_is_not_compared_is_not_called_no_data() -> None:
    change = replace(row("availability").change, note="not compared: for this metric none is made")
    word = evidence.verdict(change, lower_is_better=False)
    assert word is words.NOT_COMPARED
    assert change.note in evidence.change_cell("Availability", change, word, 1.0).replace("\\", "")


def test_a_change_without_its_metric_keeps_its_own_row() -> None:
    assert [each.key for each in folded([row("session_duration_change"), row("nps")])] == [
        "session_duration_change", "nps"]


class There:
    """As much of a page as these tables need."""

    def day(self, at: datetime) -> str:
        return f"{at:%-d %b}"


THERE = There()
SINCE = Since("the resume", NOW - timedelta(days=1))


def judged(value: float | None, since_at: datetime, state: GateState = GateState.NOT_YET) -> Gate:
    """A criterion that the evidence judges, with a number of the window since `since_at`."""
    number = replace(measured("error_rate", value, 0.01), window=Window(since_at, NOW))
    return Gate("errors", "Errors", "criterion", state, number, "at most 2%", "not yet", judge="evidence")


def test_a_number_that_reaches_back_before_the_resume_is_told_apart_from_what_is_judged() -> None:
    said = why_anew([judged(0.03, NOW - timedelta(days=9))], SINCE)
    assert "began anew with the resume" in said
    assert "The numbers reach back further; the states judge only what came since." in said


def test_where_nothing_came_since_it_says_until_when() -> None:
    said = why_anew([judged(None, NOW - timedelta(days=9))], SINCE)
    assert "States are given once enough has come since." in said
    assert "reach back" not in said


def test_a_number_of_a_criterion_says_since_when_it_is() -> None:
    gate = judged(0.9996, datetime(2026, 10, 26, tzinfo=UTC), GateState.MET)
    said = evidence.gate_evidence(THERE, gate)  # type: ignore[arg-type]
    assert "**99.96%**" in said
    assert "since 26 Oct" in said


def test_what_is_met_since_needs_no_such_word() -> None:
    said = why_anew([judged(0.01, SINCE.at, GateState.MET)], SINCE)
    assert said.endswith("is not counted against what is served now.")


def test_a_change_without_an_interval_is_unclear_and_not_without_data() -> None:
    """Control had errors and treatment none: -100 %, and nobody knows how sure that is."""
    alone = replace(measured("error_rate", -1.0, unit="relative"), low=None, high=None)
    assert evidence.verdict(alone, lower_is_better=True) is words.UNCLEAR
    assert evidence.verdict(replace(alone, value=None), lower_is_better=True) is words.NO_DATA


def test_a_change_of_too_few_is_called_so_however_far_its_interval_is_from_zero() -> None:
    far = measured("error_rate", 0.5, 0.1, n=9, unit="relative")
    assert evidence.verdict(far, lower_is_better=True) is words.WORSE
    assert evidence.verdict(replace(far, quality=Quality.FEW), lower_is_better=True) is words.TOO_FEW


def test_of_too_few_a_criterion_says_how_many_it_wants_and_neither_a_number_nor_a_day() -> None:
    few = replace(measured("session_duration_change", -1.0, n=3, noun="subject-days", unit="relative"),
                  quality=Quality.FEW)
    gate = Gate("engagement", "Engagement increase above 15 %", "criterion", GateState.NOT_YET, few, "above +15%",
                "too few to say anything yet; at least 27 more subject-days are needed", judge="evidence")
    said = evidence.gate_evidence(THERE, gate)                                     # type: ignore[arg-type]
    assert "3 subject" in said
    assert "at least 27 more subject" in said
    assert "100" not in said


def test_a_checklist_that_was_let_go_is_not_called_done() -> None:
    lines = tuple(ChecklistLine(str(number), "g", "text", state) for number, state in
                  enumerate(["ticked", "waived", "waived", "missing"]))
    assert how_far(ChecklistAnswer("r", lines, 3, 4, False)) == "3 of 4 settled: 1 done, 2 waived"
    assert how_far(ChecklistAnswer("r", lines[:1], 1, 1, True)) == "1 of 1 done"


def test_a_state_has_one_word_on_the_page_in_the_report_and_on_the_command_line() -> None:
    for state, judge, word in (("met", "evidence", "proven"), ("met", "interval", "met"),
                               ("not_yet", "evidence", "not yet")):
        gate = replace(judged(0.01, NOW - timedelta(days=1), GateState(state)), judge=judge)
        assert state_in_words(state, judge) == word
        assert evidence.gate_word(gate).text.lower() == word


def test_a_stale_number_is_called_stale_beside_its_state() -> None:
    gate = judged(0.01, NOW - timedelta(days=1), GateState.MET)
    assert gate.measured is not None
    gate = replace(gate, measured=replace(gate.measured, quality=Quality.STALE))
    assert "stale: nothing newer arrived" in evidence.gate_evidence(THERE, gate)      # type: ignore[arg-type]
    assert "stale: nothing newer arrived" in measured_in_words(gate.measured)
