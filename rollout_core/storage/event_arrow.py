"""Accepted events -> one Arrow table per kind, in the columns of `event_tables`. No SQL here.

Names of subjects end here: only keys go on. Keys are remembered while they repeat, since an HMAC costs a microsecond.
"""

from __future__ import annotations

from _md5 import md5  # type: ignore[import-not-found]
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from rollout_core.flags.bucketing import CLUSTER_BUCKETS, bucket_of
from rollout_core.metrics.event import Kind, stored_values
from rollout_core.metrics.event_checks import fingerprint_of, scale_of
from rollout_core.metrics.event_sheet import Sheet
from rollout_core.metrics.subject_key import subject_key
from rollout_core.metrics.vital_score import vital_score
from rollout_core.ports.event_store import UNUSABLE
from rollout_core.storage.event_tables import ARROW, COMMON, OWN, SLOTS, arrow_schema

REMEMBERED_KEYS = 500_000
BATCH_COLUMN = [name for name, _, _ in COMMON].index("batch")
_WHOLE_WEIGHT = pa.scalar(1000, pa.int32())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KeyRing:
    """Keys of one store, remembered per unit."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, dict[str | None, int | None]] = {}
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
        if not all(found):                      # somebody new, or nobody
            for subject in set(subjects).difference(known):
                known[subject] = subject_key(self._secret, unit, subject or "")
            found = list(map(known.get, subjects))
        return found

    def bucket(self, key: int) -> int:
        """The cluster bucket, 0..127, of a key; its salt is its own and never the assignment's."""
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= REMEMBERED_KEYS:
                self._buckets = {}
            found = self._buckets[key] = cluster_bucket(key)
        return found


class PassingKeys(dict[str | None, int | None]):
    """Keys of what is no subject (sessions, page loads): a plain digest, a quarter of the cost of an HMAC. Made for the
    events of one request, in which they repeat."""

    def __missing__(self, name: str | None) -> int | None:
        found = None if name is None else int.from_bytes(md5(name.encode()).digest()[:8], "little")
        self[name] = found
        return found


def cluster_bucket(key: int) -> int:
    """Cluster bucket 0..127 of a subject key."""
    return bucket_of("cluster", str(key)) % CLUSTER_BUCKETS


