"""Formulas read from the control store and the store's own ledger: coverage, checklist, incidents, duration, loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rollout_core.flags.bucketing import BUCKETS
from rollout_core.health.issue import IssuePriority
from rollout_core.insight.formulas import Asked, built
from rollout_core.insight.freshness import fresh_kinds
from rollout_core.insight.measuring import Measuring
from rollout_core.metrics import formula as f
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.interval import Interval, wilson
from rollout_core.metrics.measured import Measured, Window
from rollout_core.ports.event_questions import StoredCounts, Totals
from rollout_core.rollouts.plan import Plan


def procedure(measuring: Measuring, asked: Asked, form: f.Procedure) -> Measured:
    """One of the numbers that no event carries."""
    return PROCEDURES[form.what](measuring, asked)


def plan_metrics(plan: Plan) -> tuple[str, ...]:
    """Keys of the metrics a plan names anywhere, once each, in the catalogue's order."""
    named: set[str | None] = {each.metric for each in plan.guardrails}
    named |= {each.metric for each in plan.pause_conditions} | {each.metric for each in plan.alerts}
    named |= {each.metric for each in plan.kpis}
    named |= {criterion.metric for phase in plan.phases for criterion in phase.criteria}
    return tuple(key for key in CATALOG if key in named)


def _coverage(measuring: Measuring, asked: Asked) -> Measured:
    """Metrics whose every source has sent an event within the plan's time."""
    fresh = fresh_kinds(measuring)
    keys = plan_metrics(measuring.scene.plan)
    covered = sum(1 for key in keys if set(CATALOG[key].source) <= fresh)
    return _exact(measuring, asked, covered / len(keys) if keys else None, len(keys))


def _checklist(measuring: Measuring, asked: Asked) -> Measured:
    """Items that were done ÷ all; what was only waived is not done, and the note says how many that are."""
    scene = measuring.scene
    items = {item.key for item in scene.plan.checklist}
    done = items & {tick.item for tick in scene.ticks}
    waived = items & {waiver.item for waiver in scene.waivers} - done
    counted = done | waived if asked.waived_counts else done
    found = _exact(measuring, asked, len(counted) / len(items) if items else None, len(items))
    return replace(found, note=f"{len(done)} done, {len(waived)} waived") if waived else found


def _incidents(measuring: Measuring, asked: Asked) -> Measured:
    """Critical issues opened in the window; those still open from before count too."""
    window = measuring.window
    found = sum(1 for issue in measuring.scene.issues if issue.priority is IssuePriority.CRITICAL
                and issue.opened_at < window.until_at
                and (issue.opened_at >= window.since_at or issue.state.value == "open"))
    return _exact(measuring, asked, float(found), found)


def _duration(measuring: Measuring, asked: Asked) -> Measured:
    """Days from the start to the first epoch that served everybody, or to its end, or to now."""
    scene = measuring.scene
    if scene.rollout.started_at is None:
        return built(measuring, asked, None, 0, None, "it has not started")
    whole = next((epoch.began_at for epoch in scene.epochs if epoch.percentage >= BUCKETS), None)
    until_at = whole or scene.rollout.ended_at or scene.now
    return _exact(measuring, asked, (until_at - scene.rollout.started_at).total_seconds() / 86_400, 1)


def _data_loss(measuring: Measuring, asked: Asked) -> Measured:
    """Events acknowledged as stored minus events that are there; retention's drops are not loss.

    Counted for what was received in the whole hours of the window.
    """
    until_at = measuring.window.until_at.replace(minute=0, second=0, microsecond=0)
    if until_at <= measuring.window.since_at:
        return built(measuring, asked, None, 0, None, "not a whole hour has passed")
    hours = Window(measuring.window.since_at, until_at)
    counts = {row["kind"]: row["n"] for row in measuring.ask(StoredCounts(hours)).records()}
    stored = counts.pop("acknowledged", 0)
    there = sum(counts.values())
    return _exact(measuring, asked, float(stored - there) if stored else None, stored)


def _exact(measuring: Measuring, asked: Asked, value: float | None, n: int) -> Measured:
    """A count, not an estimate: its interval is the number itself."""
    return built(measuring, asked, value, n, None if value is None else Interval(value, value))


PROCEDURES: Mapping[str, Callable[[Measuring, Asked], Measured]] = {
    "monitoring_coverage": _coverage, "checklist_completeness": _checklist, "critical_incidents": _incidents,
    "rollout_duration": _duration, "data_loss": _data_loss,
}


def availability(measuring: Measuring, asked: Asked, form: f.Availability) -> Measured:
    """Good requests of the rollout and passed health checks of the system ÷ all of both."""
    requests = measuring.sums("request_errors", asked.arm)
    question = Totals(measuring.window, ("health_checks",), None, ("metric",), live=measuring.live)
    checks = measuring.ask(question).records()
    checked, passed = sum(int(row["n"]) for row in checks), sum(int(row["s"] or 0) for row in checks)
    everything, good = requests.n + checked, requests.n - requests.s + passed
    return built(measuring, asked, good / everything if everything else None, everything, wilson(good, everything))
