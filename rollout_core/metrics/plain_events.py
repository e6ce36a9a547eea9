"""Many events judged together: what nothing speaks against passes by columns, everything else goes to `accept`.

`accept` alone says what is refused and why. Here passes only what it would accept for certain: lengths and numbers are
limited by the types of `PlainEvent`, so that reading the JSON checks them, and the rest is asked of all events of a
kind at once. Where that is not certain, each event of the kind is judged by itself. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    NOT_READABLE,
    NUL,
    SHORT,
    SHORT_TEXTS,
    WIDEST_SCALE,
    Accepted,
    Limits,
    Rejected,
    Sender,
    accept,
    is_name,
    read_event,
    scale_of,
)
from rollout_core.metrics.event_sheet import Fields, Sheet, fields_of

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


@dataclass(frozen=True, slots=True)
class Judged:
    """`events`: of each event in its order the id, or the refusal. The accepted ones are in `sheets` where all of their
    kind passed together, and otherwise `apart`."""

    events: Sequence[str | Rejected]
    sheets: Sequence[Sheet]
    apart: Sequence[Accepted]


def judge_together(parts: Sequence[msgspec.Raw], sender: Sender, received_at: datetime, limits: Limits) -> Judged:
    """Says of every event what `accept` says. `received_at` is the instant of receipt (UTC-aware)."""
    as_one_by_one = NUL in b"".join(parts)          # one look at all bytes; `accept` then refuses those that hold it
    read = [read_event(bytes(part)) if as_one_by_one else _read(part) for part in parts]
    kinds: dict[Kind, list[Event]] = {}
    for event in read:
        if type(event) is PlainEvent:
            kinds.setdefault(event.kind, []).append(event)
    sheets = [Sheet(kind, same, fields, fields["occurred_at"], [received_at] * len(same), [sender.trusted] * len(same))
              for kind, same in kinds.items()
              if all_pass(kind, fields := fields_of(same), sender, received_at, limits)]
    passed = {sheet.kind for sheet in sheets}
    if sum(sheet.count for sheet in sheets) == len(read):
        return Judged(list(map(attrgetter("event_id"), read)), sheets, ())
    alone = [event if isinstance(event, Rejected) or (type(event) is PlainEvent and event.kind in passed)
             else accept(event, sender, received_at, limits) for event in read]
    return Judged([each.event_id if isinstance(each, Event) else each.event.event_id if isinstance(each, Accepted)
                   else each for each in alone], sheets, [each for each in alone if isinstance(each, Accepted)])


def _read(part: msgspec.Raw) -> Event | Rejected:
    try:
        return _read_plain(part)
    except NOT_READABLE:
        return read_event(bytes(part))


def all_pass(kind: Kind, fields: Fields, sender: Sender, received_at: datetime, limits: Limits) -> bool:
    """True when `accept` would certainly accept each of these `PlainEvent`s of a kind, its time as it is."""
    return (not sender.historical and _are_recent(fields, received_at, limits) and _name_units(kind, fields, sender)
            and _have_what_they_need(kind, fields) and _have_believable_values(kind, fields)
            and _are_short(fields, limits) and (kind is not Kind.EXPOSURE or _are_whole(fields, sender)))


def _are_recent(fields: Fields, received_at: datetime, limits: Limits) -> bool:
    occurred = fields["occurred_at"]
    sent = [moment for moment in fields["sent_at"] if moment is not None]
    return (received_at - limits.late_limit <= min(occurred) and max(occurred) <= received_at + limits.ahead
            and (not sent or (received_at - limits.correct_from < min(sent)
                              and max(sent) < received_at + limits.correct_from)))


def _name_units(kind: Kind, fields: Fields, sender: Sender) -> bool:
    names = set().union(*fields["units"], filter(None, set(fields["unit"])))
    return ((all(fields["units"]) or not KINDS[kind].units_needed) and all(map(is_name, names))
            and (sender.units is None or names <= sender.units))


def _have_what_they_need(kind: Kind, fields: Fields) -> bool:
    rule = KINDS[kind]
    return (all(all(fields[field]) or not (None in fields[field] or "" in fields[field]) for field in rule.needs)
            and (not rule.names or set(fields["name"]) <= set(rule.names))
            and (not rule.states or set(fields["state"]) <= {None, *rule.states}))


def _have_believable_values(kind: Kind, fields: Fields) -> bool:
    """JSON holds no infinity and no NaN, so that the smallest and the largest say it all."""
    if KINDS[kind].value is None:
        return True
    if kind is Kind.FEEDBACK:
        return _are_within_their_scales(fields)
    if any(fields["scale"]):
        return False
    if not KINDS[kind].names:
        return _are_within(kind, None, fields["value"])
    named = list(zip(fields["name"], fields["value"], strict=True))
    return all(_are_within(kind, name, [value for own, value in named if own == name]) for name in set(fields["name"]))


def _are_within(kind: Kind, name: str | None, values: Sequence[float | None]) -> bool:
    rule = value_rule(kind, name)
    given = [value for value in values if value is not None]
    return (rule is not None and (len(given) == len(values) or not rule.required)
            and (not given or (rule.low <= min(given) and max(given) <= rule.high)))


def _are_within_their_scales(fields: Fields) -> bool:
    scales = map(scale_of, fields["name"], fields["scale"])
    return all(value is not None and -WIDEST_SCALE <= low <= value <= high <= WIDEST_SCALE and low < high
               for value, (low, high) in zip(fields["value"], scales, strict=True))


def _are_short(fields: Fields, limits: Limits) -> bool:
    texts = (text for field in LONG_TEXTS for text in filter(None, fields[field]))
    return (all(len(text) <= limits.max_text for text in texts)
            and all(len(msgspec.json.encode(given)) <= limits.max_attributes_bytes
                    for given in filter(None, fields["attributes"])))


def _are_whole(fields: Fields, sender: Sender) -> bool:
    whom = zip(fields["subject"], fields["units"], fields["unit"], strict=True)
    if not all(subject or units.get(unit or "") for subject, units, unit in whom):
        return False
    return not sender.trusted or (
        set(fields["arm"]) <= set(ARMS) and None not in fields["epoch"] and None not in fields["inclusion"])