@dataclass(frozen=True, slots=True)
class Columns:
    """Accepted events as one Arrow table per kind, complete but for the number of their batch. `slots`: the places of
    the units that they were made with."""

    tables: Mapping[Kind, pa.RecordBatch]
    slots: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many events these are."""
        return sum(table.num_rows for table in self.tables.values())

    def names(self) -> Sequence[tuple[str, str]]:
        """(kind, event_id) of each."""
        return [(kind.value, event_id) for kind, table in self.tables.items()
                for event_id in table["event_id"].to_pylist()]


def columns_of(sheets: Iterable[Sheet], slots: Mapping[str, int], keys: KeyRing) -> Columns:
    """The columns of events. `slots` gives every unit its place; events name no other unit."""
    passing = PassingKeys()
    return Columns({sheet.kind: _table(sheet, slots, keys, passing) for sheet in sheets}, slots)


def prepared(sheets: Sequence[Sheet], slots: Mapping[str, int], keys: KeyRing) -> Columns | None:
    """The same, or None where only a write can make them: a unit is named for the first time, a value fits no column.
    """
    if not all(slots.keys() >= _named_in(sheet) for sheet in sheets):
        return None
    try:
        return columns_of(sheets, slots, keys)
    except UNUSABLE:
        return None


def _named_in(sheet: Sheet) -> set[str]:
    """Every unit that events of a sheet name."""
    return set().union(*sheet.fields["units"], filter(None, set(sheet.fields["unit"])))


def together(parts: Sequence[Columns], batch: int) -> dict[Kind, pa.Table]:
    """All parts as one table per kind under the number of their batch, each event_id once (the first one)."""
    kinds = dict.fromkeys(kind for part in parts for kind in part.tables)
    found = {kind: pa.Table.from_batches([part.tables[kind] for part in parts if kind in part.tables])
             for kind in kinds}
    return {kind: _numbered(_each_once(table), batch) for kind, table in found.items()}


def sent_of(parts: Iterable[Columns]) -> Counter[Kind]:
    """How many events of each kind the parts hold."""
    return sum((Counter({kind: table.num_rows for kind, table in part.tables.items()}) for part in parts), Counter())


def _each_once(table: pa.Table) -> pa.Table:
    ids = table["event_id"]
    if pc.count_distinct(ids).as_py() == len(ids):
        return table
    places: dict[str, int] = {}
    for place, event_id in enumerate(ids.to_pylist()):
        places.setdefault(event_id, place)
    return table.take(list(places.values()))


def _numbered(table: pa.Table, batch: int) -> pa.Table:
    return table.set_column(BATCH_COLUMN, table.schema.field(BATCH_COLUMN),
                            pa.repeat(pa.scalar(batch, pa.int64()), table.num_rows))


def _table(sheet: Sheet, slots: Mapping[str, int], keys: KeyRing, passing: PassingKeys) -> pa.RecordBatch:
    """The table of a sheet, without the number of its batch."""
    columns = [*_common(sheet, slots, keys, passing), *(
        pa.array(_own_values(sheet, name, keys, passing), ARROW[column_type])
        for name, column_type, _ in OWN[sheet.kind])]
    return pa.RecordBatch.from_arrays(columns, schema=arrow_schema(sheet.kind))


def _common(sheet: Sheet, slots: Mapping[str, int], keys: KeyRing, passing: PassingKeys) -> list[pa.Array]:
    fields = sheet.fields
    return [
        pa.array(fields["event_id"], pa.string()),
        pa.nulls(sheet.count, pa.int64()),
        _times(sheet.occurred_at),
        _instants(sheet.received_at),
        _own_clock(sheet),
        pa.array(sheet.trusted, pa.bool_()),
        *_slot_columns(sheet, slots, keys),
        pa.array(list(map(passing.__getitem__, fields["session"])), pa.uint64()),
        _weights(fields["weight"]),
        pa.array(fields["release"], pa.string()),
        pa.array(fields["page"], pa.string()),
        pa.array(fields["device"], pa.string()),
        _attributes(fields["attributes"]),
    ]


def _times(moments: Sequence[datetime | None]) -> pa.Array:
    """Aware datetimes as UTC without a zone. Arrow takes their distance from the epoch four times as fast as them."""
    since = [None if moment is None else moment - _EPOCH for moment in moments]
    return pa.array(since, pa.duration("us")).view(pa.timestamp("us"))


def _instants(moments: Sequence[datetime]) -> pa.Array:
    """The same where all may be one instant, as those of receipt mostly are."""
    if moments.count(moments[0]) < len(moments):
        return _times(moments)
    return pa.repeat(pa.scalar(moments[0] - _EPOCH, pa.duration("us")), len(moments)).view(pa.timestamp("us"))


def _own_clock(sheet: Sheet) -> pa.Array:
    """The client's own time where it was corrected."""
    sent = sheet.fields["occurred_at"]
    if sheet.occurred_at is sent:
        return pa.nulls(sheet.count, pa.timestamp("us"))
    return _times([None if ours is theirs else theirs for ours, theirs in zip(sheet.occurred_at, sent, strict=True)])


def _weights(weights: Sequence[float]) -> pa.Array:
    if weights.count(1.0) == len(weights):
        return pa.repeat(_WHOLE_WEIGHT, len(weights))
    return pa.array([round(weight * 1000) for weight in weights], pa.int32())


def _attributes(attributes: Sequence[dict[str, Any]]) -> pa.Array:
    if not any(attributes):
        return pa.nulls(len(attributes), pa.string())
    return pa.array([_json(each) if each else None for each in attributes], pa.string())


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _slot_columns(sheet: Sheet, slots: Mapping[str, int], keys: KeyRing) -> list[pa.Array]:
    units = {slot: unit for unit, slot in slots.items()}
    return [pa.array(keys.keys(units[slot], _subjects(sheet, units[slot])), pa.uint64()) if slot in units
            else pa.nulls(sheet.count, pa.uint64()) for slot in range(len(SLOTS))]


