"""Whether an event is believable: every event ends as `Accepted` or as `Rejected` with a reason, never in silence.

Pure. The instant of receipt, the sender and the limits are arguments.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

import msgspec

from rollout_core.metrics.event import ARMS, KINDS, MAX_UNITS, SEVERITIES, Event, Kind, value_rule


class Refusal(StrEnum):
    """Why an event was refused; stored with the dead letter and counted on the page."""

    UNREADABLE = "unreadable"
    MISSING = "missing_field"
    NOT_ALLOWED = "value_not_allowed"
    TOO_LONG = "too_long"
    TOO_LATE = "too_late"
    IN_THE_FUTURE = "in_the_future"
    CLOCK_OFF = "clock_off"
    TOO_MANY_UNITS = "too_many_units"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent it. Arms are believed only from a trusted sender (server token, importer, the server itself)."""

    trusted: bool
    name: str = ""
    historical: bool = False
    """Imports and the demo may bring events of any age."""

    units: frozenset[str] | None = None
    """The only units it may name; None: any. A store has few slots for units, and strangers may not take them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a clock may be off and how old an event may be."""

    ahead: timedelta = timedelta(minutes=5)
    late_limit: timedelta = timedelta(days=7)
    correct_from: timedelta = timedelta(seconds=30)
    correct_to: timedelta = timedelta(hours=24)
    max_text: int = 2_000
    max_attributes_bytes: int = 8_192


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A believable event. `occurred_at` is corrected for the client's clock; the client's own is in `event`."""

    event: Event
    occurred_at: datetime
    received_at: datetime
    trusted: bool


class Rejected(msgspec.Struct, frozen=True):
    """A refused event: the reason for machines, `detail` for people, and what was sent (shortened)."""

    reason: Refusal
    detail: str
    event_id: str | None = None
    kind: str | None = None
    raw: str = ""
    row: int | None = None
    """Of an imported file: its row, 0-based, of those with the right number of cells; None where that is not known."""


Problem = tuple[Refusal, str]
Check = Callable[[Event, Sender, Limits], Problem | None]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
SHORT_TEXTS = ("event_id", "session", "load", "page", "device", "endpoint", "release", "rollout", "unit", "subject",
               "flag", "variant", "phase", "name", "metric_id", "category", "fingerprint", "cluster", "reason")
LONG_TEXTS = ("message", "comment")
_texts = attrgetter(*SHORT_TEXTS, *LONG_TEXTS)
NOT_READABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What msgspec raises for bytes that are no JSON of ours, are nested too deeply, or are no UTF-8 inside a text."""

NUL = rb"\u0000"
"""U+0000 as it stands in JSON."""

SHORT = 512
YEARS = range(1900, 2200)
"""Nothing happens outside of them; beyond lie the ends of the calendar, where arithmetic stops."""

BUCKETS, LAST_EPOCH, LAST_STATUS = 100_000, 2**31 - 1, 999
WIDEST_SCALE = 2_000.0
"""Ends of a feedback's scale are stored in millionths of 32 bits."""

LEAST_WEIGHT, MOST_WEIGHT = 0.001, 1e6


def accept(event: Event, sender: Sender, received_at: datetime, limits: Limits) -> Accepted | Rejected:
    """Judges one event. `received_at` is the server's instant of receipt (UTC-aware)."""
    for check in CHECKS:
        problem = check(event, sender, limits)
        if problem is not None:
            return _rejected(event, problem)
    occurred_at = corrected(event.occurred_at, event.sent_at, received_at, limits)
    if isinstance(occurred_at, str):
        return _rejected(event, (Refusal.CLOCK_OFF, occurred_at))
    problem = _age(occurred_at, received_at, sender, limits)
    if problem is not None:
        return _rejected(event, problem)
    return Accepted(event, occurred_at, received_at, sender.trusted)


def corrected(occurred_at: datetime, sent_at: datetime | None, received_at: datetime,
              limits: Limits) -> datetime | str:
    """The instant on the server's clock: moved by (received - sent) where the client's clock is off by 30 s or more.

    Below that it is the network; above 24 h nothing is believed and the answer is a sentence saying so.
    """
    if sent_at is None:
        return occurred_at
    off = received_at - sent_at
    if abs(off) < limits.correct_from:
        return occurred_at
    if abs(off) > limits.correct_to:
        hours = limits.correct_to.total_seconds() / 3600
        return f"sent_at is {off} away from the time of receipt; clocks are corrected up to {hours:.0f} h"
    return occurred_at + off


def scale_of(name: str | None, scale: tuple[float, float] | None) -> tuple[float, float]:
    """The ends of a feedback's scale: as sent, else 0..10 for `nps` and 1..5 for everything else."""
    return scale or ((0.0, 10.0) if name == "nps" else (1.0, 5.0))


