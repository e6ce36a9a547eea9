"""The audit trail: append-only, chained, and honest about what it can and cannot find by itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from rollout_core.documents.plan_document import read_plan
from rollout_core.errors import StoreCorrupt
from rollout_core.ports.audit_chain import GENESIS
from rollout_core.ports.control_records import AuditEntry
from rollout_core.ports.control_store import ControlStore
from rollout_core.storage.control_store import SqlControlStore, open_control_store
from tests.fakes.control_store import FakeControlStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRY = AuditEntry(at=NOW, principal="ann", role="admin", via="session", origin="test", verb="start", rollout="r",
                   reason="Über alles geprüft ✓", after={"percentage": 10_000})


def fill(control: ControlStore, count: int = 5) -> None:
    with control.write() as unit:
        for number in range(count):
            unit.audit.append(replace(ENTRY, at=NOW + timedelta(minutes=number), rollout="r" if number % 2 else "q"))


def test_each_hash_is_the_sha256_of_the_previous_hash_and_the_stored_bytes(control: ControlStore) -> None:
    fill(control, 3)
    with control.read() as unit:
        first, second, third = unit.audit.walk()
    assert first.previous == GENESIS == "0" * 64
    for record, previous in ((first, GENESIS), (second, first.hash), (third, second.hash)):
        assert record.hash == sha256(previous.encode() + record.body).hexdigest()


def test_an_entry_comes_back_as_it_was_written(control: ControlStore) -> None:
    with control.write() as unit:
        record = unit.audit.append(ENTRY)
    with control.read() as unit:
        assert unit.audit.tail() == (record,)
        assert unit.audit.tail()[0].entry == ENTRY


def test_the_tail_is_newest_first_and_can_be_paged_and_narrowed(control: ControlStore) -> None:
    fill(control)
    with control.read() as unit:
        assert [record.seq for record in unit.audit.tail(limit=2)] == [5, 4]
        assert [record.seq for record in unit.audit.tail(before=3)] == [2, 1]
        assert [record.seq for record in unit.audit.tail("r")] == [4, 2]
        assert [record.seq for record in unit.audit.walk(after=3)] == [4, 5]


def test_a_whole_trail_verifies_with_and_without_an_anchor(control: ControlStore) -> None:
    with control.read() as unit:
        assert unit.audit.verify().whole
    fill(control)
    with control.read() as unit:
        anchor = str(unit.audit.head())
    fill(control, 2)
    with control.read() as unit:
        assert unit.audit.verify().records == 7
        assert unit.audit.verify().anchored is False
        verdict = unit.audit.verify(anchor)
        assert (verdict.whole, verdict.anchored) == (True, True)
        assert unit.audit.verify(anchor.partition(":")[2]).whole


@pytest.mark.parametrize(("anchor", "kind"), [("9:" + "a" * 64, "cut"), ("3:" + "a" * 64, "rewritten"),
                                              ("a" * 64, "rewritten"), ("x:" + "a" * 64, "rewritten")])
def test_an_anchor_that_the_trail_does_not_hold_is_reported(control: ControlStore, anchor: str, kind: str) -> None:
    fill(control)
    with control.read() as unit:
        verdict = unit.audit.verify(anchor)
    assert not verdict.whole
    assert [finding.kind for finding in verdict.findings] == [kind]


def test_time_never_goes_back_and_the_skew_is_noted(control: ControlStore) -> None:
    with control.write() as unit:
        unit.audit.append(ENTRY)
        late = unit.audit.append(replace(ENTRY, at=NOW - timedelta(seconds=90)))
    assert late.entry.at == NOW
    assert late.entry.clock_behind_ms == 90_000


def test_records_of_another_copy_are_taken_over_only_where_they_follow(control: ControlStore) -> None:
    other = FakeControlStore(read_plan)
    fill(control, 3)
    with control.read() as unit:
        three = tuple(unit.audit.walk())
    with other.write() as unit:
        assert unit.audit.extend(three) == 3
    with control.write() as unit, pytest.raises(StoreCorrupt):
        unit.audit.extend(three[1:])
    fill(other, 2)
    with other.read() as unit:
        newer = tuple(unit.audit.walk(after=3))
    with control.write() as unit:
        assert unit.audit.extend(newer) == 2
        assert unit.audit.verify().whole


def test_a_subjects_name_can_be_erased_and_the_chain_stays_whole(control: ControlStore) -> None:
    with control.write() as unit:
        unit.audit.append(replace(ENTRY, subject="00000000000000ab"))
        unit.audit.remember_name("00000000000000ab", "user", "u1")
        unit.audit.remember_name("00000000000000ab", "user", "u1")
        assert unit.audit.name_of("00000000000000ab") == ("user", "u1")
        assert unit.audit.forget_name("00000000000000ab") is True
        assert unit.audit.forget_name("00000000000000ab") is False
    with control.read() as unit:
        assert unit.audit.name_of("00000000000000ab") is None
        assert unit.audit.verify().whole


TAMPERINGS = {
    "a changed body": ("UPDATE audit SET body = replace(body, 'ann', 'bob') WHERE seq = 3", 3, "edited"),
    "a changed look-up column": ("UPDATE audit SET rollout = 'other' WHERE seq = 3", 3, "edited"),
    "a changed time": ("UPDATE audit SET at = '2026-01-01T00:00:00.000000Z' WHERE seq = 3", 3, "edited"),
    "a record taken out": ("DELETE FROM audit WHERE seq = 3", 3, "gap"),
    "a cut tail": ("DELETE FROM audit WHERE seq > 3", 4, "cut"),
    "a changed link": ("UPDATE audit SET previous = hash WHERE seq = 3", 3, "broken_link"),
    "a time that is none": ("UPDATE audit SET at = 'yesterday' WHERE seq = 3", 3, "edited"),
    "a body that is no entry": ("UPDATE audit SET body = X'7B7D' WHERE seq = 3", 3, "unreadable"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_with_the_file_is_found_where_it_happened(sqlite_path: Path, name: str) -> None:
    statement, seq, kind = TAMPERINGS[name]
    store = open_control_store(sqlite_path, read_plan)
    fill(store)
    tamper(sqlite_path, statement)
    with store.read() as unit:
        verdict = unit.audit.verify()
    store.close()
    assert not verdict.whole
    assert (seq, kind) in {(finding.seq, finding.kind) for finding in verdict.findings}


def test_a_damaged_newest_record_hinders_neither_reading_nor_writing(sqlite_path: Path) -> None:
    store = open_control_store(sqlite_path, read_plan)
    fill(store)
    tamper(sqlite_path, "UPDATE audit SET body = X'00', at = 'never' WHERE seq = 5")
    with store.write() as unit:
        assert unit.audit.tail(limit=1)[0].entry.outcome == "unreadable"
        assert unit.audit.newest_at() is None
        assert unit.audit.append(ENTRY).seq == 6
    with store.read() as unit:
        assert not unit.audit.verify().whole
    store.close()


def test_a_chain_rewritten_by_somebody_who_knows_how_shows_only_against_an_anchor(sqlite_path: Path) -> None:
    store = open_control_store(sqlite_path, read_plan)
    fill(store)
    with store.read() as unit:
        anchor = str(unit.audit.head())
    rewrite_from_scratch(store, sqlite_path)
    with store.read() as unit:
        assert unit.audit.verify().whole
        verdict = unit.audit.verify(anchor)
    store.close()
    assert [finding.kind for finding in verdict.findings] == ["rewritten"]


def test_a_tail_cut_together_with_the_stores_own_count_shows_only_against_an_anchor(sqlite_path: Path) -> None:
    store = open_control_store(sqlite_path, read_plan)
    fill(store)
    with store.read() as unit:
        anchor = str(unit.audit.head())
        third = tuple(unit.audit.walk())[2]
    tamper(sqlite_path, "DELETE FROM audit WHERE seq > 3")
    tamper(sqlite_path, f"UPDATE meta SET value = '3:{third.hash}' WHERE name = 'audit_head'")
    with store.read() as unit:
        assert unit.audit.verify().whole
        assert [finding.kind for finding in unit.audit.verify(anchor).findings] == ["cut"]
    store.close()


def tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def rewrite_from_scratch(store: SqlControlStore, path: Path) -> None:
    """What a forger with the file and this program can do: the same trail with another actor, chained anew."""
    with store.read() as unit:
        records = tuple(unit.audit.walk())
    tamper(path, "DELETE FROM audit")
    with store.write() as unit:
        for record in records:
            unit.audit.append(replace(record.entry, principal="bob"))
