"""Accepted events -> one Arrow table per kind, in the columns of `event_tables`. No SQL here.

Names of subjects end here: only keys go on. Keys are remembered while they repeat, since an HMAC costs a microsecond.
"""

from __future__ import annotations

from _md5 import md5  # type: ignore[import-not-found]
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from rollout_core.flags.bucketing import CLUSTER_BUCKETS, bucket_of
from rollout_core.metrics.event import Event, Kind, stored_values
from rollout_core.metrics.event_checks import Accepted, fingerprint_of, scale_of
from rollout_core.metrics.subject_key import subject_key
from rollout_core.metrics.vital_score import vital_score
from rollout_core.storage.event_tables import ARROW, OWN, SLOTS, arrow_schema

REMEMBERED_KEYS = 500_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KeyRing:
    """Keys of one store, remembered per unit."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, dict[str | None, int | None]] = {}
        self._passing: dict[str | None, int | None] = {None: None}
        self._buckets: dict[int, int] = {}

    def key(self, unit: str, subject: str | None) -> int | None:
        """The key of a subject; None for None."""
        return self.keys(unit, (subject,))[0]

    def keys(self, unit: str, subjects: Sequence[str | None]) -> list[int | None]:
        """The keys of many subjects of a unit, in their order."""
        known = self._known.setdefault(unit, {None: None})
        if len(known) > REMEMBERED_KEYS:        # a new dictionary: another thread may be reading the old one
            known = self._known[unit] = {None: None}
        found = list(map(known.get, subjects))
        if found.count(None) > subjects.count(None):
            for subject in set(subjects).difference(known):
                known[subject] = subject_key(self._secret, unit, subject or "")
            found = list(map(known.get, subjects))
        return found

    def passing(self, names: Sequence[str | None]) -> list[int | None]:
        """Keys of what is no subject (sessions, page loads): a plain digest, a quarter of the cost of an HMAC."""
        known = self._passing
        if len(known) > REMEMBERED_KEYS:
            known = self._passing = {None: None}
        for name in set(names).difference(known):
            known[name] = int.from_bytes(md5((name or "").encode()).digest()[:8], "little")
        return list(map(known.__getitem__, names))

    def bucket(self, key: int) -> int:
        """The cluster bucket, 0..127, of a key; its salt is its own and never the assignment's."""
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= REMEMBERED_KEYS:
                self._buckets = {}
            found = self._buckets[key] = cluster_bucket(key)
        return found


def cluster_bucket(key: int) -> int:
    """Cluster bucket 0..127 of a subject key."""
    return bucket_of("cluster", str(key)) % CLUSTER_BUCKETS


def by_kind(events: Sequence[Accepted]) -> dict[Kind, list[Accepted]]:
    """Events by kind, order kept, each event_id once (the first one)."""
    found: dict[Kind, list[Accepted]] = {}
    for accepted in events:
        found.setdefault(accepted.event.kind, []).append(accepted)
    return {kind: _each_once(same) for kind, same in found.items()}


def _each_once(events: list[Accepted]) -> list[Accepted]:
    if len({accepted.event.event_id for accepted in events}) == len(events):
        return events
    first: dict[str, Accepted] = {}
    for accepted in events:
        first.setdefault(accepted.event.event_id, accepted)
    return list(first.values())


def arrow_table(kind: Kind, events: Sequence[Accepted], slots: Mapping[str, int], keys: KeyRing,
                batch: int) -> pa.Table:
    """The table of one kind. `slots` gives every unit its place; events name no other unit."""
    wires = [accepted.event for accepted in events]
    columns = _common(events, wires, slots, keys, batch)
    columns += [pa.array(_own_values(kind, name, wires, keys), ARROW[column_type])
                for name, column_type, _ in OWN[kind]]
    return pa.Table.from_arrays(columns, schema=arrow_schema(kind))


def _common(events: Sequence[Accepted], wires: Sequence[Event], slots: Mapping[str, int], keys: KeyRing,
            batch: int) -> list[pa.Array]:
    count = len(events)
    occurred, sent = _field(events, "occurred_at"), _field(wires, "occurred_at")
    own_clock: list[datetime | None] | None = None if occurred == sent else [
        None if ours is theirs else theirs for ours, theirs in zip(occurred, sent, strict=True)]
    return [
        pa.array(_field(wires, "event_id"), pa.string()),
        pa.repeat(pa.scalar(batch, pa.int64()), count),
        _times(occurred),
        _times(_field(events, "received_at")),
        pa.nulls(count, pa.timestamp("us")) if own_clock is None else _times(own_clock),
        pa.array(_field(events, "trusted"), pa.bool_()),
        *_slot_columns(wires, slots, keys),
        pa.array(keys.passing(_field(wires, "session")), pa.uint64()),
        _weights(_field(wires, "weight")),
        pa.array(_field(wires, "release"), pa.string()),
        pa.array(_field(wires, "page"), pa.string()),
        pa.array(_field(wires, "device"), pa.string()),
        _attributes(_field(wires, "attributes")),
    ]