def fingerprint_of(fingerprint: str | None, category: str | None, name: str | None, message: str | None) -> str:
    """What groups errors: the sender's own, else a digest of category, type and the message with its numbers masked."""
    if fingerprint:
        return fingerprint
    masked = re.sub(r"0x[0-9a-fA-F]+|\d+", "#", message or "")[:200]
    return hashlib.sha256(f"{category}|{name or ''}|{masked}".encode()).hexdigest()[:16]


def split_events(body: bytes) -> list[msgspec.Raw]:
    """The events of a JSON array, each as it was sent. Raises ValueError if it is no array."""
    try:
        return _SPLITTER.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(f"the body is not a JSON array of events: {error}") from error
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error


def read_events(body: bytes) -> list[Event | Rejected]:
    """Reads a JSON array of events; an unreadable one is `Rejected` in its place. Raises ValueError if no array."""
    return [read_event(bytes(part)) for part in split_events(body)]


def read_event(raw: bytes) -> Event | Rejected:
    """Reads the JSON of one event."""
    try:
        return _DECODER.decode(raw)
    except NOT_READABLE as error:
        return Rejected(Refusal.UNREADABLE, _with_choice(str(error)), raw=raw[:SHORT].decode(errors="replace"),
                        event_id=_id_in(raw))


def _with_choice(said: str) -> str:
    """What the decoder says; of an unknown kind also which ones there are."""
    return f"{said}; allowed: {', '.join(Kind)}" if said.endswith("`$.kind`") else said


