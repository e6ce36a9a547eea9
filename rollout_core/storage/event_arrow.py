"""Accepted events -> one Arrow table per kind, in the columns of `event_tables`. No SQL here.

Names of subjects end here: only keys go on. Keys are remembered while they repeat, since an HMAC costs a microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from rollout_core.flags.bucketing import CLUSTER_BUCKETS, bucket_of
from rollout_core.metrics.event import Event, Kind, stored_value
from rollout_core.metrics.event_checks import Accepted, fingerprint_of, scale_of
from rollout_core.metrics.subject_key import subject_key
from rollout_core.metrics.vital_score import vital_score
from rollout_core.storage.event_tables import ARROW, OWN, SLOTS, arrow_schema

REMEMBERED_KEYS = 500_000
_UTC_MICROSECONDS = pa.timestamp("us", tz="UTC")


class KeyRing:
    """Subject keys of one store, remembered per unit."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, dict[str, int]] = {}
        self._buckets: dict[int, int] = {}

    def key(self, unit: str, subject: str | None) -> int | None:
        """The key of a subject; None for None."""
        if subject is None:
            return None
        known = self._known.setdefault(unit, {})
        found = known.get(subject)
        if found is None:
            if len(known) >= REMEMBERED_KEYS:
                known.clear()
            found = known[subject] = subject_key(self._secret, unit, subject)
        return found

    def bucket(self, key: int) -> int:
        """The cluster bucket, 0..127, of a key; its salt is its own and never the assignment's."""
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= REMEMBERED_KEYS:
                self._buckets.clear()
            found = self._buckets[key] = cluster_bucket(key)
        return found


def cluster_bucket(key: int) -> int:
    """Cluster bucket 0..127 of a subject key."""
    return bucket_of("cluster", str(key)) % CLUSTER_BUCKETS


def by_kind(events: Sequence[Accepted]) -> dict[Kind, list[Accepted]]:
    """Events by kind, order kept, each event_id once (the first one)."""
    found: dict[Kind, dict[str, Accepted]] = {}
    for accepted in events:
        found.setdefault(accepted.event.kind, {}).setdefault(accepted.event.event_id, accepted)
    return {kind: list(events.values()) for kind, events in found.items()}


def arrow_table(kind: Kind, events: Sequence[Accepted], slots: Mapping[str, int], keys: KeyRing,
                batch: int) -> pa.Table:
    """The table of one kind. `slots` gives every unit its place; events name no other unit."""
    wires = [accepted.event for accepted in events]
    columns = _common(events, wires, slots, keys, batch)
    columns += [_own_column(kind, name, column_type, wires, keys) for name, column_type, _ in OWN[kind]]
    return pa.Table.from_arrays(columns, schema=arrow_schema(kind))


def _common(events: Sequence[Accepted], wires: Sequence[Event], slots: Mapping[str, int], keys: KeyRing,
            batch: int) -> list[pa.Array]:
    count = len(events)
    own_clock = [None if a.occurred_at is a.event.occurred_at else a.event.occurred_at for a in events]
    return [
        pa.array([event.event_id for event in wires], pa.string()),
        pa.repeat(pa.scalar(batch, pa.int64()), count),
        _times([a.occurred_at for a in events]),
        _times([a.received_at for a in events]),
        _times(own_clock),
        pa.array([a.trusted for a in events], pa.bool_()),
        *_slot_columns(wires, slots, keys),
        pa.array([keys.key("session", event.session) for event in wires], pa.uint64()),
        pa.array([1000 if event.weight == 1.0 else round(event.weight * 1000) for event in wires], pa.int32()),
        pa.array([event.release for event in wires], pa.string()),
        pa.array([event.page for event in wires], pa.string()),
        pa.array([event.device for event in wires], pa.string()),
        pa.array([_json(event.attributes) if event.attributes else None for event in wires], pa.string()),
    ]


def _times(moments: Sequence[Any]) -> pa.Array:
    """Aware datetimes as UTC without a zone; `view`, because a cast to no zone may shift by the machine's."""
    return pa.array(moments, _UTC_MICROSECONDS).view(pa.timestamp("us"))


def _slot_columns(wires: Sequence[Event], slots: Mapping[str, int], keys: KeyRing) -> list[pa.Array]:
    units = {slot: unit for unit, slot in slots.items()}
    columns = []
    for slot in range(len(SLOTS)):
        unit = units.get(slot)
        columns.append(pa.nulls(len(wires), pa.uint64()) if unit is None else pa.array(
            [keys.key(unit, _subject(event, unit)) for event in wires], pa.uint64()))
    return columns


def _subject(event: Event, unit: str) -> str | None:
    found = event.units.get(unit)
    return event.subject if found is None and event.unit == unit else found


def _own_column(kind: Kind, name: str, column_type: Any, wires: Sequence[Event], keys: KeyRing) -> pa.Array:
    make = MAKERS.get((kind, name)) or MAKERS.get(name)
    if make is None:
        values: list[Any] = [getattr(event, name) for event in wires]
    else:
        values = [make(event, keys) for event in wires]
    return pa.array(values, ARROW[column_type])


Maker = Callable[[Event, KeyRing], Any]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _exposed_key(event: Event, keys: KeyRing) -> int | None:
    return keys.key(event.unit or "", event.subject or event.units.get(event.unit or ""))


def _exposed_bucket(event: Event, keys: KeyRing) -> int:
    whom = keys.key("cluster", event.cluster) if event.cluster else _exposed_key(event, keys)
    return keys.bucket(whom or 0)


def _load_key(event: Event, keys: KeyRing) -> int | None:
    if event.load:
        return keys.key("load", event.load)
    return keys.key("load", f"{event.session}|{event.page}") if event.session else None


def _scale_end(end: int) -> Maker:
    return lambda event, keys: round(scale_of(event)[end] * 1_000_000)


MAKERS: Mapping[str | tuple[Kind, str], Maker] = {
    "value": lambda event, keys: stored_value(event),
    "subject_key": _exposed_key,
    "cluster_bucket": _exposed_bucket,
    "load_key": _load_key,
    "low": _scale_end(0),
    "high": _scale_end(1),
    (Kind.WEB_VITAL, "score"): lambda event, keys: round(vital_score(event.name or "", event.value or 0.0) * 1_000_000),
    (Kind.ERROR, "fingerprint"): lambda event, keys: fingerprint_of(event),
    (Kind.ERROR, "severity"): lambda event, keys: event.severity or "medium",
    (Kind.SUPPORT_TICKET, "severity"): lambda event, keys: event.severity or "medium",
    (Kind.SUPPORT_TICKET, "state"): lambda event, keys: event.state or "opened",
    (Kind.SECURITY_ISSUE, "state"): lambda event, keys: event.state or "opened",
}
"""Columns that are not simply the event's field of that name."""
