"""Answers compare: both sides measured, their difference with its interval, and the same for each part."""

from __future__ import annotations

from dataclasses import replace

from rollout_core.errors import InvalidRequest
from rollout_core.insight.compare import ACROSS, NOT_COMPARED, CompareAnswer, CompareRequest, Pair, Side
from rollout_core.insight.compare_parts import BY_FLAG, LONGEST, divisions_of, part_in_words, parts_of
from rollout_core.insight.compare_sides import Facing, sides_of
from rollout_core.insight.formulas import Asked
from rollout_core.insight.formulas_sides import compared
from rollout_core.insight.measure import measure
from rollout_core.insight.measuring import Measuring
from rollout_core.insight.scene import scene
from rollout_core.insight.window import window_of
from rollout_core.metrics.catalog import CATALOG, Metric
from rollout_core.metrics.interval import Estimate, Interval, difference, estimate_of, relative_change
from rollout_core.metrics.measured import Measured, Quality
from rollout_core.metrics.stratified import Compared
from rollout_core.ports.room import Room
from rollout_core.ports.subject_questions import ATTRIBUTE, AUDIENCE

NOT_CAUSAL = "two different times or groups are compared: the difference may have other causes"
NO_STRATUM = "no group of people was split by chance with both sides in it"
AS_OF_NOW = "people are divided by what the register says of them now"
WITHOUT_EVENTS = "each part is counted from raw events: only the last 31 days"


def answer(room: Room, request: CompareRequest) -> CompareAnswer:
    """Compares. Raises InvalidRequest for a metric, side or division that does not exist; RolloutNotFound."""
    metric = comparable(request.metric)
    if request.across not in ACROSS:
        raise InvalidRequest(f"{request.across!r} cannot be compared.", mend=f"Compare {', '.join(ACROSS)}.")
    here = scene(room, request.rollout)
    own = Measuring(room.events, here, window_of(request.window, here.rollout, here.now, request.since_at,
                                                 request.until_at))
    divisions = divisions_of(own, metric)
    if request.by and request.by not in divisions:
        raise InvalidRequest(f"{metric.name} cannot be divided by {request.by!r}.",
                             mend=f"Divide it by {', '.join(divisions)}." if divisions else "Leave `by` empty.")
    segments = segments_of(own, metric, request.by or next(iter(divisions), "")) if request.across == "segments" else ()
    first, second = sides_of(room, here, request, segments)
    whole = pair_of(metric, request.across, "", (_side(metric, first), _side(metric, second)))
    causal = request.across == "arms"
    divided = request.by and request.across != "segments"
    parts = tuple(replace(each, name=part_in_words(own, request.by, each.key))
                  for each in (_parts(metric, request, first, second) if divided else ()))
    notes = [] if causal else [NOT_CAUSAL]
    if request.by == AUDIENCE or request.by.startswith(ATTRIBUTE):
        notes.append(AS_OF_NOW)
    if parts and first.measuring.window.until_at - first.measuring.window.since_at > LONGEST:
        notes.append(WITHOUT_EVENTS)
    return CompareAnswer(
        here.rollout.key, metric.key, metric.name, metric.unit, metric.direction, request.across,
        Side(first.key, first.label, whole.first), Side(second.key, second.label, whole.second), whole.difference,
        whole.change, causal, words_of(metric, first.label, second.label, whole.difference), parts,
        divisions, segments, (first.measuring.window, second.measuring.window), "; ".join(notes), here.now)


def comparable(key: str) -> Metric:
    """The metric, if it can be measured on two sides. Raises InvalidRequest."""
    metric = CATALOG.get(key)
    if metric is None or isinstance(metric.formula, NOT_COMPARED):
        names = [each.key for each in CATALOG.values() if not isinstance(each.formula, NOT_COMPARED)]
        raise InvalidRequest(f"{key!r} cannot be compared.", mend=f"Compare one of {', '.join(names)}.")
    return metric


def segments_of(measuring: Measuring, metric: Metric, column: str) -> tuple[str, ...]:
    """Every "column:value" of one column that has data in the window, the most frequent first."""
    if not column:
        return ()
    if column == "flag" and isinstance(metric.formula, BY_FLAG):
        return tuple(f"flag:{flag.key}" for flag in measuring.scene.plan.flags)
    return tuple(f"{column}:{part}" for part in parts_of(measuring, metric, column))


