"""Many events judged together: what nothing speaks against passes by columns, everything else goes to `accept`.

`accept` alone says what is refused and why. Here passes only what it would accept for certain: lengths and numbers are
limited by the types of `PlainEvent`, so that reading the JSON checks them, and the rest is asked of all events of a
kind at once. Where that is not certain, each event of the kind is judged by itself. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import NODEFAULT, Meta

from rollout_core.metrics.event import ARMS, KINDS, MAX_UNITS, SEVERITIES, Event, Kind, value_rule
from rollout_core.metrics.event_checks import (
    BUCKETS,
    LAST_EPOCH,
    LAST_STATUS,
    LEAST_WEIGHT,
    LONG_TEXTS,
    MOST_WEIGHT,
    SHORT,
    SHORT_TEXTS,
    Accepted,
    Limits,
    Rejected,
    Sender,
    accept,
    is_name,
    read_event,
)

_Id = Annotated[str, Meta(min_length=1, max_length=SHORT)]
_Instant = Annotated[datetime, Meta(tz=True)]
_NARROWER: dict[str, Any] = {
    **{field: Annotated[str, Meta(max_length=SHORT)] | None for field in SHORT_TEXTS},
    **{field: Annotated[int, Meta(ge=0, le=most)] | None
       for field, most in (("inclusion", BUCKETS), ("epoch", LAST_EPOCH), ("status", LAST_STATUS))},
    "event_id": _Id,
    "units": Annotated[dict[str, _Id], Meta(max_length=MAX_UNITS)],
    "occurred_at": _Instant,
    "sent_at": _Instant | None,
    "weight": Annotated[float, Meta(ge=LEAST_WEIGHT, le=MOST_WEIGHT)],
    "severity": Literal[SEVERITIES] | None,
}


def _narrowed(field: msgspec.structs.FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    """The field of `Event` with its narrower type and the same default."""
    made = msgspec.field(default_factory=field.default_factory) if field.default_factory is not NODEFAULT \
        else field.default
    return (field.name, _NARROWER[field.name]) if made is NODEFAULT else (field.name, _NARROWER[field.name], made)


PlainEvent = cast(type[Event], msgspec.defstruct(
    "PlainEvent", [_narrowed(field) for field in msgspec.structs.fields(Event) if field.name in _NARROWER],
    bases=(Event,), module=__name__, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True,
    gc=False))
"""An event whose texts are short, whose whole numbers fit their columns and whose times have an offset from UTC."""

_read_plain = msgspec.json.Decoder(PlainEvent).decode


def judge_together(parts: Sequence[msgspec.Raw], sender: Sender, received_at: datetime,
                   limits: Limits) -> list[Accepted | Rejected]:
    """What `accept` says of every event, in their order. `received_at` is the instant of receipt (UTC-aware)."""
    events = _read(parts)
    kinds: dict[Kind, list[Event]] = {}
    for event in events:
        if type(event) is PlainEvent:
            kinds.setdefault(event.kind, []).append(event)
    passed = {kind for kind, same in kinds.items() if all_pass(kind, same, sender, received_at, limits)}
    return [Accepted(event, event.occurred_at, received_at, sender.trusted)
            if type(event) is PlainEvent and event.kind in passed
            else event if isinstance(event, Rejected) else accept(event, sender, received_at, limits)
            for event in events]


def _read(parts: Sequence[msgspec.Raw]) -> Sequence[Event | Rejected]:
    try:
        return list(map(_read_plain, parts))
    except (msgspec.DecodeError, RecursionError):
        return [_read_one(part) for part in parts]


def _read_one(part: msgspec.Raw) -> Event | Rejected:
    try:
        return _read_plain(part)
    except (msgspec.DecodeError, RecursionError):
        return read_event(bytes(part))


def all_pass(kind: Kind, events: Sequence[Event], sender: Sender, received_at: datetime, limits: Limits) -> bool:
    """True when `accept` would certainly accept each of these `PlainEvent`s of a kind, its time as it is."""
    return (not sender.historical and _are_recent(events, received_at, limits) and _name_units(kind, events, sender)
            and _have_what_they_need(kind, events) and _have_believable_values(kind, events)
            and _are_short(events, limits) and (kind is not Kind.EXPOSURE or _are_whole(events, sender)))


def _column(events: Sequence[Event], field: str) -> list[Any]:
    return list(map(attrgetter(field), events))


def _are_recent(events: Sequence[Event], received_at: datetime, limits: Limits) -> bool:
    occurred = _column(events, "occurred_at")
    sent = [moment for moment in _column(events, "sent_at") if moment is not None]
    return (received_at - limits.late_limit <= min(occurred) and max(occurred) <= received_at + limits.ahead
            and (not sent or (received_at - limits.correct_from < min(sent)
                              and max(sent) < received_at + limits.correct_from)))


def _name_units(kind: Kind, events: Sequence[Event], sender: Sender) -> bool:
    units = _column(events, "units")
    names = set().union(*units, filter(None, set(_column(events, "unit"))))
    return ((all(units) or not KINDS[kind].units_needed) and all(map(is_name, names))
            and (sender.units is None or names <= sender.units))


def _have_what_they_need(kind: Kind, events: Sequence[Event]) -> bool:
    rule = KINDS[kind]
    needed = (_column(events, field) for field in rule.needs)
    return (not any(None in column or "" in column for column in needed)
            and (not rule.names or set(_column(events, "name")) <= set(rule.names))
            and (not rule.states or set(_column(events, "state")) <= {None, *rule.states}))


def _have_believable_values(kind: Kind, events: Sequence[Event]) -> bool:
    """JSON holds no infinity and no NaN, so that the smallest and the largest say it all."""
    if KINDS[kind].value is None:
        return True
    if any(_column(events, "scale")) or kind is Kind.FEEDBACK:
        return False
    values, names = _column(events, "value"), _column(events, "name")
    if not KINDS[kind].names:
        return _are_within(kind, None, values)
    return all(_are_within(kind, name, [value for value, own in zip(values, names, strict=True) if own == name])
               for name in set(names))


def _are_within(kind: Kind, name: str | None, values: Sequence[float | None]) -> bool:
    rule = value_rule(kind, name)
    given = [value for value in values if value is not None]
    return (rule is not None and (len(given) == len(values) or not rule.required)
            and (not given or (rule.low <= min(given) and max(given) <= rule.high)))


def _are_short(events: Sequence[Event], limits: Limits) -> bool:
    texts = (text for field in LONG_TEXTS for text in _column(events, field) if text)
    attributes = (given for given in _column(events, "attributes") if given)
    return (all(len(text) <= limits.max_text for text in texts)
            and all(len(msgspec.json.encode(given)) <= limits.max_attributes_bytes for given in attributes))


def _are_whole(exposures: Sequence[Event], sender: Sender) -> bool:
    if not all(event.subject or event.units.get(event.unit or "") for event in exposures):
        return False
    return not sender.trusted or (
        set(_column(exposures, "arm")) <= set(ARMS)
        and None not in _column(exposures, "epoch") and None not in _column(exposures, "inclusion"))
