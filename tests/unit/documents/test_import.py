"""Importing files into a store: each row once, whatever happens in between; bad rows are kept with their reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rollout_core.control.import_file import ImportFile, import_file
from rollout_core.documents.mapped_file import open_file
from rollout_core.errors import NotPermitted, StoreUnavailable
from rollout_core.people.role import Role
from rollout_core.ports.event_questions import DeadLetters
from rollout_core.ports.import_source import ImportBatch, ImportSource
from rollout_core.ports.room import Room
from tests.fakes.import_rooms import ADMIN, import_room

MAPPING = """\
format: rollout-mapping/1
key: shop
name: Shop
source: {format: csv}
events:
  - kind: conversion
    occurred_at: {column: at}
    units: {customer: {column: who}}
    fields: {name: order, value: {column: amount}}
subjects:
  - unit: customer
    id: {column: who}
    attributes: {groups: {column: groups, split: ";"}}
    times: {last_active_at: {column: at}}
"""
HEADING = "at,who,amount,groups\n"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    (tmp_path / "shop.yaml").write_text(MAPPING)
    return import_room(tmp_path)


def orders(count: int) -> str:
    return HEADING + "".join(f"2024-01-01T00:{n // 60 % 60:02}:{n % 60:02}Z,c{n},{n}.50,a;b\n" for n in range(count))


def run(room: Room, text: str, name: str = "shop.csv") -> dict[str, object]:
    (room.directory / name).write_text(text)
    request = ImportFile(str(room.directory / name), str(room.directory / "shop.yaml"))
    return dict(import_file(room, ADMIN, request).result)


def stored(room: Room) -> int:
    return int(room.events.query("SELECT count(*) FROM conversions").rows[0][0])


def test_rows_become_events_and_subjects(room: Room) -> None:
    assert run(room, orders(3)) == {"read": 3, "stored": 3, "duplicates": 0, "subjects": 3, "rejected": 0,
                                    "refused": ()}
    with room.control.read() as unit:
        assert unit.register.get("customer", "c1") == {"groups": ("a", "b"), "last_active_at": "2024-01-01T00:00:01Z"}


def test_the_same_file_twice_adds_nothing(room: Room) -> None:
    run(room, orders(50))
    assert run(room, orders(50))["stored"] == 0
    assert stored(room) == 50


def test_the_same_file_under_another_name_adds_nothing(room: Room) -> None:
    run(room, orders(50))
    run(room, orders(50), "copy.csv")
    assert stored(room) == 50


def test_a_killed_import_that_is_repeated_adds_the_rest(room: Room) -> None:
    def small(file: str, mapping: str) -> ImportSource:
        return replace(open_file(file, mapping), batch_rows=10)

    with pytest.raises(KeyboardInterrupt):
        run(replace(room, open_import=lambda file, mapping: Killed(small(file, mapping), after=2)), orders(45))
    assert stored(room) == 20
    assert run(replace(room, open_import=small), orders(45))["stored"] == 25
    assert stored(room) == 45


class Killed:
    """A source whose process is killed after some batches."""

    def __init__(self, source: ImportSource, after: int) -> None:
        self.source, self.after = source, after
        self.identity, self.name = source.identity, source.name

    def batches(self) -> Iterator[ImportBatch]:
        for number, batch in enumerate(self.source.batches()):
            if number == self.after:
                raise KeyboardInterrupt
            yield batch


def test_bad_rows_lie_with_the_dead_letters_and_the_others_are_stored(room: Room) -> None:
    text = HEADING + "2024-01-01T00:00:00Z,c1,1,\n,c2,2,\n2024-01-01T00:00:00Z,,3,\n2090-01-01T00:00:00Z,c4,4,\n"
    result = run(room, text)
    letters = {(letter["reason"], letter["detail"][:24]) for letter in room.events.measure(DeadLetters()).records()}
    assert (result["stored"], stored(room)) == (1, 1)
    assert letters == {("unreadable", "occurred_at: there is no"), ("missing_field", "units names nobody; give"),
                       ("in_the_future", "occurred_at 2090-01-01 0"), ("unreadable", "the customer has no id")}


def test_a_corrected_mapping_does_not_store_the_same_rows_again(room: Room) -> None:
    run(room, orders(5))
    (room.directory / "shop.yaml").write_text(MAPPING.replace("name: Shop", "name: Better shop"))
    assert run(room, orders(5))["duplicates"] == 5
    assert stored(room) == 5


def test_progress_is_told_up_to_the_end(room: Room) -> None:
    (room.directory / "shop.csv").write_text(orders(3))
    told: list[float] = []
    import_file(room, ADMIN, ImportFile(str(room.directory / "shop.csv"), str(room.directory / "shop.yaml")),
                told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_import_is_in_the_trail_with_what_it_did(room: Room) -> None:
    run(room, orders(3))
    with room.control.read() as unit:
        (record,) = unit.audit.tail(limit=1)
    assert (record.entry.verb, record.entry.principal) == ("import_file", "ada")
    assert record.entry.after["file"] == "shop.csv"
    assert record.entry.after["stored"] == 3


def test_only_an_admin_imports(room: Room) -> None:
    with pytest.raises(NotPermitted):
        import_file(room, replace(ADMIN, role=Role.OPERATOR), ImportFile("x", "y"))


def test_a_process_that_reads_no_files_says_so(room: Room) -> None:
    with pytest.raises(StoreUnavailable):
        import_file(replace(room, open_import=None), ADMIN, ImportFile("x", "y"))


def test_an_import_with_refused_rows_says_where_to_read_why(room: Room) -> None:
    (room.directory / "bad.csv").write_text(HEADING + "not a time,c1,1,a\n2024-01-01T00:00:00Z,c2,1,a\n")
    mapping = str(room.directory / "shop.yaml")
    [told] = import_file(room, ADMIN, ImportFile(str(room.directory / "bad.csv"), mapping)).warnings
    assert told.startswith("1 row or event was refused")
    assert "rollout ask events_health" in told
    (room.directory / "good.csv").write_text(orders(1))
    assert import_file(room, ADMIN, ImportFile(str(room.directory / "good.csv"), mapping)).warnings == ()


def test_the_first_refused_rows_are_told_with_line_and_reason(room: Room) -> None:
    """Line 1 is the heading, 3 is blank, the cell of the row at 4 goes on in line 5; that row's customer is missing."""
    text = (HEADING + "2024-01-01T00:00:00Z,c1,1,a\n\n2024-01-01T00:00:00Z,,1,\"a\nb\"\nsoon,c3,1,a\n"
            "2090-01-01T00:00:00Z,c4,1,a\n2024-01-01T00:00:00Z,c5\n2024-01-01T00:00:00Z,c6,many,a\n")
    found = run(room, text)["refused"]
    said = [(each["line"], each["row"], each["reason"], each["detail"][:28]) for each in found]
    assert said == [(None, None, "unreadable", "row 6: line has 2 cells, not"),
                    (4, 2, "unreadable", "the customer has no id"),
                    (4, 2, "missing_field", "units names nobody; give for"),
                    (6, 3, "unreadable", "occurred_at: 'soon' is no IS"),
                    (9, 5, "unreadable", "value: 'many' is not a numbe")]


def test_no_more_refused_rows_are_told_than_can_be_read(room: Room) -> None:
    result = run(room, HEADING + "soon,c1,1,a\n" * 12)
    assert (result["rejected"], len(result["refused"])) == (12, 5)


def test_what_was_refused_is_not_kept_in_the_trail(room: Room) -> None:
    """Rows name people; `forget` could not take them out of there again."""
    run(room, HEADING + "soon,c1,1,a\n")
    with room.control.read() as unit:
        (record,) = unit.audit.tail(limit=1)
    assert "refused" not in record.entry.after


def test_lines_of_json_are_counted_with_the_blank_ones(room: Room) -> None:
    (room.directory / "shop.yaml").write_text(MAPPING.replace("format: csv", "format: jsonl"))
    good = '{"at": "2024-01-01T00:00:00Z", "who": "c1", "amount": 1}\n'
    found = run(room, good + "\nno json\n" + good.replace("2024-01-01T00:00:00Z", "soon"), "shop.jsonl")["refused"]
    assert [(each["line"], each["detail"][:20]) for each in found] == [
        (None, "line 3: no JSON: JSO"), (4, "occurred_at: 'soon' ")]