def _side(metric: Metric, facing: Facing) -> tuple[Measuring, Asked]:
    """What measures a side, and what is asked of it. Raises InvalidRequest for a segment without data."""
    asked = Asked(metric, facing.arm)
    if not facing.part:
        return facing.measuring, asked
    column, _, value = facing.part.partition(":")
    if isinstance(metric.formula, BY_FLAG):
        return facing.measuring, replace(asked, flag=value)
    known = parts_of(facing.measuring, metric, column)
    if value not in known:
        raise InvalidRequest(f"There is no data of {facing.part} in this window.", mend="Choose another segment.")
    return known[value], asked


Sides = tuple[tuple[Measuring, Asked], tuple[Measuring, Asked]]


def pair_of(metric: Metric, across: str, key: str, sides: Sides) -> Pair:
    """Both sides and how far they are apart: arms within strata of chance, others as they stand."""
    one, two = (measure(*side) for side in sides)
    if across == "arms":
        found = compared(*sides[0])
        if found is None:
            return _nothing(key, one, two, two.note or one.note or NO_STRATUM)
        ends = (found.treatment, found.control)
        gap, change = (_of(each, found, metric)
                       for each in (_apart(one, *ends, found.n), _relative(one, *ends, found.n)))
        return Pair(key, one, two, gap, change)
    first, second = _estimate(one), _estimate(two)
    if first is None or second is None:
        return _nothing(key, one, two, (one if first is None else two).note or "one side has no data")
    n = one.n + two.n
    return Pair(key, one, two, replace(_apart(one, first, second, n), causal=False, note=NOT_CAUSAL),
                replace(_relative(one, first, second, n), causal=False, note=NOT_CAUSAL))


def _of(gap: Measured, found: Compared, metric: Metric) -> Measured:
    """With the two values it is of; few when the smaller arm has less than the minimum sample."""
    few = found.fewest < metric.minimum_sample and gap.value is not None
    return replace(gap, alike=found.alike(metric.unit), quality=Quality.FEW if few else gap.quality)


def _nothing(key: str, one: Measured, two: Measured, why: str) -> Pair:
    none = replace(one, value=None, low=None, high=None, n=0, arm=None, quality=Quality.NO_DATA, note=why)
    return Pair(key, one, two, none, replace(none, unit="relative"))


def _estimate(measured: Measured) -> Estimate | None:
    if measured.value is None or measured.low is None or measured.high is None:
        return None
    return estimate_of(measured.value, Interval(measured.low, measured.high))


def _apart(one: Measured, first: Estimate, second: Estimate, n: int) -> Measured:
    low, high = difference(first, second)
    return replace(one, value=first.value - second.value, low=low, high=high, n=n, arm=None, note="",
                   quality=Quality.OK)


def _relative(one: Measured, first: Estimate, second: Estimate, n: int) -> Measured:
    """first / second - 1; no data where the second is not positive, and for scores whose zero means nothing."""
    said = replace(one, n=n, arm=None, unit="relative", note="", quality=Quality.OK)
    if one.unit == "points" or second.value <= 0:
        return replace(said, value=None, low=None, high=None, quality=Quality.NO_DATA, note="no relative change")
    low, high = relative_change(first, second) or (None, None)
    return replace(said, value=first.value / second.value - 1, low=low, high=high)


def _parts(metric: Metric, request: CompareRequest, first: Facing, second: Facing) -> tuple[Pair, ...]:
    """The same comparison in each part that both sides have."""
    if isinstance(metric.formula, BY_FLAG):
        flags = [flag.key for flag in first.measuring.scene.plan.flags]
        return tuple(pair_of(metric, request.across, flag, (
            (first.measuring, Asked(metric, first.arm, flag)), (second.measuring, Asked(metric, second.arm, flag))))
            for flag in flags)
    one = parts_of(first.measuring, metric, request.by)
    two = one if second.measuring is first.measuring else parts_of(second.measuring, metric, request.by)
    return tuple(pair_of(metric, request.across, key, (
        (one[key], Asked(metric, first.arm)), (two[key], Asked(metric, second.arm)))) for key in one if key in two)


def words_of(metric: Metric, first: str, second: str, gap: Measured) -> str:
    """The answer in a sentence without numbers: those stand beside it."""
    if gap.value is None or gap.low is None or gap.high is None:
        return f"{metric.name}: nothing to compare, {gap.note or 'no data'}."
    if gap.quality is Quality.FEW and gap.alike is not None:
        return f"{metric.name}: too few to compare {first} with {second}."
    if gap.low <= 0 <= gap.high:
        return f"No clear difference in {_small(metric.name)} between {first} and {second}."
    return f"{metric.name} is {'higher' if gap.value > 0 else 'lower'} in {first} than in {second}."


def _small(name: str) -> str:
    return name if name[:2].isupper() else name[:1].lower() + name[1:]
