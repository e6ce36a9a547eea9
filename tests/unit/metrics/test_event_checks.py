"""Every event ends as accepted or as refused with a reason."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.flags.decision import Arm
from rollout_core.metrics.event import ARMS, KINDS, Event, Kind, stored_values
from rollout_core.metrics.event_checks import (
    Accepted,
    Limits,
    Refusal,
    Rejected,
    Sender,
    accept,
    corrected,
    fingerprint_of,
    read_event,
    read_events,
    split_events,
)
from rollout_core.metrics.plain_events import judge_together
from rollout_core.metrics.subject_key import subject_key
from rollout_core.metrics.vital_score import vital_score

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
SERVER, BROWSER = Sender(trusted=True), Sender(trusted=False)
SOUND: dict[Kind, dict[str, Any]] = {
    Kind.EXPOSURE: {"rollout": "r", "unit": "user", "arm": "control", "epoch": 1, "inclusion": 10_000},
    Kind.FEATURE_USE: {"flag": "F"}, Kind.SESSION: {"session": "s"}, Kind.PAGE_VIEW: {"page": "/"},
    Kind.TASK: {"name": "t", "state": "started"}, Kind.WEB_VITAL: {"name": "LCP", "value": 1.0},
    Kind.API_REQUEST: {"endpoint": "/a"}, Kind.RENDER: {"name": "c", "value": 1.0}, Kind.ERROR: {"category": "api"},
    Kind.FEEDBACK: {"value": 4.0}, Kind.SUPPORT_TICKET: {}, Kind.CONVERSION: {"name": "c"},
    Kind.HEALTH_CHECK: {"name": "db", "ok": True}, Kind.SECURITY_ISSUE: {"severity": "high"},
    Kind.CUSTOM: {"name": "x"},
}


def event(kind: Kind, **fields: Any) -> Event:
    return Event(**{"event_id": "e", "kind": kind, "occurred_at": NOW, "units": {"user": "u"}, **SOUND[kind], **fields})


def judged(kind: Kind, sender: Sender = SERVER, **fields: Any) -> Accepted | Rejected:
    return accept(event(kind, **fields), sender, NOW, Limits())


def reason(verdict: Accepted | Rejected) -> Refusal | None:
    return verdict.reason if isinstance(verdict, Rejected) else None


@pytest.mark.parametrize("kind", list(Kind))
def test_an_event_with_what_its_kind_needs_is_accepted(kind: Kind) -> None:
    assert reason(judged(kind)) is None


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, rule in KINDS.items() for field in rule.needs])
def test_an_event_without_what_its_kind_needs_is_refused_naming_it(kind: Kind, field: str) -> None:
    verdict = judged(kind, **{field: None})
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Refusal.MISSING
    assert field in verdict.detail


@pytest.mark.parametrize(("kind", "fields", "expected"), [
    (Kind.PAGE_VIEW, {"units": {}}, Refusal.MISSING),
    (Kind.PAGE_VIEW, {"units": {"a": "1", "b": "1", "c": "1", "d": "1", "e": "1"}}, Refusal.TOO_MANY_UNITS),
    (Kind.PAGE_VIEW, {"units": {"user": ""}}, Refusal.NOT_ALLOWED),
    (Kind.PAGE_VIEW, {"units": {"a b": "1"}}, Refusal.NOT_ALLOWED),
    (Kind.PAGE_VIEW, {"weight": 0.0}, Refusal.NOT_ALLOWED),
    (Kind.PAGE_VIEW, {"page": "x" * 600}, Refusal.TOO_LONG),
    (Kind.PAGE_VIEW, {"attributes": {"x": "y" * 9_000}}, Refusal.TOO_LONG),
    (Kind.PAGE_VIEW, {"occurred_at": datetime(2026, 3, 8)}, Refusal.NOT_ALLOWED),
    (Kind.PAGE_VIEW, {"occurred_at": NOW + timedelta(minutes=6)}, Refusal.IN_THE_FUTURE),
    (Kind.PAGE_VIEW, {"occurred_at": NOW - timedelta(days=8)}, Refusal.TOO_LATE),
    (Kind.PAGE_VIEW, {"sent_at": NOW - timedelta(days=2)}, Refusal.CLOCK_OFF),
    (Kind.WEB_VITAL, {"name": "SPEED"}, Refusal.NOT_ALLOWED),
    (Kind.WEB_VITAL, {"value": None}, Refusal.MISSING),
    (Kind.WEB_VITAL, {"value": -1.0}, Refusal.NOT_ALLOWED),
    (Kind.WEB_VITAL, {"value": float("nan")}, Refusal.NOT_ALLOWED),
    (Kind.FEEDBACK, {"value": 5.5}, Refusal.NOT_ALLOWED),
    (Kind.FEEDBACK, {"value": 0.0}, Refusal.NOT_ALLOWED),
    (Kind.FEEDBACK, {"value": 0.0, "scale": (0.0, 5.0)}, None),
    (Kind.FEEDBACK, {"value": 9.0, "name": "nps"}, None),
    (Kind.TASK, {"state": "forgotten"}, Refusal.NOT_ALLOWED),
    (Kind.ERROR, {"severity": "fatal"}, Refusal.NOT_ALLOWED),
    (Kind.HEALTH_CHECK, {"units": {}}, None),
    (Kind.EXPOSURE, {"arm": "blue"}, Refusal.NOT_ALLOWED),
    (Kind.EXPOSURE, {"epoch": None}, Refusal.MISSING),
    (Kind.EXPOSURE, {"inclusion": 100_001}, Refusal.NOT_ALLOWED),
    (Kind.EXPOSURE, {"units": {"workspace": "w"}}, Refusal.MISSING),
])
def test_unbelievable_values_are_refused_with_their_reason(kind: Kind, fields: dict[str, Any],
                                                           expected: Refusal | None) -> None:
    assert reason(judged(kind, **fields)) is expected


def test_a_browser_s_exposure_needs_no_arm_since_none_would_be_believed() -> None:
    verdict = judged(Kind.EXPOSURE, BROWSER, arm=None, epoch=None, inclusion=None)
    assert isinstance(verdict, Accepted)
    assert not verdict.trusted


def test_history_may_be_of_any_age_when_it_is_imported() -> None:
    old = event(Kind.PAGE_VIEW, occurred_at=NOW - timedelta(days=9_000))
    assert isinstance(accept(old, Sender(trusted=True, historical=True), NOW, Limits()), Accepted)


@pytest.mark.parametrize(("off_seconds", "moved_seconds"), [(29, 0), (30, 30), (-3_600, -3_600), (86_400, 86_400)])
def test_a_client_s_clock_is_corrected_from_30_seconds_on(off_seconds: int, moved_seconds: int) -> None:
    sent_at = NOW - timedelta(seconds=off_seconds)
    found = corrected(NOW, sent_at, NOW, Limits())
    assert isinstance(found, datetime)
    assert found - NOW == timedelta(seconds=moved_seconds)


def test_the_client_s_own_time_is_kept_beside_the_corrected_one() -> None:
    verdict = judged(Kind.PAGE_VIEW, occurred_at=NOW - timedelta(hours=1), sent_at=NOW - timedelta(hours=1))
    assert isinstance(verdict, Accepted)
    assert (verdict.occurred_at, verdict.event.occurred_at) == (NOW, NOW - timedelta(hours=1))


def test_one_bad_event_does_not_sink_its_batch() -> None:
    good = {"event_id": "a", "kind": "page_view", "occurred_at": "2026-03-08T12:00:00Z", "page": "/"}
    found = read_events(json.dumps([good, {**good, "event_id": "b", "kind": "nonsense"}, {**good, "colour": 1},
                                    17]).encode())
    assert isinstance(found[0], Event)
    assert [(bad.reason, bad.event_id) for bad in found[1:] if isinstance(bad, Rejected)] == [
        (Refusal.UNREADABLE, "b"), (Refusal.UNREADABLE, "a"), (Refusal.UNREADABLE, None)]


@pytest.mark.parametrize("odd", [b'"page":"\xff"', b'"\xff":1', b'"event_id":"\xed\xa0\x80"', b'"name":"\xc3"'])
def test_a_text_that_is_no_utf_8_does_not_sink_its_batch(odd: bytes) -> None:
    good = b'{"event_id":"a","kind":"page_view","occurred_at":"2026-03-08T12:00:00Z","page":"/","units":{"user":"u"}}'
    body = b"[" + good[:-1] + b"," + odd + b"}," + good + b"]"
    bad, read = read_events(body)
    assert isinstance(bad, Rejected)
    assert bad.reason is Refusal.UNREADABLE
    assert isinstance(read, Event)
    together = judge_together(split_events(body), Sender(trusted=True), NOW, Limits())
    assert [type(each) for each in together.events] == [Rejected, str]


@pytest.mark.parametrize("body", [b"", b"{}", b'"x"', b"[", b"null"])
def test_what_is_no_array_is_no_batch(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a JSON array"):
        read_events(body)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(ValueError):
        assert all(isinstance(found, (Event, Rejected)) for found in read_events(body))


def test_values_are_stored_in_the_smallest_unit() -> None:
    # 2.5 ms are 2,500 microseconds; a CLS of 0.1 is 100,000 millionths; a score of 4.5 is 4,500,000 millionths
    assert stored_values(Kind.WEB_VITAL, ["LCP", "CLS"], [2.5, 0.1]) == [2_500, 100_000]
    assert stored_values(Kind.FEEDBACK, [None, None], [4.5, None]) == [4_500_000, None]


def test_errors_group_by_their_message_with_its_numbers_masked() -> None:
    first, second, other = (fingerprint_of(None, "api", "ApiError", text)
                            for text in ("user 17 at 0xff", "user 4 at 0xaa", "else"))
    assert first == second != other
    assert fingerprint_of("own", "api", "ApiError", "user 17") == "own"


def test_subject_keys_are_the_first_8_bytes_of_the_hmac() -> None:
    # printf 'user:u1' | openssl dgst -sha256 -hmac key, first 16 hex digits, bytes reversed
    digest = "85758df492eed1ef"
    assert subject_key(b"key", "user", "u1") == int.from_bytes(bytes.fromhex(digest)[:8], "little")
    assert subject_key(b"key", "workspace", "u1") != subject_key(b"key", "user", "u1")


def test_a_vital_at_its_good_limit_scores_90_and_at_its_poor_limit_50() -> None:
    assert vital_score("LCP", 2_500) == pytest.approx(0.9, abs=1e-12)
    assert vital_score("INP", 500) == pytest.approx(0.5, abs=1e-12)
    assert vital_score("CLS", 0.0) == 1.0


def test_the_arms_of_events_are_the_arms_of_decisions() -> None:
    assert set(ARMS) == {arm.value for arm in Arm}


@pytest.mark.parametrize(("kind", "fields"), [
    (Kind.API_REQUEST, {"status": 99_999}), (Kind.API_REQUEST, {"status": -1}),
    (Kind.EXPOSURE, {"epoch": 10**15}), (Kind.EXPOSURE, {"inclusion": 10**15}), (Kind.EXPOSURE, {"unit": "x; --"}),
    (Kind.FEEDBACK, {"scale": (0.0, 1e6)}), (Kind.FEEDBACK, {"scale": (-1e300, 1e300), "value": 1e299}),
    (Kind.FEEDBACK, {"scale": (5.0, 1.0)}), (Kind.PAGE_VIEW, {"weight": 1e-9}),
    (Kind.PAGE_VIEW, {"occurred_at": datetime.max.replace(tzinfo=UTC), "sent_at": NOW - timedelta(hours=1)}),
    (Kind.PAGE_VIEW, {"occurred_at": datetime.min.replace(tzinfo=UTC), "sent_at": NOW + timedelta(hours=1)}),
    (Kind.PAGE_VIEW, {"occurred_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))}),
    (Kind.PAGE_VIEW, {"sent_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))}),
])
@pytest.mark.parametrize("sender", [SERVER, BROWSER])
def test_what_no_column_holds_is_refused_alone_and_does_not_sink_its_batch(
        kind: Kind, fields: dict[str, Any], sender: Sender) -> None:
    assert reason(judged(kind, sender, **fields)) is Refusal.NOT_ALLOWED


def test_strangers_name_no_unit_that_nothing_is_rolled_out_by() -> None:
    """A store has four slots for units: four invented ones under the public key would shut everybody else out."""
    stranger = Sender(trusted=False, units=frozenset({"user"}))
    assert reason(judged(Kind.PAGE_VIEW, stranger)) is None
    assert reason(judged(Kind.PAGE_VIEW, stranger, units={"user": "u", "invented": "x"})) is Refusal.NOT_ALLOWED
    assert reason(judged(Kind.EXPOSURE, stranger, unit="invented", subject="x")) is Refusal.NOT_ALLOWED
    assert reason(judged(Kind.PAGE_VIEW, BROWSER, units={"workspace": "x"})) is None


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
                                  b'[{"attributes": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}]"])
def test_a_body_nested_without_end_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        read_events(body)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are() -> None:
    refused = read_event(b'{"event_id": "1", "kind": "pageview", "occurred_at": "2026-01-01T00:00:00Z"}')
    assert isinstance(refused, Rejected)
    assert refused.detail.startswith("Invalid enum value 'pageview' - at `$.kind`; allowed: ")
    assert all(kind in refused.detail.partition("allowed: ")[2].split(", ") for kind in Kind)
