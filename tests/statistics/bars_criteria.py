"""Bars 6, 7 and 10: go decisions at the boundary, the split, the cost of one check."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import numpy as np

from rollout_core.analysis import clustered, mixture, ratings, sample_ratio, threshold, tilt
from rollout_core.analysis.clustered import ArmSums
from rollout_core.analysis.evidence import Evidence
from rollout_core.analysis.judge import judge
from rollout_core.analysis.policy import DifferenceGuardrail, Policy
from rollout_core.simulation.returning_world import TREATMENT, draw_returning
from rollout_core.simulation.run_world import draw, simulate
from rollout_core.simulation.world_documents import world_named
from rollout_core.simulation.worlds import Population, Step, World
from tests.statistics.figures import SEED, Report

HOURS = 672
LEVEL = float(np.log(20.0))


def counts(rng: np.random.Generator, runs: int, rate: float, per_hour: float) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative (bad, all) outcomes after each hour, (runs, hours)."""
    n = rng.poisson(per_hour, (runs, HOURS))
    return np.cumsum(rng.binomial(n, rate), axis=1), np.cumsum(n, axis=1)


def boundary(report: Report, quick: bool) -> None:
    """Bar 6: at the boundary every "go" is false; away from it, how soon the proof comes."""
    rng, runs = np.random.default_rng([SEED, 6]), 100 if quick else 1000
    for name, value, mde, below in (("error < 1 %", 0.01, 0.005, True), ("error < 3 %", 0.03, 0.01, True),
                                    ("adoption > 60 %", 0.6, 0.05, False), ("adoption > 20 %", 0.2, 0.05, False)):
        x, n = counts(rng, runs, value, 20)
        test = threshold.log_e_below if below else threshold.log_e_above
        wrong = float((test(x, n, value, mde) >= LEVEL).any(axis=1).mean())
        naive = float((((x < value * n) if below else (x > value * n)) & (n >= 100)).any(axis=1).mean())
        rate = x / np.maximum(n, 1)
        error = np.sqrt(np.maximum(rate * (1 - rate), 1e-12) / np.maximum(n, 1))
        score = np.where((x >= 10) & (n - x >= 10), (value - rate if below else rate - value) / error**2, 0.0)
        asymptotic = float((mixture.log_e(score, 1 / error**2, mde) >= LEVEL).any(axis=1).mean())
        report.bar("6", f"false go, {name}", wrong, 0.05,
                   note=f"seed: value on the good side {naive:.3f}; estimated-variance sequence {asymptotic:.3f}")
    answers = rng.choice(5, p=[0.05, 0.05, 0.15, 0.35, 0.40], size=(runs, HOURS * 2))
    seen = np.cumsum(answers[..., None] == np.arange(5), axis=1)
    wrong = float((ratings.log_e_above(seen, [1, 2, 3, 4, 5], 4.0) >= LEVEL).any(axis=1).mean())
    report.bar("6", "false go, satisfaction > 4.0", wrong, 0.05)
    x, n = counts(rng, runs, 0.005, 100)
    first = np.argmax(threshold.log_e_below(x, n, 0.01, 0.005) >= LEVEL, axis=1)
    sample = float(np.median(n[np.arange(runs), first]))
    fixed = (1.644854 * np.sqrt(0.01 * 0.99) + 0.841621 * np.sqrt(0.005 * 0.995)) ** 2 / 0.005**2
    report.bar("6", "sample / n80 to prove error < 1 % at 0.5 %", sample / fixed, 1.15, note=f"{sample:.0f} subjects")


def clustered_boundary(report: Report, quick: bool) -> None:
    """Bar 6 for correlated events: 300 subjects, three events a day, ICC 0.05, exactly at the limit."""
    world = World(name="at-the-limit", summary="", kind="returning", icc=0.05, mde=0.01,
                  ramp=(Step(hour=0, percent=99),), populations=(Population(rate=0.05, size=300, events_per_day=3),))
    found = []
    for number in range(60 if quick else 600):
        run = draw_returning(world, np.random.default_rng([SEED, 66, number]))
        sums = ArmSums(run.d[:, 0, TREATMENT].astype(float), run.x[:, 0, TREATMENT].astype(float))
        level = clustered.one_sample(sums, 0.05)
        found.append([bool((mixture.log_e(sign * level.score, level.information, 0.01) >= LEVEL).any())
                      for sign in (1.0, -1.0)])
    pause, go = np.mean(found, axis=0)
    report.bar("6", "false pause at a limit, correlated events", float(pause), 0.05)
    report.bar("6", "false go at a target, correlated events", float(go), 0.05)


def split(report: Report, quick: bool) -> None:
    """Bar 7: the sample ratio."""
    runs = 100 if quick else 1000
    even = replace(world_named("low-traffic"), populations=(Population(rate=0.01, per_hour=200),))
    ramp = replace(world_named("ramp-10-90"), populations=(Population(rate=0.02, per_hour=200),))
    for name, world in (("50/50", even), ("ramp", ramp)):
        report.bar("7", f"false holds, {name}", simulate(world, runs, SEED).hold_rate, 0.01)
    exposures = []
    for number in range(runs):
        run = draw(replace(even, sample_loss=0.05), number, SEED)
        gains = sample_ratio.increments(run.n_treatment, run.n_control, np.full(len(run.hour), 0.5))
        alarm = tilt.log_e(np.cumsum(gains, axis=0), sample_ratio.MISMATCH_GRID) >= np.log(100.0)
        total = np.cumsum(run.n_treatment + run.n_control)
        exposures.append(float(total[np.argmax(alarm)]) if alarm.any() else np.inf)
    report.bar("7", "median exposures until 5 % loss is found", float(np.median(exposures)), 20_000)


def one_check(report: Report, quick: bool) -> None:
    """Bar 10: judging 100 metrics after four weeks, every kernel and the covariate, without the store's part."""
    run = draw(world_named("all-in-one-drift"), 0, SEED)
    metric = run.metric(HOURS - 1)
    metrics = tuple(replace(metric, metric=f"m{i}") for i in range(100))
    rules = tuple(DifferenceGuardrail(f"g{i}", f"m{i}", 0.01, baseline=0.02) for i in range(100))
    evidence, policy = Evidence(4, metrics=metrics), Policy(guardrails=rules)
    spent = []
    for _ in range(3 if quick else 7):
        began = process_time()
        judge(evidence, policy)
        spent.append((process_time() - began) * 1000)
    report.bar("10", "CPU ms to judge 100 metrics", float(np.median(spent)), 100, note=f"best {min(spent):.0f}")
