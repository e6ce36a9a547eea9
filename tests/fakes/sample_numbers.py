"""Measured numbers and series as answers hold them: invented, for page tests. NOW is a Sunday afternoon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rollout_core.insight.series import ArmSeries, Band, Mark, Point, SeriesAnswer, SeriesRequest
from rollout_core.metrics.measured import Measured, Quality, Window

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
WINDOW = Window(NOW - timedelta(days=10), NOW)


def measured(metric: str, value: float | None, half: float = 0.0, n: int = 1000, **more: object) -> Measured:
    """A number with a symmetric interval; None is no data."""
    quality = Quality.NO_DATA if value is None else Quality.OK
    low, high = (None, None) if value is None else (value - half, value + half)
    values: dict[str, object] = {"noun": "requests", "arm": "treatment", "unit": "share",
                                 "note": "" if value is not None else "nothing since 13:50", **more}
    return Measured(metric, value, low, high, n if value is not None else 0, str(values.pop("noun")), WINDOW,
                    values.pop("arm"), str(values.pop("unit")), quality, **values)  # type: ignore[arg-type]


MARKS = (Mark(NOW - timedelta(days=10), "phase", "Phase 2, 5%"), Mark(NOW - timedelta(days=7), "phase", "Phase 3, 20%"),
         Mark(NOW - timedelta(hours=8), "incident", "Errors proven higher"))


def series(request: SeriesRequest) -> SeriesAnswer:
    """Ten days in steps of three hours; treatment misses one day."""
    unit, level, half = {"error_rate": ("share", 0.014, 0.003), "adoption_rate": ("share", 0.31, 0.03)}.get(
        request.metric, ("ms", 2350.0, 90.0))
    arms = []
    for arm, factor in (("treatment", 0.96), ("control", 1.0)):
        points = []
        for step in range(80):
            at, wave = NOW - timedelta(hours=3 * (80 - step)), 1 + 0.05 * ((step * 7) % 8 - 4) / 4
            value = None if arm == "treatment" and 48 <= step < 56 else level * factor * wave
            points.append(Point(at, value, None if value is None else value - half,
                                None if value is None else value + half, 0 if value is None else 900))
        arms.append(ArmSeries(arm, tuple(points)))
    bands = (Band("needs improvement", 2500, 4000), Band("poor", 4000, None)) if unit == "ms" else ()
    return SeriesAnswer(request.rollout or "exercise_library", request.metric, request.metric, unit, "lower", WINDOW,
                        10_800, tuple(arms), MARKS, bands)
