"""A quick look at every bar: few runs, wide margins. The full figures come from `make bench-statistics`."""

from dataclasses import replace

import numpy as np
import pytest

from rollout_core.analysis.judge import judge
from rollout_core.simulation.run_world import draw, harm_path, outcome_of, policy_of, simulate, summary
from rollout_core.simulation.world_documents import world_named, world_names
from tests.statistics.anchors import growthbook_events, pooled, seed_limit
from tests.statistics.bars_guardrails import NULL_WORLDS

SEED = 7
FRESH = [name for name in NULL_WORLDS if world_named(name).kind == "fresh"]
RETURNING = [name for name in NULL_WORLDS if world_named(name).kind == "returning"]


@pytest.mark.parametrize("name", world_names())
def test_the_fast_path_is_the_judge_at_any_hour(name):
    world = world_named(name)
    run, policy = draw(world, 3, SEED), policy_of(world)
    path = harm_path(run, policy.guardrails[0])
    for hour in (40, 170, 345, 671):
        verdict = judge(run.evidence(hour), policy).guardrails[0]
        assert verdict.log_e == pytest.approx(path[hour], abs=1e-9)


@pytest.mark.parametrize("name", FRESH)
def test_a_harmless_world_of_newcomers_is_left_alone(name):
    # At a true 5 % more than 12 of 100 happen in 1 of 700 seeds; ours stands near 2 %.
    assert simulate(world_named(name), 100, SEED).false_alarm_rate <= 0.12


@pytest.mark.parametrize("name", RETURNING)
def test_a_harmless_world_of_returning_units_is_left_alone(name):
    # At a true 5 % four or more of 15 happen in 1 of 180 seeds.
    assert simulate(world_named(name), 15, SEED).false_alarm_rate <= 3 / 15


@pytest.mark.parametrize(("name", "share", "hours"), [
    ("workspaces-200-harm", 0.70, 48), ("workspaces-200-history", 0.70, 60), ("p75-icc-harm", 0.9, 48),
    ("all-in-one-late-harm", 0.8, 48), ("doubled-errors", 0.95, 60), ("late-harm", 0.9, 48),
])
def test_harm_is_found(name, share, hours):
    found = simulate(world_named(name), 15 if world_named(name).kind == "returning" else 60, SEED)
    assert found.found_share >= share
    assert found.median_delay_hours <= hours


def test_lost_exposures_hold_the_rollout():
    assert simulate(world_named("lost-exposures"), 40, SEED).hold_rate == 1.0
    assert simulate(world_named("ramp-10-90"), 100, SEED).hold_rate <= 0.05


def test_the_same_drift_alarms_the_formulas_that_pool_a_ramp():
    world = world_named("drift")
    runs = [draw(world, number, SEED) for number in range(30)]
    others = [growthbook_events(run, pooled(run)).pause_hour is not None for run in runs]
    ours = [outcome_of(run, policy_of(world)).pause_hour is not None for run in runs]
    assert np.mean(others) > 0.9
    assert np.mean(ours) <= 0.15


def test_an_incident_in_both_arms_alarms_the_bare_limit_and_not_us():
    world = world_named("incident")
    runs = [draw(world, number, SEED) for number in range(30)]
    assert np.mean([seed_limit(run, pooled(run)).pause_hour is not None for run in runs]) > 0.9
    assert np.mean([outcome_of(run, policy_of(world)).pause_hour is not None for run in runs]) <= 0.15


def test_the_same_seed_gives_the_same_result_and_another_one_other_runs():
    world = world_named("late-harm")
    assert simulate(world, 20, SEED) == simulate(world, 20, SEED)
    first, second = draw(world, 0, SEED), draw(world, 0, SEED + 1)
    assert first.x_treatment.tolist() == draw(world, 0, SEED).x_treatment.tolist() != second.x_treatment.tolist()


def test_a_run_does_not_depend_on_how_many_others_run():
    world = world_named("late-harm")
    alone = outcome_of(draw(world, 4, SEED), policy_of(world))
    many = [outcome_of(draw(world, number, SEED), policy_of(world)) for number in range(5)]
    assert many[4] == alone
    assert summary(world, many, SEED).runs == 5


def test_one_subject_s_errors_count_in_one_bucket_only_and_whole_audiences_nowhere():
    run = draw(world_named("audiences"), 0, SEED)
    epochs_with_beta_alone = [stratum for stratum in run.strata if stratum.epoch == 1]
    assert [stratum.inclusion for stratum in epochs_with_beta_alone] == [50_000]
    assert all(0 < stratum.inclusion < 100_000 for stratum in run.strata)
    assert (run.x <= run.d).all()


def test_subjects_treated_before_a_set_back_are_in_no_comparison():
    world = replace(world_named("ramp-10-90"), ramp=tuple(
        replace(step, percent=percent) for step, percent in zip(world_named("ramp-10-90").ramp, (50, 10, 50, 90),
                                                                strict=True)))
    run = draw(world, 0, SEED)
    week = (run.hour >= 168) & (run.hour < 336)
    treated, control = run.n_treatment[week].sum(), run.n_control[week].sum()
    # 10 % treated, 40 % once treated and left out, 50 % control: one in six of the compared
    assert treated / (treated + control) == pytest.approx(1 / 6, abs=0.02)
