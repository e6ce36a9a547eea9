"""Judging many events together says what judging each of them says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.metrics.event import KINDS, Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Rejected, Sender, accept, read_event, split_events
from rollout_core.metrics.event_sheet import fields_of
from rollout_core.metrics.plain_events import PlainEvent, all_pass, judge_together
from tests.unit.metrics.test_event_checks import SOUND

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
SERVER, BROWSER = Sender(trusted=True), Sender(trusted=False, units=frozenset(("user", "workspace")))


def sent(kind: Kind, number: int = 0, /, **fields: Any) -> dict[str, Any]:
    """An event as it comes over the wire; fields that are None are left out."""
    made = {"event_id": f"e{number}", "kind": kind.value, "occurred_at": "2026-03-08T11:59:00Z", "units": {"user": "u"},
            **SOUND[kind], **fields}
    return {name: value for name, value in made.items() if value is not None}


def as_judged(found: Accepted | Rejected) -> Any:
    """What was said of an event, whatever type it was read as."""
    return (msgspec.to_builtins(found.event), found.occurred_at, found.received_at, found.trusted) \
        if isinstance(found, Accepted) else found


def told_together(parts: list[msgspec.Raw], sender: Sender, limits: Limits) -> list[Any]:
    """What is said of each when they are judged together."""
    judged = judge_together(parts, sender, NOW, limits)
    accepted = [*judged.apart, *(each for sheet in judged.sheets for each in sheet.accepted())]
    by_id = {each.event.event_id: as_judged(each) for each in accepted}
    assert len(by_id) == len(accepted)
    return [each if isinstance(each, Rejected) else by_id[each] for each in judged.events]


LIMITS = Limits()


def alone_and_together(events: list[Any], sender: Sender, limits: Limits = LIMITS) -> tuple[list[Any], list[Any]]:
    """What each event is told when it is judged alone, and with the others."""
    parts = split_events(msgspec.json.encode(events))
    read = [read_event(bytes(part)) for part in parts]
    alone = [each if isinstance(each, Rejected) else accept(each, sender, NOW, limits) for each in read]
    return [as_judged(each) for each in alone], told_together(parts, sender, limits)


@pytest.mark.parametrize("strange", [
    {"page": "/a\0b"}, {"event_id": "e\0"}, {"units": {"user": "u\0"}}, {"release": "\0"},
    {"attributes": {"a": ["\0"]}}], ids=str)
def test_a_text_that_sql_would_end_at_is_refused_alone_and_together(strange: dict[str, Any]) -> None:
    events = [sent(Kind.PAGE_VIEW, 1), sent(Kind.PAGE_VIEW, 2, **strange), sent(Kind.PAGE_VIEW, 3)]
    alone, together = alone_and_together(events, BROWSER)
    assert alone == together
    assert [isinstance(each, Rejected) for each in together] == [False, True, False]
    assert "U+0000" in together[1].detail


def test_a_text_that_only_speaks_of_it_is_none_of_them() -> None:
    alone, together = alone_and_together([sent(Kind.PAGE_VIEW, 1, page=r"/about/\u0000")], BROWSER)
    assert alone == together
    assert not isinstance(together[0], Rejected)


@pytest.mark.parametrize("sender", [SERVER, BROWSER], ids=["server", "browser"])
@pytest.mark.parametrize("kind", list(Kind))
def test_sound_events_of_a_kind_pass_together(kind: Kind, sender: Sender) -> None:
    read = msgspec.json.decode(msgspec.json.encode([sent(kind, 1), sent(kind, 2)]), type=list[PlainEvent])
    assert all_pass(kind, fields_of(read), sender, NOW, Limits())


STRANGE: list[tuple[Kind, dict[str, Any]]] = [
    *((kind, {field: absent}) for kind, rule in KINDS.items() for field in rule.needs for absent in (None, "")
      if not (field == "ok" and absent == "")),
    (Kind.PAGE_VIEW, {"units": {}}), (Kind.PAGE_VIEW, {"units": {}, "subject": "u"}),
    (Kind.PAGE_VIEW, {"units": dict.fromkeys("abcde", "1")}), (Kind.PAGE_VIEW, {"units": {"user": ""}}),
    (Kind.PAGE_VIEW, {"units": {"a b": "1"}}), (Kind.PAGE_VIEW, {"units": {"tenant": "1"}}),
    (Kind.PAGE_VIEW, {"unit": "tenant"}), (Kind.PAGE_VIEW, {"unit": "a b"}),
    (Kind.PAGE_VIEW, {"units": {"user": "x" * 513}}), (Kind.PAGE_VIEW, {"event_id": ""}),
    (Kind.PAGE_VIEW, {"weight": 0.0}), (Kind.PAGE_VIEW, {"weight": 2e6}), (Kind.PAGE_VIEW, {"page": "x" * 513}),
    (Kind.PAGE_VIEW, {"event_id": "x" * 513}), (Kind.PAGE_VIEW, {"message": "x" * 2_000}),
    (Kind.PAGE_VIEW, {"message": "x" * 2_001}), (Kind.PAGE_VIEW, {"attributes": {"x": "y" * 9_000}}),
    (Kind.PAGE_VIEW, {"attributes": {"plan": "free"}}), (Kind.PAGE_VIEW, {"occurred_at": "2026-03-08T12:00:00"}),
    (Kind.PAGE_VIEW, {"occurred_at": "2026-03-08T12:05:00Z"}),
    (Kind.PAGE_VIEW, {"occurred_at": "2026-03-08T12:05:01Z"}),
    (Kind.PAGE_VIEW, {"occurred_at": "2026-03-01T12:00:00Z"}),
    (Kind.PAGE_VIEW, {"occurred_at": "2026-03-01T11:59:59Z"}),
    (Kind.PAGE_VIEW, {"sent_at": "2026-03-08T12:00:00Z"}), (Kind.PAGE_VIEW, {"sent_at": "2026-03-08T11:59:30Z"}),
    (Kind.PAGE_VIEW, {"sent_at": "2026-03-08T12:00:30Z"}), (Kind.PAGE_VIEW, {"sent_at": "2026-03-06T12:00:00Z"}),
    (Kind.PAGE_VIEW, {"status": 1_000}), (Kind.PAGE_VIEW, {"inclusion": -1}), (Kind.PAGE_VIEW, {"epoch": 2**31}),
    (Kind.PAGE_VIEW, {"severity": "fatal"}), (Kind.PAGE_VIEW, {"colour": 1}), (Kind.PAGE_VIEW, {"kind": "nonsense"}),
    (Kind.WEB_VITAL, {"name": "SPEED"}), (Kind.WEB_VITAL, {"value": None}), (Kind.WEB_VITAL, {"value": -1.0}),
    (Kind.WEB_VITAL, {"name": "CLS", "value": 10_000.0}), (Kind.WEB_VITAL, {"name": "CLS", "value": 10_000.5}),
    (Kind.WEB_VITAL, {"value": 86_400_001.0}), (Kind.WEB_VITAL, {"scale": [5.0, 1.0]}),
    (Kind.CUSTOM, {"value": -1e9}), (Kind.CUSTOM, {"value": -1.1e9}), (Kind.CUSTOM, {"value": 1e300}),
    (Kind.FEEDBACK, {"value": 5.5}), (Kind.FEEDBACK, {"value": 9.0, "name": "nps"}), (Kind.FEEDBACK, {"value": None}),
    (Kind.FEEDBACK, {"scale": [5.0, 5.0], "value": 5.0}), (Kind.FEEDBACK, {"scale": [0.0, 2_000.5]}),
    (Kind.FEEDBACK, {"value": 0.0, "scale": [0.0, 5.0]}),
    (Kind.TASK, {"state": "forgotten"}), (Kind.SUPPORT_TICKET, {"state": "started"}),
    (Kind.SUPPORT_TICKET, {"units": {}}),
    (Kind.EXPOSURE, {"arm": "blue"}), (Kind.EXPOSURE, {"arm": None}), (Kind.EXPOSURE, {"epoch": None}),
    (Kind.EXPOSURE, {"inclusion": None}), (Kind.EXPOSURE, {"inclusion": 100_001}),
    (Kind.EXPOSURE, {"units": {"workspace": "w"}}), (Kind.EXPOSURE, {"units": {"workspace": "w"}, "subject": "u"}),
]


@pytest.mark.parametrize("sender", [SERVER, BROWSER, Sender(trusted=True, historical=True)],
                         ids=["server", "browser", "import"])
@pytest.mark.parametrize(("kind", "fields"), STRANGE)
def test_a_strange_event_among_sound_ones_is_told_what_it_is_told_alone(kind: Kind, fields: dict[str, Any],
                                                                       sender: Sender) -> None:
    alone, together = alone_and_together([sent(kind, 1), sent(kind, 2, **fields), sent(kind, 3)], sender)
    assert together == alone


def test_limits_of_the_caller_count() -> None:
    batch = [sent(Kind.PAGE_VIEW, number, message="x" * 11) for number in range(3)]
    alone, together = alone_and_together(batch, SERVER, Limits(max_text=10, late_limit=timedelta(seconds=30)))
    assert together == alone
    assert all(isinstance(found, Rejected) for found in together)


_texts = st.sampled_from(["", "a", "LCP", "CLS", "started", "opened", "treatment", "user", "x" * 600])
_numbers = st.sampled_from([-1, 0, 1, 5, 100_000, 100_001, 2**31, 0.5, -0.0, 1e9, 1e12])
_times = st.integers(-700_000, 700).map(lambda s: (NOW + timedelta(seconds=s)).isoformat()) | st.sampled_from(
    ["2026-03-08T12:00:00", "2026-03-08", "0001-01-01T00:00:00Z", "2026-03-08T12:00:00+23:59"])
_fields = st.fixed_dictionaries({}, optional={
    **dict.fromkeys(("page", "name", "state", "unit", "subject", "arm", "severity", "message", "session"), _texts),
    **dict.fromkeys(("value", "weight", "status", "epoch", "inclusion"), _numbers),
    "units": st.dictionaries(_texts, _texts, max_size=5), "occurred_at": _times, "sent_at": _times,
    "scale": st.tuples(_numbers, _numbers), "ok": st.booleans() | st.none(),
    "attributes": st.dictionaries(_texts, _numbers | _texts, max_size=3)})


@given(st.lists(st.tuples(st.sampled_from([Kind.EXPOSURE, Kind.WEB_VITAL, Kind.TASK, Kind.CUSTOM, Kind.FEEDBACK]),
                          _fields), max_size=5), st.sampled_from([SERVER, BROWSER]))
def test_whatever_is_sent_is_told_the_same_alone_and_together(drawn: list[tuple[Kind, dict[str, Any]]],
                                                              sender: Sender) -> None:
    events = [sent(kind, number, **fields) for number, (kind, fields) in enumerate(drawn)]
    alone, together = alone_and_together(events, sender)
    assert together == alone


def test_a_plain_event_has_the_fields_of_an_event_in_their_order_with_their_defaults() -> None:
    fields = [(field.name, field.default, field.default_factory) for field in msgspec.structs.fields(PlainEvent)]
    assert fields == [(field.name, field.default, field.default_factory) for field in msgspec.structs.fields(Event)]
