"""The verbs that change one rollout by its plan: what `preview` can show beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rollout_core.control import (
    advance,
    complete,
    hold,
    migrate_plan,
    pause,
    prepare,
    release_holdout,
    resume,
    roll_back,
    set_percentage,
    start,
    stop,
)
from rollout_core.control.weigh import RolloutVerb

ROLLOUT_VERBS: Mapping[str, RolloutVerb] = MappingProxyType({verb.name: verb for verb in (
    prepare.VERB, start.VERB, advance.VERB, set_percentage.VERB, hold.VERB, pause.VERB, resume.VERB, roll_back.VERB,
    complete.VERB, migrate_plan.VERB, release_holdout.VERB, stop.VERB)})
"""Verb name -> how it decides. The order is that of a rollout's life."""
