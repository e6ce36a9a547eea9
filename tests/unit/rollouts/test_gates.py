"""Gates: what must hold before exposure rises, judged on where the change leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_core.errors import GateClosed
from rollout_core.rollouts import decide
from rollout_core.rollouts.checklist import Tick, Waiver, checklist_gates
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.gates import (
    OPEN,
    CriterionStanding,
    Gate,
    GateState,
    gates_of,
    in_words,
    left_in_words,
    pass_gates,
    phases_to_prove,
)
from rollout_core.rollouts.plan import ChecklistItem
from rollout_core.rollouts.targets import Rollback
from tests.fakes.registers import NOW, PHASES
from tests.unit.rollouts.test_decisions import COUNTED, PLAN, ready, running

MET = CriterionStanding(GateState.MET, "1.3 %", "below 2 %")
ALL_MET = {phase.key: {criterion.key: MET for criterion in phase.criteria} for phase in PHASES}
SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=3)


def advancing(phase: str) -> Next:
    return decide.advance(PLAN, running(phase), COUNTED, SOON)


def states(gates: tuple[Gate, ...]) -> dict[tuple[str | None, str], GateState]:
    return {(gate.phase, gate.key): gate.state for gate in gates}


def test_leaving_a_phase_needs_its_criteria_and_its_minimum_duration():
    assert states(gates_of(PLAN, advancing("inside"), ALL_MET, (), SOON)) == {
        ("inside", "minimum_duration"): GateState.NOT_YET, ("inside", "works"): GateState.MET}
    assert states(gates_of(PLAN, advancing("inside"), ALL_MET, (), LATER))[
        "inside", "minimum_duration"] is GateState.MET


def test_a_criterion_nobody_measured_is_no_data_and_one_nobody_signed_waits():
    assert states(gates_of(PLAN, advancing("inside"), {}, (), SOON))["inside", "works"] is GateState.MANUAL
    assert states(gates_of(PLAN, advancing("beta"), {}, (), SOON)) == {("beta", "errors"): GateState.NO_DATA}


def test_what_lowers_exposure_or_keeps_it_has_no_gates():
    before = running("wide")
    for after in (decide.set_percentage(PLAN, before, COUNTED, SOON, 100), decide.pause(before, SOON),
                  decide.roll_back(PLAN, before, COUNTED, SOON, Rollback.FULL), decide.hold(before, SOON),
                  decide.set_percentage(PLAN, before, COUNTED, SOON, 50_000)):
        assert gates_of(PLAN, after, {}, (), SOON) == ()


def test_skipping_a_phase_needs_its_proof_too():
    after = decide.advance(PLAN, running("inside"), COUNTED, LATER, phase="limited")
    assert states(gates_of(PLAN, after, {}, (), LATER)) == {
        ("inside", "minimum_duration"): GateState.MET, ("inside", "works"): GateState.MANUAL,
        ("beta", "errors"): GateState.NO_DATA}


@pytest.mark.parametrize(("phase", "share", "proven"), [
    ("inside", 1_001, ["inside"]), ("inside", 5_000, ["inside"]), ("inside", 5_001, ["inside", "beta"]),
    ("limited", 20_000, ["beta"]), ("limited", 20_001, ["limited"]), ("wide", 100_000, ["wide"])])
def test_a_share_passes_the_gates_of_the_phase_it_falls_into(phase: str, share: int, proven: list[str]):
    assert [each.key for each in phases_to_prove(PLAN, running(phase), share, phase)] == proven


def test_resuming_passes_the_gates_of_where_it_comes_back_to():
    resumed = decide.resume(PLAN, decide.pause(running("limited"), NOW).rollout, COUNTED, SOON)
    assert states(gates_of(PLAN, resumed, {}, (), SOON)) == {("beta", "errors"): GateState.NO_DATA}


def test_releasing_the_holdout_has_gates():
    rollout = replace(running("limited"), holdout=replace(PLAN.holdout, buckets=5_000))
    assert gates_of(PLAN, decide.release_holdout(rollout, SOON), {}, (), SOON)


ITEMS = (ChecklistItem("tests", "Testing", "Tests pass"), ChecklistItem("cdn", "Infrastructure", "Cache cleared"))


def test_the_checklist_gates_the_start_and_nothing_later():
    gates = checklist_gates(ITEMS, [Tick("tests", "ann", NOW)], [])
    assert [gate.state for gate in gates] == [GateState.MET, GateState.MANUAL]
    start = decide.start(PLAN, ready(), COUNTED, NOW)
    assert gates_of(PLAN, start, {}, gates, NOW) == gates
    assert not set(gates) & set(gates_of(PLAN, advancing("inside"), {}, gates, NOW))


def test_an_item_is_waived_by_name_or_with_all_others_but_never_without_a_reason():
    named = checklist_gates(ITEMS, [], [Waiver("cdn", "bob", "no CDN here", NOW)])
    assert [gate.state for gate in named] == [GateState.MANUAL, GateState.WAIVED]
    assert named[1].measured == "waived by bob: no CDN here"
    everything = checklist_gates(ITEMS, [], [Waiver(None, "bob", "demo", NOW)])
    assert all(gate.open for gate in everything)
    assert not any(gate.open for gate in checklist_gates(ITEMS, [], [Waiver(None, "bob", "  ", NOW)]))


CLOSED = (Gate("errors", "Error rate", GateState.NOT_MET, "3 %", "below 2 %", "beta"),
          Gate("works", "Works", GateState.SIGNED, phase="beta"))


@pytest.mark.parametrize(("admin", "reason"), [(False, "because"), (True, None), (True, "  "), (False, None)])
def test_an_unmet_gate_stops_everybody_but_an_admin_with_a_reason(admin: bool, reason: str | None):
    with pytest.raises(GateClosed, match="1 of 2 conditions are not met: Error rate: not met") as closed:
        pass_gates(CLOSED, admin=admin, reason=reason)
    assert closed.value.facts["unmet"] == [{
        "key": "errors", "name": "Error rate", "state": "not_met", "phase": "beta", "measured": "3 %",
        "needed": "below 2 %"}]


def test_an_admin_with_a_reason_passes_and_what_was_overruled_is_told():
    assert pass_gates(CLOSED, admin=True, reason="customer promised") == CLOSED[:1]
    assert pass_gates(CLOSED[1:], admin=False, reason=None) == ()


@pytest.mark.parametrize("state", list(GateState))
def test_only_met_signed_and_waived_are_open(state: GateState):
    opens = state in (GateState.MET, GateState.SIGNED, GateState.WAIVED)
    assert Gate("x", "X", state).open is opens is (state in OPEN)


@pytest.mark.parametrize(("span", "words"), [
    (timedelta(days=3, hours=5), "3 days"), (timedelta(days=1), "1 day"), (timedelta(hours=2), "2 hours"),
    (timedelta(minutes=1, seconds=59), "1 minute"), (timedelta(seconds=5), "less than a minute")])
def test_spans_are_told_in_words(span: timedelta, words: str):
    assert in_words(span) == words


@pytest.mark.parametrize(("span", "words"), [
    (timedelta(days=1, hours=9), "2 days"), (timedelta(days=2), "2 days"), (timedelta(days=1), "1 day"),
    (timedelta(minutes=90), "2 hours"), (timedelta(seconds=5), "1 minute")])
def test_what_is_left_of_a_stretch_is_rounded_up_so_that_both_parts_make_the_whole(span: timedelta, words: str):
    assert left_in_words(span) == words
