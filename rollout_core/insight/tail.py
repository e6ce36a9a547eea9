"""What happened after the watermark, read once a look for each sort of event; every question takes its rows from that.

Reading some minutes of raw events costs much the same whatever is asked of them, most of it planning, so everything
that the events of one sort feed is asked at once (`Tail`) in the finest groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from rollout_core.insight.two_parts import Row, SharedRows, summed
from rollout_core.metrics.event import Kind
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import TAIL_COLUMNS, Histogram, Ratings, Rows, Timeline, TimelineBins, Totals

LONGEST = timedelta(hours=1)
"""Longer tails (a store whose windows were never closed) are asked question by question: so fine they are too many."""

MINUTE = timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALWAYS = Window(EPOCH, datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that come from the same events; nothing of them is there without an event of `kind`. A name that ends in
    ":" stands for all that it begins."""

    kind: Kind
    metrics: tuple[str, ...]

    @property
    def name(self) -> str:
        """The metric that stands for all of them in a question about the tail."""
        return self.metrics[0]


FAMILIES: tuple[Family, ...] = (
    Family(Kind.EXPOSURE, ("exposures",)),
    Family(Kind.FEATURE_USE, ("feature_use",)),
    Family(Kind.SESSION, ("session_errors", "session_critical_errors", "session_duration")),
    Family(Kind.SESSION, ("session_errors:",)),
    Family(Kind.PAGE_VIEW, ("page_views",)),
    Family(Kind.TASK, ("tasks",)),
    Family(Kind.WEB_VITAL, ("vital:", "vital_good:", "vital_poor:")),
    Family(Kind.WEB_VITAL, ("page_load_score", "good_loads")),
    Family(Kind.API_REQUEST, ("request_errors", "request_duration")),
    Family(Kind.RENDER, ("render",)),
    Family(Kind.ERROR, ("errors", "errors:", "errors_severity:")),
    Family(Kind.FEEDBACK, ("feedback", "nps")),
    Family(Kind.SUPPORT_TICKET, ("tickets",)),
    Family(Kind.CONVERSION, ("conversions", "conversion:")),
    Family(Kind.HEALTH_CHECK, ("health_checks",)),
    Family(Kind.SECURITY_ISSUE, ("security_issues",)),
    Family(Kind.CUSTOM, ("custom:",)),
)
"""What the store accumulates, by what it is made of; a test holds it equal to storage/accumulations.py."""


def families_of(question: Any, now: datetime) -> tuple[Family, ...] | None:
    """The families that a question is about; None for one that is asked as it is: of another sort, narrowed to a part
    of the events, of an unknown metric, too long, or finer than what a tail says."""
    if type(question) not in TAKEN or question.window.until_at - question.window.since_at > LONGEST:
        return None
    if isinstance(question, Timeline | TimelineBins) and (question.where or question.bucket_seconds % 60):
        return None
    if question.window.until_at > now:
        return None
    found = {metric: family_of(metric) for metric in _metrics_of(question)}
    return tuple(dict.fromkeys(each for each in found.values() if each)) if all(found.values()) else None


def _metrics_of(question: Any) -> tuple[str, ...]:
    return ("feedback",) if isinstance(question, Ratings) else question.metrics


def family_of(metric: str) -> Family | None:
    """The family of a store metric."""
    head = metric[:metric.find(":") + 1]
    return next((family for family in FAMILIES if metric in family.metrics or head in family.metrics), None)


def reach(question: Totals | Histogram | Ratings | Timeline | TimelineBins, now: datetime) -> datetime:
    """Until when the tail is read: to now, which all questions of a look share, where its minutes tell what to leave
    out."""
    window = question.window
    whole = (window.until_at - EPOCH) % MINUTE == timedelta(0)
    by_day = isinstance(question, Ratings) or (isinstance(question, Histogram) and question.slice != "")
    near = now - window.since_at <= LONGEST
    return now if whole and near and not by_day else window.until_at


def taken(question: Any, tail: Rows) -> list[Row]:
    """The rows of a question out of a tail that holds its families; a group may stand in it several times."""
    return list(TAKEN[type(question)](question, tail))