def _field(values: Sequence[Any], name: str) -> list[Any]:
    return list(map(attrgetter(name), values))


def _times(moments: Sequence[datetime | None]) -> pa.Array:
    """Aware datetimes as UTC without a zone. Arrow takes their distance from the epoch four times as fast as them."""
    since = [None if moment is None else moment - _EPOCH for moment in moments]
    return pa.array(since, pa.duration("us")).view(pa.timestamp("us"))


def _weights(weights: list[float]) -> pa.Array:
    if weights.count(1.0) == len(weights):
        return pa.repeat(pa.scalar(1000, pa.int32()), len(weights))
    return pa.array([round(weight * 1000) for weight in weights], pa.int32())


def _attributes(attributes: list[dict[str, Any]]) -> pa.Array:
    if not any(attributes):
        return pa.nulls(len(attributes), pa.string())
    return pa.array([_json(each) if each else None for each in attributes], pa.string())


def _slot_columns(wires: Sequence[Event], slots: Mapping[str, int], keys: KeyRing) -> list[pa.Array]:
    named = _field(wires, "units")
    units = {slot: unit for unit, slot in slots.items()}
    return [pa.array(keys.keys(units[slot], _subjects(wires, named, units[slot])), pa.uint64()) if slot in units
            else pa.nulls(len(wires), pa.uint64()) for slot in range(len(SLOTS))]


def _subjects(wires: Sequence[Event], named: Sequence[Mapping[str, str]], unit: str) -> list[str | None]:
    """Whom each event names in a unit; an exposure may name its subject apart."""
    found = [units.get(unit) for units in named]
    if wires[0].kind is Kind.EXPOSURE and None in found:
        return [event.subject if name is None and event.unit == unit else name
                for name, event in zip(found, wires, strict=True)]
    return found


def _own_values(kind: Kind, column: str, wires: Sequence[Event], keys: KeyRing) -> Sequence[Any]:
    make = MAKERS.get((kind, column)) or MAKERS.get(column)
    return _field(wires, column) if make is None else make(wires, keys)


Maker = Callable[[Sequence[Event], KeyRing], Sequence[Any]]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _values(wires: Sequence[Event], keys: KeyRing) -> list[int | None]:
    return stored_values(wires[0].kind, _field(wires, "name"), _field(wires, "value"))


def _exposed_keys(wires: Sequence[Event], keys: KeyRing) -> list[int | None]:
    units = {event.unit or "" for event in wires}
    whom = [event.subject or event.units.get(event.unit or "") for event in wires]
    if len(units) == 1:
        return keys.keys(units.pop(), whom)
    return [keys.key(event.unit or "", subject) for event, subject in zip(wires, whom, strict=True)]


def _exposed_buckets(wires: Sequence[Event], keys: KeyRing) -> list[int]:
    own = _exposed_keys(wires, keys)
    whom = [keys.key("cluster", event.cluster) if event.cluster else key for event, key in zip(wires, own, strict=True)]
    return [keys.bucket(key or 0) for key in whom]


def _load_keys(wires: Sequence[Event], keys: KeyRing) -> list[int | None]:
    return keys.passing([event.load or (f"{event.session}|{event.page}" if event.session else None) for event in wires])


def _scale_end(end: int) -> Maker:
    return lambda wires, keys: [round(scale_of(event)[end] * 1_000_000) for event in wires]


def _or(column: str, default: str) -> Maker:
    return lambda wires, keys: [getattr(event, column) or default for event in wires]


MAKERS: Mapping[str | tuple[Kind, str], Maker] = {
    "value": _values,
    "subject_key": _exposed_keys,
    "cluster_bucket": _exposed_buckets,
    "load_key": _load_keys,
    "low": _scale_end(0),
    "high": _scale_end(1),
    (Kind.WEB_VITAL, "score"): lambda wires, keys: [
        round(vital_score(event.name or "", event.value or 0.0) * 1_000_000) for event in wires],
    (Kind.ERROR, "fingerprint"): lambda wires, keys: [fingerprint_of(event) for event in wires],
    (Kind.ERROR, "severity"): _or("severity", "medium"),
    (Kind.SUPPORT_TICKET, "severity"): _or("severity", "medium"),
    (Kind.SUPPORT_TICKET, "state"): _or("state", "opened"),
    (Kind.SECURITY_ISSUE, "state"): _or("state", "opened"),
}
"""Columns that are not simply the event's field of that name."""
