"""Pieces of the Dashboard page: how fresh it is, the numbers of the window as cards, and four charts."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from pages.panels.evidence import alike, verdict
from pages.panels.furniture import chart, drawn, section
from pages.panels.page import Here, part
from pages.panels.rollout_card import planned_and_real
from pages.panels.series_chart import over_time_chart
from pages.panels.states import arrival
from rollout_core.charts import drawings, formats, words
from rollout_core.charts.over_time import score_curve
from rollout_core.charts.traffic import traffic_chart
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.insight.health import HealthRequest
from rollout_core.insight.metrics import MetricRow, MetricsRequest
from rollout_core.insight.rollouts import RolloutEntry
from rollout_core.insight.series import SeriesRequest
from rollout_core.insight.status import HealthBrief, StatusAnswer, StatusRequest
from rollout_core.insight.traffic import TrafficAnswer, TrafficRequest
from rollout_core.metrics.catalog import LOWER
from rollout_core.metrics.measured import Measured, Quality

VITALS = ("LCP", "INP", "CLS", "FCP", "TTFB")
SHOWN = ("error_rate", "lcp_p75", "inp_p75", "api_response_p95")
"""What the cards show of the window; adoption needs people who are old enough, so it is asked for since the start."""
RECENT = 15
"""Minutes that "now" is: fewer show noise where little is used."""
POINTS = 36
"""Half the width of a page each, so half the points of other charts."""
MINUTE, BUCKET = timedelta(minutes=1), timedelta(minutes=5)


def numbers(here: Here, entry: RolloutEntry, window: str, label: str, *, still: bool) -> None:
    """The line that says how fresh it is, then a card per number."""
    rows = [*here.ask("metrics", MetricsRequest(entry.key, SHOWN, window=window), settled=True).rows,
            *here.ask("metrics", MetricsRequest(entry.key, ("adoption_rate",), window="rollout"), settled=True).rows]
    status: StatusAnswer = here.ask("status", StatusRequest(entry.key))
    traffic: TrafficAnswer = here.ask("traffic", TrafficRequest(entry.key, "hour"))
    fresh(here, entry, traffic, still=still, partly=any(row.treatment.quality is Quality.STALE for row in rows))
    with st.grid(4, min_column_width=165, gap="xsmall"):
        with st.container(border=True, gap="xsmall", height="stretch"):
            _health(entry.name, status.health)
        with st.container(border=True, gap="xsmall", height="stretch"):
            _traffic(here, traffic)
        for row in rows:
            with st.container(border=True, gap="xsmall", height="stretch"):
                _number(here, row, traffic)
        with st.container(border=True, gap="xsmall", height="stretch"):
            st.markdown(f"**Who has it**  \n{quiet('now')}")
            st.markdown(f"## {status.share.percentage:g}%", anchors=False)
            st.markdown(quiet(planned_and_real(status.share)))
    st.markdown(quiet(f"{label} (adoption: since the start), treatment with its 95% interval. Like with like: only "
                      "people who could have been in either arm are compared, under the same shares."))


def fresh(here: Here, entry: RolloutEntry, traffic: TrafficAnswer, *, still: bool, partly: bool = False) -> None:
    """Live, quiet, paused, stale since when, or never received anything. `partly`: some numbers shown are stale."""
    last = traffic.heard_at
    marks = [words.of(words.STATUS, entry.status).badge]
    if still:
        marks.append(badge(f"Paused at {here.when(here.now)}", "gray", "pause_circle"))
    if last is None:
        st.info("No event was received yet, so there is nothing to show.", icon=":material/sensors_off:")
        st.page_link("insight/getting_started.py", label="Connect a source", icon=":material/rocket_launch:")
        return
    if traffic.stale:
        of = traffic.last_event_at
        st.warning(f"Numbers are from {here.when(of)}, {formats.ago(of, here.now)}. Nothing has arrived since: "
                   "look at what sends the events, or at Settings for refused ones.", icon=":material/history:")
    elif not still:
        marks.append(arrival(last, here.now, timedelta(seconds=traffic.stale_after_seconds), partly=partly))
    st.markdown(f"{' '.join(marks)} {quiet(f'last event {here.when(last)}, {formats.ago(last, here.now)}')}")


def _health(name: str, health: HealthBrief) -> None:
    st.markdown(f"**Health**  \n{quiet('of 100, now')}")
    if not health.inputs_with_data:
        st.markdown(f"{words.NO_DATA.badge}  \n{drawings.hatch(f'Health of {name}: no data', 150)}")
        return
    word = words.health_word(health.score, health.provisional)
    st.markdown(f"## {health.score}", anchors=False)
    spark = drawings.spark(health.spark, f"Health of {name} over 24 hours, now {health.score}", colour=word.mark,
                           width=120)
    inputs = quiet(f"{health.inputs_with_data} of {health.inputs} inputs") if health.provisional else ""
    st.markdown("  \n".join(filter(None, (word.badge, spark, inputs))))


def _traffic(here: Here, traffic: TrafficAnswer) -> None:
    st.markdown(f"**Traffic**  \n{quiet(f'events per minute, last {RECENT} min')}")
    now = [_mean(flow.per_minute[-RECENT:]) for flow in traffic.flows]
    known = [each for each in now if each is not None]
    curve = [_total(values) for values in zip(*(flow.per_minute for flow in traffic.flows), strict=True)]
    most = max((value for value in curve if value is not None), default=0.0)
    spark = drawings.spark(curve, "Events per minute over the last hour", (0, most or 1), width=120)
    if not known or traffic.stale:
        st.markdown(f"{words.NO_DATA.badge}  \n{drawings.hatch('Traffic: nothing is received', 150)}")
        return
    st.markdown(f"## {formats.number(sum(known), 0 if sum(known) >= 10 else 1)}", anchors=False)
    parts = [f"{formats.number(value, 0 if value >= 10 else 1)} {flow.name.lower()}"
             for flow, value in zip(traffic.flows, now, strict=True) if value is not None]
    st.markdown(f"{spark}  \n{quiet(', '.join(parts))}")


def _total(values: tuple[float | None, ...]) -> float | None:
    """What is known of one minute, all kinds together; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(values: tuple[float | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _number(here: Here, row: MetricRow, traffic: TrafficAnswer) -> None:
    treatment = row.treatment
    st.markdown(f"**{plain(row.name)}**  \n{quiet('treatment')}")
    if treatment.value is None:
        hatch = drawings.hatch(f"{row.name}: no data", 150)
        st.markdown(f"{words.NO_DATA.badge}  \n{hatch}  \n{quiet(plain(treatment.note or 'nothing in this window'))}")
        return
    st.markdown(f"## {formats.in_unit(treatment.value, treatment.unit)}", anchors=False)
    stale = treatment.quality is Quality.STALE
    mark = badge("Stale", "yellow", "history") if stale else _word(row).badge
    since = traffic.newest_of(row.key) or traffic.last_event_at
    as_of = f" as of {here.when(since)}" if stale else ""
    st.markdown("  \n".join([f"{mark}{quiet(as_of)}", *map(quiet, filter(None, (
        _around(treatment), _control(row), _alike(row))))]))


def _word(row: MetricRow) -> words.Word:
    change = row.change
    if change.value is None or change.low is None or change.high is None:
        return words.NOT_COMPARED
    return verdict(change, row.direction == LOWER)


def _alike(row: MetricRow) -> str:
    """The difference that the word was found by, and the two values it is of."""
    change = row.change
    if change.value is None or change.low is None or change.high is None:
        return ""
    if change.quality is Quality.FEW:
        return f"too few to compare, {alike(change)}"
    return (f"{formats.difference(change.value, change.unit)} "
            f"{formats.signed_interval(change.low, change.high, change.unit)}, {alike(change) or 'like with like'}")


def _around(measured: Measured) -> str:
    return " · ".join(each for each in (formats.interval(measured.low, measured.high, measured.unit),
                                        formats.counted(measured.n, measured.noun)) if each)


def _control(row: MetricRow) -> str:
    if row.change.alike is not None:
        return ""
    return ("no control" if row.control.value is None
            else f"control {formats.in_unit(row.control.value, row.control.unit)}")


def charts(here: Here, entry: RolloutEntry, window: str, vital: str) -> None:
    """Four charts up to the last complete bucket: they change only when there is a new one."""
    until = completed(here.now, MINUTE if window == "hour" else BUCKET)
    left, right = st.columns(2, gap="large")
    with left, part():
        over_time_chart(here, SeriesRequest("error_rate", entry.key, window, until_at=until), "Do errors rise?",
                        "Error rate by arm", POINTS)
    with right, part():
        over_time_chart(here, SeriesRequest(f"{vital.lower()}_p75", entry.key, window, until_at=until),
                        f"Is it slower? {vital} at p75", "3 of 4 page views were faster", POINTS)
    left, right = st.columns(2, gap="large")
    with left, part():
        traffic = here.ask("traffic", TrafficRequest(entry.key, window, until_at=until, points=POINTS), settled=True)
        width = formats.span(timedelta(seconds=traffic.bucket_seconds))
        section("Is it used?", f"Events per minute, per {width} · everybody, by kind · gap: nothing was received")
        chart(drawn(traffic_chart, traffic, here.theme, here.local), "Events per minute by kind", "live-traffic")
    with right, part():
        health = here.ask("health", HealthRequest(entry.key, window), settled=True)
        section("Is it healthy?", "Health score · higher is better · gap: nothing to compute from")
        chart(drawn(score_curve, health, here.theme, here.local, 280),
              f"Health score, now {health.health.score} of 100", "live-health")


def completed(now: datetime, bucket: timedelta) -> datetime:
    """The end of the last bucket that is over."""
    seconds = int(bucket.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