def _id_in(raw: bytes) -> str | None:
    try:
        found = msgspec.json.decode(raw)
    except NOT_READABLE:
        return None
    name = found.get("event_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def _rejected(event: Event, problem: Problem) -> Rejected:
    raw = msgspec.json.encode(event)[:4096].decode(errors="replace")
    return Rejected(problem[0], problem[1], event.event_id, event.kind, raw)


def _has_what_it_needs(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    if not event.event_id:
        return Refusal.MISSING, "event_id is empty"
    rule = KINDS[event.kind]
    for field in rule.needs:
        if getattr(event, field) in (None, ""):
            return Refusal.MISSING, f"a {event.kind} needs {field}"
    if rule.units_needed and not event.units and not event.subject:
        return Refusal.MISSING, 'units names nobody; give for instance {"user": "u1"}'
    if rule.names and event.name not in rule.names:
        return Refusal.NOT_ALLOWED, f"name is {event.name!r}; allowed: {', '.join(rule.names)}"
    if rule.states and event.state is not None and event.state not in rule.states:
        return Refusal.NOT_ALLOWED, f"state is {event.state!r}; allowed: {', '.join(rule.states)}"
    return None


def _value_is_believable(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    rule, value = value_rule(event.kind, event.name), event.value
    if not LEAST_WEIGHT <= event.weight <= MOST_WEIGHT:
        return Refusal.NOT_ALLOWED, f"weight is {event.weight}; allowed: {LEAST_WEIGHT} to {MOST_WEIGHT:,.0f}"
    if rule is None or value is None:
        missing = rule is not None and rule.required
        return (Refusal.MISSING, f"a {event.kind} needs value ({rule.unit})") if rule and missing else None
    if not math.isfinite(value):
        return Refusal.NOT_ALLOWED, f"value is {value}"
    if event.scale is not None and not -WIDEST_SCALE <= event.scale[0] < event.scale[1] <= WIDEST_SCALE:
        return Refusal.NOT_ALLOWED, (f"scale is {event.scale[0]:g} to {event.scale[1]:g}; allowed: the low end first, "
                                     f"both within {WIDEST_SCALE:g} of 0")
    low, high = scale_of(event.name, event.scale) if event.kind is Kind.FEEDBACK else (rule.low, rule.high)
    if not low <= value <= high:
        return Refusal.NOT_ALLOWED, f"value is {value:g}; allowed: {low:g} to {high:g} {rule.unit}"
    return None


@lru_cache(maxsize=1_000)
def is_name(unit: str) -> bool:
    """True when a unit may be called so."""
    return NAME.fullmatch(unit) is not None


def _units_are_named_well(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    units = event.units
    if len(units) > MAX_UNITS:
        return Refusal.TOO_MANY_UNITS, f"{len(units)} units in one event; at most {MAX_UNITS}"
    for unit, subject in units.items():
        if not is_name(unit):
            return Refusal.NOT_ALLOWED, f"{unit!r} is no name of a unit"
        if not subject or len(subject) > SHORT:
            return Refusal.NOT_ALLOWED, f"the {unit}'s id is empty or longer than {SHORT} characters"
    if event.unit and not is_name(event.unit):
        return Refusal.NOT_ALLOWED, f"{event.unit!r} is no name of a unit"
    return None


def _units_are_known(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    if sender.units is None or (sender.units.issuperset(event.units)
                                and (not event.unit or event.unit in sender.units)):
        return None
    strange = sorted({*event.units, *((event.unit,) if event.unit else ())} - sender.units)
    if strange:
        return Refusal.NOT_ALLOWED, (f"nothing here is rolled out by {', '.join(strange)}; allowed under the public "
                                     f"key: {', '.join(sorted(sender.units)) or 'no unit yet'}")
    return None


def _texts_are_short(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    if max(map(len, filter(None, _texts(event))), default=0) <= SHORT and not event.attributes:
        return None
    for field in SHORT_TEXTS:
        text = getattr(event, field)
        if text is not None and len(text) > SHORT:
            return Refusal.TOO_LONG, f"{field} has {len(text)} characters; at most {SHORT}"
    for field in LONG_TEXTS:
        text = getattr(event, field)
        if text is not None and len(text) > limits.max_text:
            return Refusal.TOO_LONG, f"{field} has {len(text)} characters; at most {limits.max_text}"
    if event.attributes and len(msgspec.json.encode(event.attributes)) > limits.max_attributes_bytes:
        return Refusal.TOO_LONG, f"attributes are longer than {limits.max_attributes_bytes} bytes"
    return None


def _texts_hold_no_nul(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    """A text with U+0000 can be stored but not be asked for: SQL ends at it."""
    texts = (*filter(None, _texts(event)), *event.units, *event.units.values())
    if any("\0" in text for text in texts) or (event.attributes and NUL in msgspec.json.encode(event.attributes)):
        return Refusal.NOT_ALLOWED, "a text holds the character U+0000"
    return None


def _times_are_aware(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    for field, moment in (("occurred_at", event.occurred_at), ("sent_at", event.sent_at)):
        if moment is None:
            continue
        if moment.tzinfo is None:
            return Refusal.NOT_ALLOWED, f"{field} has no offset from UTC; write for instance 2026-01-31T12:00:00Z"
        if moment.year not in YEARS:
            return Refusal.NOT_ALLOWED, f"{field} is in the year {moment.year}"
    return None


def _exposure_is_whole(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    if event.kind is not Kind.EXPOSURE:
        return None
    if not (event.subject or event.units.get(event.unit or "")):
        return Refusal.MISSING, f"an exposure needs its subject (units has no {event.unit!r})"
    return _arm_is_whole(event) if sender.trusted else None


def _arm_is_whole(event: Event) -> Problem | None:
    if event.arm not in ARMS:
        return Refusal.NOT_ALLOWED, f"arm is {event.arm!r}; allowed: {', '.join(ARMS)}"
    if event.epoch is None or event.inclusion is None:
        return Refusal.MISSING, "an exposure from a server needs epoch and inclusion"
    return None


def _counts_fit(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    """Whole numbers are within what their column holds: one that does not fit would sink its whole batch."""
    if event.inclusion is None and event.epoch is None and event.status is None:
        return None
    for field, most in (("inclusion", BUCKETS), ("epoch", LAST_EPOCH), ("status", LAST_STATUS)):
        number = getattr(event, field)
        if number is not None and not 0 <= number <= most:
            return Refusal.NOT_ALLOWED, f"{field} is {number}; allowed: 0 to {most}"
    return None


def _severity_is_known(event: Event, sender: Sender, limits: Limits) -> Problem | None:
    if event.severity is not None and event.severity not in SEVERITIES:
        return Refusal.NOT_ALLOWED, f"severity is {event.severity!r}; allowed: {', '.join(SEVERITIES)}"
    return None


def _age(occurred_at: datetime, received_at: datetime, sender: Sender, limits: Limits) -> Problem | None:
    if occurred_at > received_at + limits.ahead:
        return Refusal.IN_THE_FUTURE, f"occurred_at {occurred_at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ} lies in the future"
    if not sender.historical and occurred_at < received_at - limits.late_limit:
        return Refusal.TOO_LATE, f"older than {limits.late_limit.total_seconds() / 86400:g} days; import it as a file"
    return None


CHECKS: tuple[Check, ...] = (
    _has_what_it_needs, _times_are_aware, _units_are_named_well, _units_are_known, _value_is_believable, _counts_fit,
    _texts_are_short, _texts_hold_no_nul, _exposure_is_whole, _severity_is_known,
)

_DECODER = msgspec.json.Decoder(Event)
_SPLITTER = msgspec.json.Decoder(list[msgspec.Raw])
