"""Prints every bar of the statistics beside its figure: `python -m tests.statistics.bench_statistics [--quick]`.

Ours, the seeds' rules, a repeated z-test and GrowthBook's formula see the very same runs. Under 15 minutes on one core.
"""

from __future__ import annotations

import sys
from time import process_time

from tests.statistics import bars_criteria, bars_forecast, bars_guardrails, bars_ramp
from tests.statistics.figures import SEED, Report, timed

PARTS = {
    "False alarms in harmless worlds (4 weeks, hourly looks)": bars_guardrails.harmless_worlds,
    "Four guardrails": bars_guardrails.four_guardrails,
    "Speed, one outcome per subject": bars_guardrails.speed,
    "200 workspaces": bars_guardrails.workspaces,
    "Page loads": bars_guardrails.page_loads,
    "Harm that begins later": bars_guardrails.later_harm,
    "Everything at once": bars_guardrails.all_in_one,
    "Go decisions": bars_criteria.boundary,
    "Limits with correlated events": bars_criteria.clustered_boundary,
    "Sample ratio": bars_criteria.split,
    "Adaptive ramp": bars_ramp.adaptive_ramp,
    "Forecast": bars_forecast.forecasts,
    "Cost of one check": bars_criteria.one_check,
}


def main() -> int:
    """0 when every bar is met, else 1. Words after the options choose parts by their beginning."""
    arguments = sys.argv[1:]
    quick, chosen = "--quick" in arguments, [word for word in arguments if not word.startswith("-")]
    report = Report()
    print(f"Seed {SEED}. Anchors in the order they are named; figures of others on the same runs.")
    for name, part in PARTS.items():
        if not chosen or any(name.lower().startswith(word.lower()) for word in chosen):
            timed(name, part, report, quick)
    print(f"\n{process_time():.0f} s CPU in all. " + (
        f"Missed: {'; '.join(report.missed)}." if report.missed else "Every bar met."))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
