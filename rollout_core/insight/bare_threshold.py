"""What a pause condition that decides by its bare threshold costs: how often a healthy service crosses it by accident.

Taken at the usual rate (control's, of the days before now) and at this traffic, hour by hour for a week.
"""

from __future__ import annotations

from datetime import timedelta

from rollout_core.analysis.bare_threshold import false_alarm_rate
from rollout_core.insight.formulas import Asked
from rollout_core.insight.measure import measure
from rollout_core.insight.measuring import CONTROL, TREATMENT, Measuring
from rollout_core.insight.scene import Scene
from rollout_core.insight.words import number
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_store import EventStore
from rollout_core.rollouts.phase import Comparison
from rollout_core.rollouts.plan import PauseCondition

LOOKED_AT = timedelta(days=7)
HOURS = 168


def cost_of(events: EventStore, scene: Scene, condition: PauseCondition) -> tuple[float, float, int] | None:
    """(false-alarm rate a week, usual rate, outcomes an hour), or None for what is no share or was never seen."""
    metric = CATALOG.get(condition.metric or "")
    if metric is None or metric.unit != "share" or condition.threshold is None or condition.comparison is None:
        return None
    since_at = max(scene.now - LOOKED_AT, scene.rollout.epoch_began_at or scene.now - LOOKED_AT)
    if since_at >= scene.now:
        return None
    measuring = Measuring(events, scene, Window(since_at, scene.now), live=False)
    sides = [measure(measuring, Asked(metric, arm=arm, tag=condition.tag)) for arm in (CONTROL, TREATMENT)]
    usual = next((side.value for side in sides if side.value is not None), None)
    an_hour = round(sides[1].n / max((scene.now - since_at) / timedelta(hours=1), 1.0))
    if usual is None or an_hour < 1:
        return None
    above = condition.comparison in (Comparison.ABOVE, Comparison.AT_LEAST)
    return false_alarm_rate(usual, condition.threshold, an_hour, HOURS, above=above), usual, an_hour


def cost_in_words(events: EventStore, scene: Scene, condition: PauseCondition) -> str:
    """The cost as part of a sentence."""
    found = cost_of(events, scene, condition)
    if found is None:
        return "decides by the bare threshold: how often that errs is not known at this traffic"
    rate, usual, an_hour = found
    noun = CATALOG[condition.metric or ""].noun
    return (f"decides by the bare threshold: looked at every hour, a healthy rollout ({number(usual, 'share')} of "
            f"{an_hour:,} {noun} an hour) would be paused by accident in {number(rate, 'share')} of weeks")
