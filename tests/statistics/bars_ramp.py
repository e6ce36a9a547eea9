"""Bar 8: the adaptive ramp against the weekly ladder, many runs at once."""

from __future__ import annotations

import numpy as np

from rollout_core.analysis import ramp, turner
from rollout_core.analysis.grid import effect_grid, log_odds_mde
from rollout_core.analysis.ramp import RampPolicy, RampState, RampStep
from tests.statistics.figures import SEED, Report

RATE, PER_HOUR, MDE, MARGIN, HOURS = 0.01, 600, 0.005, 0.0025, 672
TOLERATED = 1.0 + MARGIN / RATE
POLICY = RampPolicy(budget=100.0)
RUNGS = np.array(POLICY.ladder)
WEEKLY = np.repeat([0.10, 0.25, 0.50, 0.95], 168)
EVERY = 2


class Ramps:
    """The state of many runs: counts per rung, summed gains of harm and of release, share, hours on the rung, end."""

    def __init__(self, runs: int, factor: float, seed: list[int]) -> None:
        self.rng, self.factor = np.random.default_rng(seed), factor
        self.counts = np.zeros((4, runs, len(RUNGS)))           # x_t, n_t, x_c, n_c
        self.grid = effect_grid(log_odds_mde(RATE, MDE))
        self.gains = np.zeros((runs, len(self.grid.effects)))
        self.release, self.released = np.zeros(runs), np.zeros(runs, bool)
        self.share, self.on_rung = np.full(runs, RUNGS[0]), np.zeros(runs)
        self.reached, self.paused, self.held = np.full(runs, np.inf), np.full(runs, np.inf), np.zeros(runs, bool)

    def hour(self) -> None:
        """One hour of newcomers."""
        n = self.rng.poisson(PER_HOUR, len(self.share))
        n_t = self.rng.binomial(n, self.share)
        n_c = n - n_t
        x_t, x_c = self.rng.binomial(n_t, RATE * self.factor), self.rng.binomial(n_c, RATE)
        past = self.counts.sum(axis=2)
        rate = (past[0] + past[2] + 20 * RATE) / (past[1] + past[3] + 20)
        self.gains += turner.increments((x_t, n_t), (x_c, n_c), rate, self.grid.effects)
        self.release += ramp.release_gain(x_t, x_c, n_t / np.maximum(n, 1), TOLERATED)
        self.released |= self.release >= ramp.RELEASE_LOG_E
        rung = np.argmin(np.abs(RUNGS[None, :] - self.share[:, None]), axis=1)
        serving = self.share > 0
        for row, values in enumerate((x_t, n_t, x_c, n_c)):
            self.counts[row, np.arange(len(rung)), rung] += np.where(serving, values, 0)
        self.on_rung += 1

    def log_e(self) -> np.ndarray:
        """The exact kernel's evidence of harm."""
        return turner.log_e(self.gains, self.grid)

    def extra(self) -> np.ndarray:
        """Extra errors so far, expected."""
        return self.counts[1].sum(axis=1) * RATE * (self.factor - 1.0)

    def pause(self, hour: int, which: np.ndarray) -> None:
        """Sets these runs to 0 %."""
        self.paused[which & np.isinf(self.paused)] = hour
        self.share[which] = 0.0


def adaptive(runs: int, factor: float) -> Ramps:
    """The product's own rule, asked every two hours. Whom it asks does not answer: it stays at the lowest rung."""
    state = Ramps(runs, factor, [SEED, 8, int(factor * 100)])
    for hour in range(HOURS):
        state.hour()
        log_e = state.log_e()
        state.pause(hour, (log_e >= POLICY.pause_log_e) & (state.share > 0))
        if hour % EVERY:
            continue
        x_t, n_t, x_c, n_c = state.counts
        upper = ramp.upper_bound((x_t, n_t), (x_c, n_c))
        spent, an_hour = upper * n_t.sum(axis=1), upper * PER_HOUR
        for run in np.flatnonzero((state.share > 0) & ~state.held & np.isinf(state.reached)):
            step = ramp.advise(POLICY, RampState(state.share[run], state.on_rung[run], spent[run], an_hour[run],
                                                 log_e[run], bool(state.released[run])))
            if step.share != state.share[run]:
                state.on_rung[run] = 0
            state.held[run] = step.step is RampStep.HOLD_AND_ASK
            state.share[run] = step.share
            if step.share >= RUNGS[-1]:
                state.reached[run] = hour
    return state


def weekly(runs: int, factor: float, *, evidence: bool) -> Ramps:
    """The fixed ladder, paused by evidence or by the seeds' rule (24 h above 5 %)."""
    state = Ramps(runs, factor, [SEED, 88, int(factor * 100)])
    last_day = []
    for hour in range(HOURS):
        state.share = np.where(np.isinf(state.paused), WEEKLY[hour], 0.0)
        before = state.counts[:2].sum(axis=2)
        state.hour()
        last_day = [*last_day[-23:], state.counts[:2].sum(axis=2) - before]
        x, n = np.sum(last_day, axis=0)
        alarm = state.log_e() >= POLICY.pause_log_e if evidence else (x > 0.05 * n) & (n >= 20)
        state.pause(hour, alarm & (state.share > 0))
        state.reached[(state.share >= RUNGS[-1]) & np.isinf(state.reached)] = hour
    return state


def adaptive_ramp(report: Report, quick: bool) -> None:
    """Reaching 95 % without harm in six days, and never risking more than the budget with harm above the margin."""
    runs, others = (40, 40) if quick else (2000, 300)
    none = adaptive(runs, 1.0)
    hours = float(np.median(none.reached))
    report.bar("8", "hours to 95 % without harm, median", hours if np.isfinite(hours) else None, 144,
               note=f"reached by {np.mean(np.isfinite(none.reached)):.3f}; a person asked in {none.held.mean():.3f}; "
                    f"weekly ladder {np.median(weekly(others, 1.0, evidence=True).reached):.0f}")
    report.bar("8", "false pauses of the adaptive ramp", float(np.mean(np.isfinite(none.paused))), 0.05)
    slight = adaptive(runs, 1.1)
    report.show(f"x1.1, within the margin: released {slight.released.mean():.3f}, over the budget "
                f"{np.mean(slight.extra() > POLICY.budget):.3f}, paused {np.mean(np.isfinite(slight.paused)):.3f}")
    for factor in (1.25, 1.5, 2.0, 5.0, 30.0):
        state = adaptive(runs, factor)
        over = float(np.mean(state.extra() > POLICY.budget))
        seeds, ours = (weekly(others, factor, evidence=kind) for kind in (False, True))
        report.bar("8", f"share over the budget, x{factor:g}", over, 0.05,
                   note=f"mean extra {state.extra().mean():.0f}; weekly + seeds' rule "
                        f"{np.mean(seeds.extra() > POLICY.budget):.2f}, {seeds.extra().mean():.0f}; weekly + evidence "
                        f"{np.mean(ours.extra() > POLICY.budget):.2f}, {ours.extra().mean():.0f}")
