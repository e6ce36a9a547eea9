"""The only code that changes state: one verb per file, all of them in VERBS."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.control.registry import VERBS as _VERBS
from rollout_core.control.verb_spec import VerbSpec

VERBS: Mapping[str, VerbSpec] = _VERBS

__all__ = ["VERBS", "VerbSpec"]
