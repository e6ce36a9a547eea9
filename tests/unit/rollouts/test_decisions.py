"""Each verb's decision on a register of 1,000: 20 internal, 100 beta, 300 new, 200 idle, 380 others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_core.errors import ExposureWouldRise, InvalidPercentage, InvalidRequest, TransitionRefused
from rollout_core.flags.holdout import Holdout
from rollout_core.rollouts import decide
from rollout_core.rollouts.decide import Next
from rollout_core.rollouts.plan import AutopilotRules, Guardrail, Plan
from rollout_core.rollouts.plan_procedure import RollbackProcedure
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status
from rollout_core.rollouts.targets import Rollback, Target, falls_into, rollback_target
from tests.fakes.registers import NOW, PHASES, one_audience, plan_of
from tests.unit.rollouts.test_filling import census

PLAN = plan_of()
COUNTED = census(internal=20, beta=100, fresh=300, idle=200, rest=380)
LATER = NOW + timedelta(days=4)


def ready(plan: Plan = PLAN) -> Rollout:
    return decide.prepare(decide.draft(plan, "salt", NOW), NOW).rollout


def running(phase: str, plan: Plan = PLAN) -> Rollout:
    """Started in this phase."""
    return decide.start(plan, ready(plan), COUNTED, NOW, phase=phase).rollout


def at(percentage: int, plan: Plan = PLAN) -> Rollout:
    """Started at this share."""
    return decide.start(plan, ready(plan), COUNTED, NOW, percentage=percentage).rollout


def test_a_draft_serves_nobody_and_takes_the_plans_holdout_and_autopilot():
    rollout = decide.draft(replace(PLAN, holdout=Holdout(5_000)), "salt", NOW)
    assert (rollout.status, rollout.percentage, rollout.epoch, rollout.holdout.buckets) == (Status.DRAFT, 0, 0, 5_000)
    assert rollout.autopilot == "advise"


def test_start_enters_the_first_phase_and_opens_the_first_epoch():
    after = decide.start(PLAN, ready(), COUNTED, NOW)
    rollout, epoch = after.rollout, after.epoch
    assert (rollout.phase, rollout.percentage, rollout.served) == ("inside", 1_000, {"core"})
    assert (rollout.started_at, rollout.phase_entered_at, rollout.epoch_began_at) == (NOW, NOW, NOW)
    assert epoch is not None
    assert (epoch.number, epoch.cause, epoch.percentage, epoch.thresholds) == (1, "start", 1_000, rollout.thresholds)
    assert after.raises_exposure


RAMPED = one_audience(50_000, 95_000, guardrails=(Guardrail("errors", "Errors", "error_rate", 0.005, 0.01),),
                      autopilot=AutopilotRules(risk_budget_errors=100.0))
"""Two phases with a ramp of 1, 2, 5 … per cent."""


def test_with_a_risk_budget_a_phase_is_entered_at_the_first_rung_or_where_it_stands():
    begun = decide.start(RAMPED, ready(RAMPED), None, NOW).rollout
    assert (begun.phase, begun.percentage) == ("p1", 1_000)
    entered = decide.advance(RAMPED, at(50_000, RAMPED), None, NOW).rollout
    assert (entered.phase, entered.percentage) == ("p2", 50_000)
    assert decide.advance(RAMPED, entered, None, NOW).rollout.percentage == 95_000, "said once more: the whole phase"
    assert at(20_000, RAMPED).percentage == 20_000, "a share named outright is that share"


def test_start_at_a_share_enters_the_phase_that_the_share_has_reached():
    assert (at(30_000).phase, at(30_000).percentage) == ("limited", 30_000)
    assert (at(500).phase, at(500).percentage) == ("inside", 500)


def test_start_in_a_named_phase_switches_on_the_flags_of_those_before_it_too():
    assert running("limited").served == {"core", "tracking", "video"}


def test_advance_goes_to_the_next_phase():
    rollout = decide.advance(PLAN, running("inside"), COUNTED, LATER).rollout
    assert (rollout.phase, rollout.percentage, rollout.phase_entered_at) == ("beta", 5_000, LATER)
    assert rollout.served == {"core", "tracking"}


def test_advance_can_name_a_later_phase_and_no_earlier_one():
    assert decide.advance(PLAN, running("inside"), COUNTED, LATER, phase="wide").rollout.phase == "wide"
    with pytest.raises(TransitionRefused, match="use rollback"):
        decide.advance(PLAN, running("limited"), COUNTED, LATER, phase="beta")
    with pytest.raises(TransitionRefused, match="already is in Limited"):
        decide.advance(PLAN, running("limited"), COUNTED, LATER, phase="limited")
    with pytest.raises(InvalidRequest, match="inside, beta, limited, wide, full"):
        decide.advance(PLAN, running("limited"), COUNTED, LATER, phase="nope")


@pytest.mark.parametrize(("taken", "left"), [(None, 25_000), (0.5, 25_000), (0.25, 37_500), (0.333, 33_350), (1.0, 0),
                                             (0.0, 50_000)])
def test_a_gradual_rollback_takes_away_what_the_plan_says(taken: float | None, left: int):
    """From 50 %: 50,000 buckets less the part of them that `reduce_by` names; half where it says nothing."""
    plan = replace(PLAN, rollbacks=(
        RollbackProcedure("immediate", "", "", timedelta(minutes=30), reduce_by=0.9),
        RollbackProcedure("gradual", "", "", timedelta(hours=2), reduce_by=taken)))
    back = decide.roll_back(plan, running("wide", plan), COUNTED, NOW, Rollback.GRADUAL).rollout
    assert (back.percentage, back.phase) == (left, "wide")


def test_advance_after_a_gradual_rollback_first_reaches_the_present_phase_again():
    halved = decide.roll_back(PLAN, running("wide"), COUNTED, NOW, Rollback.GRADUAL).rollout
    again = decide.advance(PLAN, halved, COUNTED, LATER).rollout
    assert (again.phase, again.percentage, again.status) == ("wide", 50_000, Status.RUNNING)
    assert again.thresholds == running("wide").thresholds


def test_advance_in_the_last_phase_is_refused():
    with pytest.raises(TransitionRefused, match="last phase"):
        decide.advance(PLAN, running("full"), COUNTED, LATER)


def test_raising_the_percentage_enters_every_phase_whose_share_is_reached():
    rollout = decide.set_percentage(PLAN, running("inside"), COUNTED, LATER, 30_000).rollout
    assert (rollout.phase, rollout.percentage) == ("limited", 30_000)
    assert rollout.served == {"core", "tracking", "video"}
    # 30 % fall into the phase `wide`, which fills idle users first: 10 are in, 200 idle, 10 internal, 80 beta testers.
    assert rollout.thresholds["idle"] == 100_000


def test_between_two_phases_the_phase_is_the_one_last_entered():
    up = decide.set_percentage(PLAN, running("limited"), COUNTED, LATER, 30_000).rollout
    assert (up.phase, up.phase_entered_at) == ("limited", NOW)
    down = decide.set_percentage(PLAN, up, COUNTED, LATER, 3_000).rollout
    assert (down.phase, down.percentage, down.served) == ("limited", 3_000, up.served)


def test_lowering_the_percentage_raises_nobody():
    after = decide.set_percentage(PLAN, running("wide"), COUNTED, LATER, 20_000)
    assert not after.raises_exposure
    assert after.filling is not None
    assert after.filling.included == 200


def test_zero_percent_leaves_every_phase():
    rollout = decide.set_percentage(PLAN, running("wide"), COUNTED, LATER, 0).rollout
    assert (rollout.phase, rollout.percentage, rollout.served) == (None, 0, frozenset())
    assert decide.advance(PLAN, rollout, COUNTED, LATER).rollout.phase == "inside"


def test_the_same_percentage_changes_nothing():
    assert not decide.set_percentage(PLAN, running("wide"), COUNTED, LATER, 50_000).changed


@pytest.mark.parametrize("wrong", [-1, 100_001, 0.5, True, None])
def test_what_is_no_share_is_refused(wrong: object):
    with pytest.raises(InvalidPercentage):
        decide.set_percentage(PLAN, running("wide"), COUNTED, NOW, wrong)  # type: ignore[arg-type]


def test_hold_changes_no_exposure_and_opens_no_epoch():
    before = running("wide")
    after = decide.hold(before, LATER)
    assert (after.rollout.status, after.rollout.thresholds, after.epoch) == (Status.HELD, before.thresholds, None)


def test_pause_serves_nobody_and_resume_brings_back_exactly_the_same():
    before = running("wide")
    paused = decide.pause(before, LATER)
    assert (paused.rollout.percentage, set(paused.rollout.thresholds.values())) == (0, {0})
    assert paused.rollout.remembered == 50_000
    assert paused.epoch is not None
    grown = census(internal=40, beta=200, fresh=600, idle=400, rest=9_000)
    resumed = decide.resume(PLAN, paused.rollout, grown, LATER).rollout
    assert (resumed.percentage, resumed.thresholds, resumed.phase) == (50_000, before.thresholds, "wide")
    assert (resumed.remembered, resumed.remembered_thresholds) == (None, {})
    assert resumed.evidence_version == before.evidence_version + 1


def test_a_resume_from_a_hold_opens_an_epoch_so_that_the_new_evidence_has_one():
    held = decide.hold(running("beta"), NOW).rollout
    resumed = decide.resume(PLAN, held, COUNTED, LATER)
    assert resumed.epoch is not None
    assert (resumed.epoch.evidence_version, resumed.epoch.thresholds) == (held.evidence_version + 1, held.thresholds)
    assert not resumed.raises_exposure


def test_a_resume_that_serves_nobody_opens_none():
    stopped = decide.stop(ready(), NOW).rollout
    assert decide.resume(PLAN, stopped, COUNTED, LATER).epoch is None


def test_resume_at_less_takes_the_last_ones_in_out():
    resumed = decide.resume(PLAN, decide.pause(running("wide"), NOW).rollout, COUNTED, LATER, percentage=5_000).rollout
    assert resumed.percentage == 5_000
    assert COUNTED.included(resumed.thresholds) == 50


def test_resume_above_what_was_served_is_refused():
    paused = decide.pause(running("beta"), NOW).rollout
    with pytest.raises(ExposureWouldRise, match="served 5 % before"):
        decide.resume(PLAN, paused, COUNTED, LATER, percentage=6_000)
    with pytest.raises(ExposureWouldRise):
        decide.resume(PLAN, decide.hold(running("beta"), NOW).rollout, COUNTED, LATER, percentage=6_000)


def test_a_stop_after_a_pause_remembers_what_the_pause_came_from():
    stopped = decide.stop(decide.pause(running("beta"), NOW).rollout, NOW).rollout
    assert stopped.remembered == 5_000
    assert decide.resume(PLAN, stopped, COUNTED, LATER).rollout.thresholds == running("beta").thresholds


def test_what_was_stopped_before_it_started_becomes_a_draft_again():
    resumed = decide.resume(PLAN, decide.stop(ready(), NOW).rollout, COUNTED, LATER)
    assert resumed.rollout.status is Status.DRAFT
    assert not resumed.raises_exposure


@pytest.mark.parametrize(("phase", "kind", "target"), [
    ("inside", Rollback.IMMEDIATE, Target(0, None)), ("beta", Rollback.IMMEDIATE, Target(1_000, "inside")),
    ("full", Rollback.IMMEDIATE, Target(50_000, "wide")), ("full", Rollback.GRADUAL, Target(50_000, "full")),
    ("beta", Rollback.GRADUAL, Target(2_500, "beta")), ("full", Rollback.FULL, Target(1_000, "inside")),
    ("inside", Rollback.FULL, Target(1_000, "inside"))])
def test_rollbacks_have_absolute_targets(phase: str, kind: Rollback, target: Target):
    assert rollback_target(PLAN, running(phase), kind) == target


def test_the_phase_before_is_never_above_what_is_served():
    # The seed's trap: full (100 %) halved to 50 %, then "previous phase" is the 75 % one. Here: 100 -> 50 -> not 75.
    plan = one_audience(20_000, 75_000, 100_000)
    halved = decide.roll_back(plan, running("p3", plan), COUNTED, NOW, Rollback.GRADUAL).rollout
    assert halved.percentage == 50_000
    back = decide.roll_back(plan, halved, COUNTED, LATER, Rollback.IMMEDIATE).rollout
    assert (back.phase, back.percentage) == ("p1", 20_000)


def test_a_rollback_to_a_phase_switches_off_the_flags_that_came_after_it():
    rollout = decide.roll_back(PLAN, running("full"), COUNTED, LATER, Rollback.FULL).rollout
    assert (rollout.phase, rollout.served, rollout.phase_entered_at) == ("inside", {"core"}, LATER)


def test_a_safe_state_in_percent_leads_to_the_phase_it_reaches():
    plan = plan_of(safe_state=0)
    rollout = decide.roll_back(plan, running("wide", plan), COUNTED, LATER, Rollback.FULL).rollout
    assert (rollout.percentage, rollout.phase, rollout.served) == (0, None, frozenset())
    assert rollback_target(plan_of(safe_state=6_000), running("wide"), Rollback.FULL) == Target(6_000, "beta")


def test_a_full_rollback_in_the_safe_state_only_holds():
    before = running("inside")
    after = decide.roll_back(PLAN, before, COUNTED, LATER, Rollback.FULL)
    assert (after.rollout.status, after.rollout.thresholds, after.epoch) == (Status.HELD, before.thresholds, None)


def test_a_rollback_to_an_announced_share_done_twice_is_done_once():
    once = decide.roll_back(PLAN, running("full"), COUNTED, NOW, Rollback.GRADUAL, to=50_000).rollout
    twice = decide.roll_back(PLAN, once, COUNTED, LATER, Rollback.GRADUAL, to=50_000)
    assert once.percentage == 50_000
    assert not twice.changed
    back = decide.roll_back(PLAN, once, COUNTED, LATER, Rollback.IMMEDIATE, to=5_000).rollout
    assert (back.percentage, back.phase) == (5_000, "beta")


def test_a_rollback_while_paused_stays_at_zero_and_goes_back_in_the_plan():
    paused = decide.pause(running("wide"), NOW).rollout
    back = decide.roll_back(PLAN, paused, COUNTED, LATER, Rollback.IMMEDIATE).rollout
    assert (back.status, back.percentage, back.phase, back.remembered) == (Status.HELD, 0, "limited", None)
    assert not any(back.thresholds.values())


def test_complete_needs_the_last_phase_and_changes_no_exposure():
    with pytest.raises(TransitionRefused, match="has not reached its last phase, Full"):
        decide.complete(PLAN, running("wide"), NOW)
    after = decide.complete(PLAN, running("full"), LATER)
    assert (after.rollout.status, after.rollout.ended_at, after.epoch) == (Status.COMPLETED, LATER, None)
    reopened = decide.roll_back(PLAN, after.rollout, COUNTED, LATER, Rollback.IMMEDIATE).rollout
    assert (reopened.status, reopened.ended_at) == (Status.HELD, None)


def test_a_holdout_may_only_shrink_and_that_raises_exposure():
    rollout = replace(running("full"), holdout=Holdout(5_000))
    after = decide.release_holdout(rollout, LATER, to=2_000)
    assert after.rollout.holdout.buckets == 2_000
    assert after.raises_exposure
    assert after.epoch is not None
    with pytest.raises(InvalidRequest, match="may only shrink"):
        decide.release_holdout(rollout, LATER, to=6_000)


def test_the_highest_threshold_ever_is_kept_through_everything():
    rollout = running("wide")
    for step in (decide.pause(rollout, NOW), decide.roll_back(PLAN, rollout, COUNTED, NOW, Rollback.FULL),
                 decide.set_percentage(PLAN, rollout, COUNTED, NOW, 0), decide.stop(rollout, NOW)):
        assert step.rollout.ever == rollout.thresholds


def migrated(new: Plan, rollout: Rollout, after: object = COUNTED) -> Next:
    counts = (COUNTED, after) if after is not None else (None, None)
    return decide.migrate_plan(PLAN, new, rollout, counts, LATER)  # type: ignore[arg-type]


def test_migrating_keeps_thresholds_by_key_and_opens_an_epoch():
    before = running("wide")
    after = migrated(plan_of(version=2), before)
    assert (after.rollout.plan_version, after.rollout.thresholds) == (2, before.thresholds)
    assert (after.rollout.phase, after.rollout.percentage, after.rollout.status) == ("wide", 50_000, Status.RUNNING)
    assert after.epoch is not None
    assert not after.raises_exposure


def test_migrating_to_wider_rules_lets_in_no_more_subjects_than_before():
    wider = census(internal=20, beta=500, fresh=300, idle=180)
    after = migrated(plan_of(version=2), running("beta"), wider)
    assert wider.included(after.rollout.thresholds) <= 50
    assert after.rollout.thresholds["internal"] == 100_000


def test_migrating_switches_no_new_flag_on():
    more = plan_of(version=2, phases=(replace(PHASES[0], adds=("core", "coach")), *PHASES[1:]))
    assert migrated(more, running("beta")).rollout.served == {"core", "tracking"}


def test_migrating_away_from_the_present_phase_goes_to_the_furthest_one_reached():
    fewer = plan_of(version=2, phases=tuple(phase for phase in PHASES if phase.key != "wide"))
    assert migrated(fewer, running("wide")).rollout.phase == "limited"


def test_migrating_while_paused_keeps_what_resume_comes_back_to():
    paused = decide.pause(running("beta"), NOW).rollout
    after = migrated(plan_of(version=2), paused).rollout
    assert decide.resume(plan_of(version=2), after, COUNTED, LATER).rollout.thresholds == running("beta").thresholds


def test_lowering_after_a_migration_still_takes_the_last_ones_in_out():
    after = migrated(plan_of(version=2), running("limited")).rollout
    lowered = decide.set_percentage(plan_of(version=2), after, COUNTED, LATER, 5_000).rollout
    assert lowered.thresholds["fresh"] > 0
    assert (lowered.thresholds["internal"], COUNTED.included(lowered.thresholds)) == (0, 50)


def test_migrating_without_a_register_is_refused_only_where_rules_of_the_served_changed():
    assert migrated(plan_of(version=2), running("beta"), None).changed
    changed = plan_of(version=2, audiences=(replace(PLAN.audiences[1], key="internal"), *PLAN.audiences[1:]))
    with pytest.raises(ExposureWouldRise, match="nobody can be counted"):
        migrated(changed, running("beta"), None)
    assert migrated(changed, ready(), None).changed


def test_only_another_version_of_the_same_plan_can_be_migrated_to():
    with pytest.raises(InvalidRequest, match="not a version of the plan"):
        migrated(plan_of(key="other"), running("beta"))


def test_the_holdout_of_a_running_rollout_is_not_changed_by_a_migration():
    new = plan_of(version=2, holdout=Holdout(9_000))
    assert migrated(new, running("beta")).rollout.holdout.buckets == 0
    assert migrated(new, ready()).rollout.holdout.buckets == 9_000


def test_a_share_falls_into_the_first_phase_that_covers_it():
    assert [falls_into(PLAN, share, None).key for share in (0, 1_000, 1_001, 20_000, 50_001)] == [
        "inside", "inside", "beta", "limited", "full"]
    assert falls_into(PLAN, 500, "wide").key == "wide"
