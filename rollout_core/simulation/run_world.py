"""Runs a world many times through the functions a sweep calls, and counts false alarms, finds and delays.

Every run is looked at after every hour. A fast pass walks the whole path of log e with the analysis' own path functions
(`difference`, `budget`); the alarm it names counts only because `judge` says WORSE on exactly what a sweep at that hour
would have been handed, and did not say so an hour earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from rollout_core.analysis import budget, clustered, sample_ratio, tilt
from rollout_core.analysis.choose import Kernel, combine
from rollout_core.analysis.clustered import ArmSums
from rollout_core.analysis.difference import (
    GainTable,
    exact_tables,
    kernel_of,
)
from rollout_core.analysis.evidence import MetricEvidence
from rollout_core.analysis.judge import judge
from rollout_core.analysis.numbers import log_mean_exp
from rollout_core.analysis.policy import DifferenceGuardrail, Policy
from rollout_core.analysis.summed import in_direction, usable_strata
from rollout_core.analysis.verdict import Verdicts
from rollout_core.errors import RolloutError
from rollout_core.metrics.interval import wilson
from rollout_core.simulation.fresh_world import METRIC, FreshRun, draw_fresh, inclusion_share
from rollout_core.simulation.returning_world import CONTROL, TREATMENT, ReturningRun, draw_returning
from rollout_core.simulation.world_clock import recent_at
from rollout_core.simulation.worlds import World

Run = FreshRun | ReturningRun


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in one run: the hour of the pause and of the sample-ratio hold (None: never)."""

    pause_hour: int | None
    hold_hour: int | None
    treated_at_pause: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """`false_alarm_rate`: runs paused without harm (or before it began). `found_share` and `median_delay_hours`: among
    the runs of a harmful world (None in a harmless one; the median over those that found it). `hold_rate`: runs held
    for a sample-ratio mismatch. `…_low`, `…_high`: 95 % interval of the rate before it, over the runs."""

    world: str
    false_alarm_rate: float
    found_share: float | None
    median_delay_hours: float | None
    hold_rate: float
    runs: int
    seed: int
    false_alarm_low: float | None = None
    false_alarm_high: float | None = None
    found_low: float | None = None
    found_high: float | None = None
    hold_low: float | None = None
    hold_high: float | None = None


def simulate(world: World, runs: int | None = None, seed: int | None = None) -> Result:
    """Runs the world. Run i draws from (seed, world's name, i) alone: the same whatever else runs, on any machine."""
    count, root = runs or world.runs, world.seed if seed is None else seed
    return summary(world, [outcome(world, run_number, root) for run_number in range(count)], root)


def summary(world: World, outcomes: list[Outcome], seed: int) -> Result:
    """The rates over finished runs."""
    start = np.inf if world.harmless else world.harm.start_hour
    paused = np.array([np.nan if o.pause_hour is None else o.pause_hour for o in outcomes], dtype=float)
    found = paused[paused >= start] - start + 1.0
    early, held, runs = int(np.sum(paused < start)), sum(o.hold_hour is not None for o in outcomes), len(outcomes)
    return Result(
        world.name, early / runs, None if world.harmless else len(found) / runs,
        float(np.median(found)) if len(found) else None, held / runs, runs, seed, *_ends(early, runs),
        *((None, None) if world.harmless else _ends(len(found), runs)), *_ends(held, runs))


def _ends(count: int, runs: int) -> tuple[float | None, float | None]:
    interval = wilson(count, runs)
    return (None, None) if interval is None else (interval.low, interval.high)


def draw(world: World, number: int, seed: int, copy: int = 0) -> Run:
    """The statistics of one run; copies above 0 are the harmless other metrics of the same world."""
    rng = np.random.default_rng([seed, crc32(world.name.encode()), number, copy])
    return draw_fresh(world, rng) if world.kind == "fresh" else draw_returning(world, rng)


def outcome(world: World, number: int, seed: int) -> Outcome:
    """One run, looked at after every hour until it is paused."""
    return outcome_of(draw(world, number, seed), policy_of(world))


def outcome_of(run: Run, policy: Policy) -> Outcome:
    """What the policy does with a drawn run."""
    rule = policy.guardrails[0]
    needed = budget.log_e_needed(policy.acting_weights(), rule.key, policy.alpha_pause)
    pause = _first_hour(harm_path(run, rule) >= needed)
    if pause is not None:
        _confirm(run, policy, pause)
    hold = _hold_hour(run, policy) if isinstance(run, FreshRun) else None
    return Outcome(pause, hold, 0 if pause is None else treated(run, pause))


def policy_of(world: World) -> Policy:
    """The policy a plan of this world would have: one measured guardrail, the others sharing its budget."""
    rules = [DifferenceGuardrail("measured", METRIC, world.mde, baseline=world.rate)]
    rules += [DifferenceGuardrail(f"other_{i}", f"other_{i}", world.mde) for i in range(1, world.guardrails)]
    return Policy(guardrails=tuple(rules))


def harm_path(run: Run, rule: DifferenceGuardrail) -> np.ndarray:
    """log e of the guardrail after each hour: what `harm_log_e` gives a sweep at that hour, for all hours at once."""
    hours = np.arange(run.world.hours)
    metric = run.metric(len(hours) - 1)
    whole, by_epoch = exact_tables(metric, rule)
    scopes = {scope: _scope_path(run, metric, rule, scope, whole if scope is None else by_epoch)
              for scope in (None, *range(2, _epochs(run) + 1))}
    path = np.zeros(len(hours))
    for current in range(1, _epochs(run) + 1):
        looks = run.epoch_of_hour == current
        own = {j: scopes[j][looks] for j in range(2, current + 1)}
        path[looks] = budget.log_e_of_scopes(scopes[None][looks], own, current)
    lately, recent = recent_at(hours), _recent_path(run, metric, rule, by_epoch)
    for day in np.unique(lately.day[lately.day > 0]):
        looks = lately.day == day
        path[looks] = budget.with_recent(path[looks], recent[looks], int(day))
    return path


