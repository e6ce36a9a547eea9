"""What is so without statistics, as the autopilot's conditions: issues, checks, bare thresholds, missing data."""

from __future__ import annotations

from rollout_core.insight.monitor import MonitorAnswer
from rollout_core.rollouts.ladder import Condition
from rollout_core.rollouts.plan import Rung

HOLDING = {"missing_data": "No data from either side; nothing can be judged."}
"""Alert rules whose firing holds the rollout, with the words for it."""


def conditions_of(seen: MonitorAnswer) -> tuple[Condition, ...]:
    """The pause conditions that fire by themselves (a metric's only where the plan decides by threshold)."""
    lines = [Condition(line.key, line.name, Rung(line.rung), line.words) for line in seen.pause.conditions
             if line.fires and (line.kind != "metric" or line.decide == "threshold")]
    holds = [Condition(each.rule, each.title, Rung.HOLD, HOLDING[each.rule]) for each in seen.sightings
             if each.fires and each.rule in HOLDING]
    return (*lines, *holds)
