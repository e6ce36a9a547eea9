"""Which metrics plans may name, and in which unit their limits are written."""

from __future__ import annotations

_SHARES = (
    "adoption_rate", "stickiness", "cross_feature_use", "social_adoption", "error_rate", "critical_error_rate",
    "error_free_sessions", "good_vitals_share", "retention_day_1", "retention_day_7", "retention_day_30",
    "task_completion", "conversion", "availability", "monitoring_coverage", "checklist_completeness",
)
_RELATIVE = (
    "engagement_change", "usage_growth_weekly", "performance_degradation", "retention_improvement",
    "session_duration_change", "conversion_change", "support_ticket_change", "community_activity", "telemetry_ratio",
)
_OTHERS = (
    "engagement", "lcp_p75", "inp_p75", "cls_p75", "fcp_p75", "ttfb_p75", "performance_score", "api_response_p95",
    "render_time_p75", "session_duration", "satisfaction", "nps", "support_tickets", "critical_incidents",
    "rollout_duration", "data_loss",
)

KNOWN_METRICS = (*_SHARES, *_RELATIVE, *_OTHERS)


def is_share(metric: str) -> bool:
    """True when the metric's unit is a share or a relative change, written as `5 %`."""
    return metric in _SHARES or metric in _RELATIVE


def is_bounded_share(metric: str) -> bool:
    """True when the metric can only lie between 0 and 100 %."""
    return metric in _SHARES