def _subjects(sheet: Sheet, unit: str) -> list[str | None]:
    """Whom each event names in a unit; an exposure may name its subject apart."""
    found = [units.get(unit) for units in sheet.fields["units"]]
    if sheet.kind is Kind.EXPOSURE and None in found:
        return [subject if name is None and own == unit else name
                for name, own, subject in zip(found, sheet.fields["unit"], sheet.fields["subject"], strict=True)]
    return found


def _own_values(sheet: Sheet, column: str, keys: KeyRing, passing: PassingKeys) -> Sequence[Any]:
    if column == "load_key":
        return list(map(passing.__getitem__, _loads(sheet)))
    make = MAKERS.get((sheet.kind, column)) or MAKERS.get(column)
    return sheet.fields[column] if make is None else make(sheet, keys)


Maker = Callable[[Sheet, KeyRing], Sequence[Any]]


def _values(sheet: Sheet, keys: KeyRing) -> list[int | None]:
    return stored_values(sheet.kind, sheet.fields["name"], sheet.fields["value"])


def _exposed_keys(sheet: Sheet, keys: KeyRing) -> list[int | None]:
    named = list(zip(sheet.fields["unit"], sheet.fields["subject"], sheet.fields["units"], strict=True))
    whom = [(unit or "", subject or units.get(unit or "")) for unit, subject, units in named]
    if len({unit for unit, _ in whom}) == 1:
        return keys.keys(whom[0][0], [subject for _, subject in whom])
    return [keys.key(unit, subject) for unit, subject in whom]


def _exposed_buckets(sheet: Sheet, keys: KeyRing) -> list[int]:
    whom = [keys.key("cluster", cluster) if cluster else key
            for cluster, key in zip(sheet.fields["cluster"], _exposed_keys(sheet, keys), strict=True)]
    return [keys.bucket(key or 0) for key in whom]


def _loads(sheet: Sheet) -> list[str | None]:
    """The page loads as named; otherwise session and page stand for it."""
    fields = zip(sheet.fields["load"], sheet.fields["session"], sheet.fields["page"], strict=True)
    return [load or (f"{session}|{page}" if session else None) for load, session, page in fields]


def _scores(sheet: Sheet, keys: KeyRing) -> list[int]:
    return [round(vital_score(name, value or 0.0) * 1_000_000)
            for name, value in zip(sheet.fields["name"], sheet.fields["value"], strict=True)]


def _scale_end(end: int) -> Maker:
    return lambda sheet, keys: [round(scale_of(name, scale)[end] * 1_000_000) for name, scale in
                                zip(sheet.fields["name"], sheet.fields["scale"], strict=True)]


def _fingerprints(sheet: Sheet, keys: KeyRing) -> list[str]:
    return list(map(fingerprint_of, *(sheet.fields[field] for field in ("fingerprint", "category", "name", "message"))))


def _or(column: str, default: str) -> Maker:
    return lambda sheet, keys: [value or default for value in sheet.fields[column]]


MAKERS: Mapping[str | tuple[Kind, str], Maker] = {
    "value": _values,
    "subject_key": _exposed_keys,
    "cluster_bucket": _exposed_buckets,
    "low": _scale_end(0),
    "high": _scale_end(1),
    (Kind.WEB_VITAL, "score"): _scores,
    (Kind.ERROR, "fingerprint"): _fingerprints,
    (Kind.ERROR, "severity"): _or("severity", "medium"),
    (Kind.SUPPORT_TICKET, "severity"): _or("severity", "medium"),
    (Kind.SUPPORT_TICKET, "state"): _or("state", "opened"),
    (Kind.SECURITY_ISSUE, "state"): _or("state", "opened"),
}
"""Columns that are not simply the event's field of that name."""