def _recent_path(run: Run, metric: MetricEvidence, rule: DifferenceGuardrail, table: GainTable | None) -> np.ndarray:
    """log e of the last one or two days alone, after each hour."""
    hours = np.arange(run.world.hours)
    kernel, since = kernel_of(metric, rule, None), recent_at(hours).since
    if kernel in (Kernel.NONE, Kernel.ADVISORY):
        return np.zeros(len(hours))
    exact, sums = np.zeros(len(hours)), np.zeros(len(hours))
    if table is not None:
        gains = np.zeros((len(hours) + 1, table.gains.shape[1]))
        np.add.at(gains, table.hours + 1, table.gains)
        gains = np.cumsum(gains, axis=0)
        exact = log_mean_exp(gains[hours + 1] - gains[since], table.grid.log_weights)
    if isinstance(run, ReturningRun) and kernel is not Kernel.EXACT:
        strata = usable_strata(run.strata, None)
        d, x = (np.concatenate((np.zeros_like(part[:1]), part))[:, strata] for part in (run.d, run.x))
        sums = _clustered_log_e(run, rule, strata, (d[hours + 1] - d[since], x[hours + 1] - x[since]))
    return np.asarray(combine(kernel, exact, sums))


def _epochs(run: Run) -> int:
    return int(run.epoch_of_hour.max())


def _scope_path(run: Run, metric: MetricEvidence, rule: DifferenceGuardrail, scope: int | None,
                table: GainTable | None) -> np.ndarray:
    hours = np.arange(run.world.hours)
    kernel = kernel_of(metric, rule, scope)
    if kernel in (Kernel.NONE, Kernel.ADVISORY):
        return np.zeros(len(hours))
    speaks = table is not None and kernel in (Kernel.EXACT, Kernel.BOTH)
    exact = table.path(scope).at(hours) if table is not None and speaks else np.zeros(len(hours))
    return np.asarray(combine(kernel, exact, _clustered_path(run, rule, scope, kernel)))


def _clustered_path(run: Run, rule: DifferenceGuardrail, scope: int | None, kernel: Kernel) -> np.ndarray:
    """log e of the clustered kernel after each hour; an epoch's stays where it was once the epoch is over."""
    path = np.zeros(run.world.hours)
    if isinstance(run, FreshRun) or kernel is Kernel.EXACT:
        return path
    strata = usable_strata(run.strata, scope)
    inside = np.flatnonzero((run.epoch_of_hour == scope) if scope is not None else run.epoch_of_hour > 0)
    looks = slice(int(inside[0]), int(inside[-1]) + 1)
    path[looks] = _clustered_log_e(run, rule, strata, (run.d[looks][:, strata], run.x[looks][:, strata]))
    path[looks.stop:] = path[looks.stop - 1]
    return path


def _clustered_log_e(run: ReturningRun, rule: DifferenceGuardrail, strata: list[int],
                     sums: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """log e of the clustered kernel for many looks at once: d and x (looks, strata, arms, buckets)."""
    now = [_arm(*sums, arm) for arm in (TREATMENT, CONTROL)]
    before = None
    if run.before_d is not None and run.before_x is not None:
        past_d, past_x = run.before_d[strata], run.before_x[strata]
        before = (_arm(past_d, past_x, TREATMENT), _arm(past_d, past_x, CONTROL))
    parts = clustered.strata_parts(now[0], now[1], before, rule.tolerated_ratio)
    return np.asarray(clustered.log_e_worse(in_direction(clustered.fold(parts), rule), rule.mde))


def _arm(d: np.ndarray, x: np.ndarray, arm: int) -> ArmSums:
    return ArmSums(d[..., arm, :].astype(float), x[..., arm, :].astype(float))


def _hold_hour(run: FreshRun, policy: Policy) -> int | None:
    share = inclusion_share(run.strata)[run.stratum]
    gains = sample_ratio.increments(run.n_treatment, run.n_control, share)
    log_e = tilt.log_e(np.cumsum(gains, axis=0), sample_ratio.MISMATCH_GRID)
    row = _first_hour(log_e >= -np.log(policy.alpha_sample_ratio))
    return None if row is None else int(run.hour[row])


def _first_hour(alarms: np.ndarray) -> int | None:
    return int(np.argmax(alarms)) if alarms.any() else None


def treated(run: Run, hour: int) -> int:
    """Subjects (or denominators) treated until the end of an hour."""
    if isinstance(run, FreshRun):
        return int(run.n_treatment[run.hour <= hour].sum())
    return int(run.d[hour, :, TREATMENT].sum())


def _confirm(run: Run, policy: Policy, hour: int) -> None:
    """The sweep's own function has to pause at this hour and not at the hour before. Raises RolloutError otherwise."""
    now = judge(run.evidence(hour), policy)
    earlier = judge(run.evidence(hour - 1), policy) if hour > 0 else None
    if not now.harm or (earlier is not None and earlier.harm):
        raise RolloutError(f"The fast pass and the judge disagree at hour {hour} of {run.world.name}.",
                           mend="Report this: it is a defect of the simulation.", log_e=_log_e(now))


def _log_e(verdicts: Verdicts) -> float:
    return verdicts.guardrails[0].log_e
