"""Why a verdict has no more to say, in words: for every face, and light enough for a command."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.metrics.unnamed_errors import UNNAMED

REASONS: Mapping[str, str] = {
    "not_counted": "nothing was counted yet", "unnamed_errors": UNNAMED, "no_events": "no data yet",
    "no_treatment": "nobody in treatment yet", "no_control": "no control to compare with yet",
    "share_too_skewed": "the arms are too unequal for this metric to act; it only advises",
    "too_few": "too few to say anything yet", "no_exposures": "nobody was exposed yet",
    "waits_for_signature": "waits for a signature", "signed": "signed",
}
"""`Verdict.reason` -> its words."""
