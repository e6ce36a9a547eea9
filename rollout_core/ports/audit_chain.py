"""The audit trail's hash chain: canonical bytes, links, and the walk that finds what was changed. Pure.

hash = SHA-256(previous hash as 64 ASCII characters + body); the first link's previous hash is 64 zeros. The body is
the entry's JSON with sorted keys, hashed as stored, so no later change of this code alters an old hash. Edits, gaps
and broken links show by themselves; a tail that was cut, or a chain rewritten from some point on, is consistent in
itself and shows only against a head that was kept outside (B. Schneier, J. Kelsey, "Secure audit logs", 1999).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from msgspec import DecodeError, ValidationError, json

from rollout_core.ports.control_records import AuditEntry, AuditFinding, AuditHead, AuditRecord, AuditVerdict

GENESIS = "0" * 64
"""What the first record links to."""

UNREADABLE = "unreadable"
"""The outcome of an entry whose bytes cannot be read any more."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EMPTY_HEAD = AuditHead(0, GENESIS)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as a store holds it; `rollout`, `at` and `verb` are copies for look-ups and are checked too.

    `at` None: what stands there is no time.
    """

    seq: int
    at: datetime | None
    rollout: str | None
    verb: str
    body: bytes
    previous: str
    hash: str


def canonical(entry: AuditEntry) -> bytes:
    """The entry's canonical bytes."""
    return json.encode(entry, order="sorted")


def link(previous: str, body: bytes) -> str:
    """The hash of a record."""
    return sha256(previous.encode("ascii") + body).hexdigest()


def chained(entry: AuditEntry, head: AuditHead, newest_at: datetime | None) -> AuditRecord:
    """The record that follows `head`. Time never goes back: an earlier `at` is moved to `newest_at` and noted."""
    if newest_at is not None and entry.at < newest_at:
        behind_ms = entry.clock_behind_ms + int((newest_at - entry.at).total_seconds() * 1000)
        entry = replace(entry, at=newest_at, clock_behind_ms=behind_ms)
    body = canonical(entry)
    return AuditRecord(head.seq + 1, entry, body, head.hash, link(head.hash, body))


def opened(stored: StoredRecord) -> AuditRecord:
    """A stored record with its entry. One that was tampered with until it is no entry is shown as `unreadable`: a
    damaged trail is found by `verify` and never hinders a pause."""
    try:
        entry = json.decode(stored.body, type=AuditEntry)
    except (DecodeError, ValidationError):
        entry = AuditEntry(stored.at or EPOCH, "unknown", "unknown", "unknown", "unknown", stored.verb,
                           outcome=UNREADABLE, rollout=stored.rollout)
    return AuditRecord(stored.seq, entry, stored.body, stored.previous, stored.hash)


def verify(records: Iterable[StoredRecord], counted: AuditHead | None = None,
           anchor: str | None = None) -> AuditVerdict:
    """Walks the trail from its first record.

    `counted` is the head the store itself remembers; `anchor` one kept outside: `seq:hash`, or a bare hash.
    """
    findings: list[AuditFinding] = []
    head, walked, hashes = EMPTY_HEAD, 0, {0: GENESIS}
    for record in records:
        findings += _faults(record, head)
        head = AuditHead(record.seq, record.hash)
        hashes[record.seq] = record.hash
        walked += 1
    if counted is not None and counted.seq > head.seq:
        findings.append(AuditFinding(head.seq + 1, "cut", f"The newest {counted.seq - head.seq} records are missing."))
    if anchor is not None:
        findings += _against(anchor, hashes, head)
    return AuditVerdict(not findings, walked, head, tuple(findings), anchored=anchor is not None)


def _faults(record: StoredRecord, head: AuditHead) -> list[AuditFinding]:
    """What is wrong with one record, given the one before it."""
    findings = []
    if record.seq != head.seq + 1:
        what = f"Records {head.seq + 1} to {record.seq - 1} are missing."
        findings.append(AuditFinding(head.seq + 1, "gap", what))
    elif record.previous != head.hash:
        findings.append(AuditFinding(record.seq, "broken_link", "It does not follow the record before it."))
    if link(record.previous, record.body) != record.hash:
        findings.append(AuditFinding(record.seq, "edited", "Its content does not match its hash."))
    return findings + _unlike(record)


def _unlike(record: StoredRecord) -> list[AuditFinding]:
    """Finds look-up columns that differ from the hashed body."""
    entry = opened(record).entry
    if entry.outcome == UNREADABLE:
        return [AuditFinding(record.seq, "unreadable", "Its content is not an audit entry.")]
    if (entry.at, entry.rollout, entry.verb) != (record.at, record.rollout, record.verb):
        return [AuditFinding(record.seq, "edited", "Its look-up columns differ from its content.")]
    return []


def _against(anchor: str, hashes: dict[int, str], head: AuditHead) -> list[AuditFinding]:
    """Holds an outside anchor against the walked chain."""
    place, _, digest = anchor.strip().rpartition(":")
    if not place:
        known = digest in hashes.values()
        return [] if known else [AuditFinding(head.seq, "rewritten", "No record has the anchor's hash.")]
    seq = int(place) if place.isdigit() else -1
    if seq > head.seq:
        return [AuditFinding(head.seq + 1, "cut", f"The anchor names record {seq}, the trail ends at {head.seq}.")]
    if hashes.get(seq) != digest:
        return [AuditFinding(seq, "rewritten", f"Record {seq} is not the one the anchor was taken from.")]
    return []
