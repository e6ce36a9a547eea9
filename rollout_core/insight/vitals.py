"""Core Web Vitals at p75: cards, distribution, pages, devices, treatment against control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rollout_core.errors import InvalidRequest
from rollout_core.insight.formulas import Asked
from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.measure import by_key, measure
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.window import window_of
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Measured, Quality, Window
from rollout_core.metrics.percentile import RELATIVE_ERROR, bin_edges
from rollout_core.metrics.vital_score import VITAL_LIMITS
from rollout_core.metrics.web_vitals import NAMES, SHOWN, rating
from rollout_core.ports.room import Room


@dataclass(frozen=True, slots=True)
class VitalsRequest:
    """Window as in MetricsRequest; `vital` chooses the histogram and the tables (LCP by default)."""

    rollout: str | None = None
    window: str = "phase"
    since_at: datetime | None = None
    until_at: datetime | None = None
    page: str | None = None
    device: str | None = None
    vital: str = "LCP"
    limit: int = 20


@dataclass(frozen=True, slots=True)
class VitalCard:
    """One vital. `rating`: good | needs improvement | poor | no data (treatment's p75). Shares sum to 1 or are None."""

    vital: str
    name: str
    unit: str
    good_up_to: float
    poor_above: float
    treatment: Measured
    control: Measured
    rating: str
    good: float | None
    needs_improvement: float | None
    poor: float | None
    change: Measured
    comparison: str
    """Faster | Slower | Unclear | Too few | No data, by the 95 % interval of the change."""


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """One bin [low, high) of the vital's unit, with each arm's share of its own page views."""

    low: float
    high: float
    treatment: float
    control: float


@dataclass(frozen=True, slots=True)
class VitalsSlice:
    """The chosen vital for one page or device. `good` is the share of treatment's page views; `change` relative."""

    key: str
    treatment: Measured
    control: Measured
    good: float | None
    page_views: int
    change: Measured


@dataclass(frozen=True, slots=True)
class VitalsAnswer:
    """`good_loads`: page loads with LCP, INP and CLS all good. `relative_error` of percentiles from the log histogram
    (0 when they are exact)."""

    rollout: str
    window: Window
    cards: tuple[VitalCard, ...]
    vital: str
    histogram: tuple[HistogramBin, ...]
    pages: tuple[VitalsSlice, ...]
    devices: tuple[VitalsSlice, ...]
    good_loads: Measured
    good_loads_control: Measured
    good_loads_change: Measured
    performance_score: Measured
    performance_score_control: Measured
    performance_score_change: Measured
    relative_error: float
    computed_at: datetime


SMALLEST = {"ms": 1_000, "": 1_000_000}
"""How many stored units make one of the vital's unit."""


def answer(room: Room, request: VitalsRequest) -> VitalsAnswer:
    """Vitals of one rollout. Raises InvalidRequest for an unknown vital or two filters at once."""
    if request.vital not in VITAL_LIMITS or (request.page and request.device):
        raise InvalidRequest("Vitals are shown for one page or one device, of one vital.",
                             mend=f"Vitals are {', '.join(VITAL_LIMITS)}.")
    now_scene = scene(room, request.rollout)
    window = window_of(request.window, now_scene.rollout, now_scene.now, request.since_at, request.until_at)
    measuring = Measuring(room.events, now_scene, window)
    words = ("vital", "vital_good", "vital_poor")
    measuring.prefetch(("good_loads", "page_load_score",
                        *(f"{word}:{vital}" for vital in VITAL_LIMITS for word in words)))
    measuring.prefetch_bins(f"vital:{vital}" for vital in SHOWN)
    part = f"page:{request.page}" if request.page else f"device:{request.device}" if request.device else ""
    scores = {(key, arm): by_key(measuring, key, arm) for key in ("good_vitals_share", "performance_score")
              for arm in ("treatment", "control")}
    return VitalsAnswer(
        now_scene.rollout.key, window, tuple(_card(measuring, vital, part) for vital in _shown(measuring)),
        request.vital, _histogram(measuring, request.vital, part), _slices(measuring, request, "page:"),
        _slices(measuring, request, "device:"), scores["good_vitals_share", "treatment"],
        scores["good_vitals_share", "control"], change_of(measuring, CATALOG["good_vitals_share"]),
        scores["performance_score", "treatment"], scores["performance_score", "control"],
        change_of(measuring, CATALOG["performance_score"]), RELATIVE_ERROR, now_scene.now)


def _shown(measuring: Measuring) -> tuple[str, ...]:
    """The five vitals of today, and FID where it was sent."""
    return (*SHOWN, "FID") if measuring.sums("vital:FID", None).n else SHOWN


def _card(measuring: Measuring, vital: str, part: str) -> VitalCard:
    limits, metric = VITAL_LIMITS[vital], CATALOG[f"{vital.lower()}_p75"]
    treatment, control = (measure(measuring, Asked(metric, arm, part=part)) for arm in ("treatment", "control"))
    change = change_of(measuring, metric, part)
    shares = _shares(measuring, vital, part)
    return VitalCard(vital, NAMES[vital], limits.unit or "number", limits.good, limits.poor, treatment, control,
                     rating(vital, treatment.value), *shares, change, compared_in_words(change))


def _shares(measuring: Measuring, vital: str, part: str) -> tuple[float | None, float | None, float | None]:
    """Good, needs improvement, poor. Exact without a filter; from the histogram's bins with one."""
    if not part:
        good, poor = (measuring.sums(f"vital_{word}:{vital}", "treatment") for word in ("good", "poor"))
        return _three(good.s, poor.s, good.n)
    bins, limits = measuring.bins(f"vital:{vital}", "treatment", part), VITAL_LIMITS[vital]
    per = SMALLEST[limits.unit]
    good_n = sum(n for place, n in bins.items() if bin_edges(place)[1] <= limits.good * per * (1 + RELATIVE_ERROR))
    poor_n = sum(n for place, n in bins.items() if bin_edges(place)[0] >= limits.poor * per * (1 - RELATIVE_ERROR))
    return _three(good_n, poor_n, sum(bins.values()))


def _three(good: int, poor: int, n: int) -> tuple[float | None, float | None, float | None]:
    return (good / n, (n - good - poor) / n, poor / n) if n else (None, None, None)


def compared_in_words(change: Measured) -> str:
    """Faster, Slower or Unclear by the interval of the change; Too few below the minimum sample in an arm, No data
    without one. Smaller is faster."""
    if change.value is None or change.low is None or change.high is None:
        return "No data"
    if change.quality is Quality.FEW:
        return "Too few"
    if change.high < 0:
        return "Faster"
    return "Slower" if change.low > 0 else "Unclear"


def _histogram(measuring: Measuring, vital: str, part: str) -> tuple[HistogramBin, ...]:
    """Each arm's share of its own page views per bin, over the bins either arm has."""
    arms = [measuring.bins(f"vital:{vital}", arm, part) for arm in ("treatment", "control")]
    totals = [sum(bins.values()) or 1 for bins in arms]
    per = SMALLEST[VITAL_LIMITS[vital].unit]
    return tuple(HistogramBin(*(edge / per for edge in bin_edges(place)),
                              *(bins.get(place, 0) / total for bins, total in zip(arms, totals, strict=True)))
                 for place in sorted(set(arms[0]) | set(arms[1])))


def _slices(measuring: Measuring, request: VitalsRequest, prefix: str) -> tuple[VitalsSlice, ...]:
    """The vital per page or device, most page views first."""
    views = measuring.counts_of_slices(f"vital:{request.vital}", prefix)
    top = list(views)[: request.limit]
    metric = CATALOG[f"{request.vital.lower()}_p75"]
    return tuple(VitalsSlice(part.removeprefix(prefix), measure(measuring, Asked(metric, "treatment", part=part)),
                             measure(measuring, Asked(metric, "control", part=part)),
                             _shares(measuring, request.vital, part)[0], views[part],
                             change_of(measuring, metric, part)) for part in top)
