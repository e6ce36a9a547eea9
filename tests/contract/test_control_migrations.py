"""Control databases of other versions: older ones are brought up, newer and foreign ones are refused and left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rollout_core.documents.plan_document import read_plan
from rollout_core.errors import StoreCorrupt, StoreTooNew
from rollout_core.ports.control_records import Subject
from rollout_core.storage.control_migrations import CURRENT_VERSION, MIGRATIONS
from rollout_core.storage.control_store import open_control_store

FIXTURE = Path(__file__).parent / "fixtures" / "control_v1.sql"


def schema_of(path: Path) -> dict[str, set[str]]:
    """Table -> its columns."""
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")} for name in names}


def make_v1(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIXTURE.read_text(encoding="utf-8"))


def test_a_version_1_database_is_brought_to_the_present_and_keeps_everything(tmp_path: Path) -> None:
    make_v1(tmp_path / "old.sqlite")
    store = open_control_store(tmp_path / "old.sqlite", read_plan)
    with store.write() as unit:
        assert unit.rollouts.get("r").percentage == 10_000
        assert unit.audit.verify().whole
        assert unit.audit.head().seq == 1
        assert unit.register.get("user", "u1") == {"tier": "pro"}
        assert unit.register.remove("user", "u1")
        assert unit.meta.get("schema_version") == str(CURRENT_VERSION)
    store.close()


def test_an_upgraded_database_has_the_same_tables_as_a_new_one(tmp_path: Path) -> None:
    make_v1(tmp_path / "old.sqlite")
    for name in ("old.sqlite", "new.sqlite"):
        open_control_store(tmp_path / name, read_plan).close()
    assert schema_of(tmp_path / "old.sqlite") == schema_of(tmp_path / "new.sqlite")


def test_every_version_but_the_first_has_its_step() -> None:
    assert sorted(MIGRATIONS) == list(range(2, CURRENT_VERSION + 1))


def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    open_control_store(path, read_plan).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
        connection.commit()
    with pytest.raises(StoreTooNew) as caught:
        open_control_store(path, read_plan)
    assert (caught.value.facts["version"], caught.value.facts["known"]) == (99, CURRENT_VERSION)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone() == ("99",)


def test_somebody_elses_database_is_not_written_into(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")
        connection.commit()
    with pytest.raises(StoreCorrupt):
        open_control_store(path, read_plan)
    assert set(schema_of(path)) == {"customers"}


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "junk.sqlite").write_bytes(b"this is no database " * 500)
    with pytest.raises(StoreCorrupt) as caught:
        open_control_store(tmp_path / "junk.sqlite", read_plan)
    assert "restore" in caught.value.mend


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.sqlite"
    store = open_control_store(path, read_plan)
    with store.write() as unit:
        unit.register.upsert_many([Subject("user", "u1", {})])
    store.close()
    again = open_control_store(path, read_plan)
    with again.read() as unit:
        assert unit.register.count("user") == 1
    again.close()
