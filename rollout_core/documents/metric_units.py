"""In which unit a plan writes the limits of a metric, by the catalogue's own units."""

from __future__ import annotations

from rollout_core.metrics.catalog import CATALOG

KNOWN_METRICS = tuple(CATALOG)
"""The metrics a plan may name."""


def is_share(metric: str) -> bool:
    """True when the metric's unit is a share or a relative change, written as `5 %`."""
    return metric in CATALOG and CATALOG[metric].unit in ("share", "relative")


def is_bounded_share(metric: str) -> bool:
    """True when the metric can only lie between 0 and 100 %."""
    return metric in CATALOG and CATALOG[metric].unit == "share"