def shared_sums(question: Any, parts: Sequence[list[Row]]) -> SharedRows | None:
    """The rows of a question that reaches to now, added up, of tails that looks share: made once for all of them. None
    where one of the tails is this look's own."""
    first, *others = parts or ([],)
    if not isinstance(first, SharedRows) or not all(isinstance(part, SharedRows) for part in others):
        return None
    asked = replace(question, window=ALWAYS)
    what = ("sums", asked, tuple(map(id, others)))
    _, rows = first.made(what, lambda: (others, SharedRows(summed(
        (row for part in parts for row in taken(asked, Rows(TAIL_COLUMNS, part))), type(question)))))
    found: SharedRows = rows
    return found


def by_family(tail: Rows) -> dict[str, list[Row]]:
    """The rows of each family, by its name."""
    found: dict[str, list[Row]] = {}
    names: dict[str, str] = {}
    for row in tail.rows:
        metric = row[METRIC]
        name = names.get(metric)
        if name is None:
            family = family_of("feedback" if row[WHAT] == "ratings" else metric)
            name = names[metric] = family.name if family else metric
        found.setdefault(name, []).append(row)
    return found


def _sums(question: Totals, tail: Rows) -> Iterator[Row]:
    picks = [PICKS[name] for name in question.by]
    for row in _asked(question, "sums", tail):
        if (not question.arms or row[ARM] in question.arms) and question.flag in (None, row[FLAG]):
            yield (*(pick(row) for pick in picks), *row[NUMBERS:])


def _bins(question: Histogram, tail: Rows) -> Iterator[Row]:
    picks = [PICKS[name] for name in question.by]
    for row in _asked(question, "bins", tail):
        if (not question.arms or row[ARM] in question.arms) and question.slice in (None, row[SLICE]):
            yield (*(pick(row) for pick in picks), row[BIN], row[NUMBERS])


def _ratings(question: Ratings, tail: Rows) -> Iterator[Row]:
    picks = [PICKS[name] for name in question.by]
    for row in tail.rows:
        if row[WHAT] == "ratings" and row[METRIC] == question.metric:
            low, _, high = row[SLICE].partition(":")
            yield (*(pick(row) for pick in picks), int(low), int(high), row[BIN], row[NUMBERS])


def _over_time(question: Timeline, tail: Rows) -> Iterator[Row]:
    width = timedelta(seconds=question.bucket_seconds)
    for row in _asked(question, "sums", tail):
        n, _, s, ss = row[NUMBERS:NUMBERS + 4]
        yield (row[AT] - (row[AT] - EPOCH) % width, row[METRIC], row[ARM], n, s, ss)


def _bins_over_time(question: TimelineBins, tail: Rows) -> Iterator[Row]:
    width = timedelta(seconds=question.bucket_seconds)
    for row in _asked(question, "bins", tail):
        if row[SLICE] == "":
            yield (row[AT] - (row[AT] - EPOCH) % width, row[METRIC], row[ARM], row[BIN], row[NUMBERS])


def _asked(question: Any, what: str, tail: Rows) -> Iterator[Row]:
    """Rows of one sort about the metrics of a question that begin before its end."""
    wanted, until_at = set(question.metrics), question.window.until_at
    return (row for row in tail.rows if row[WHAT] == what and row[METRIC] in wanted and row[AT] < until_at)


WHAT, METRIC, ARM, AT, FLAG, SLICE, BIN, NUMBERS = (
    TAIL_COLUMNS.index(name) for name in ("what", "metric", "arm", "at", "flag", "slice", "b", "n"))

PICKS: Mapping[str, Callable[[Row], Any]] = {
    **{name: itemgetter(TAIL_COLUMNS.index(name))
       for name in ("metric", "arm", "epoch", "inclusion", "flag", "slice")},
    "hour": lambda row: row[AT].replace(minute=0),
    "day": lambda row: row[AT].date(),
}
"""What a question groups by -> where it stands in a row of a tail."""

TAKEN: Mapping[type, Callable[[Any, Rows], Iterator[Row]]] = {
    Totals: _sums, Histogram: _bins, Ratings: _ratings, Timeline: _over_time, TimelineBins: _bins_over_time,
}

