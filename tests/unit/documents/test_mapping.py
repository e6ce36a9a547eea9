"""Mapping documents: what they may say, what a mistake in one looks like, and what cells become."""

from __future__ import annotations

import bz2
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from rollout_core.documents.mapped_file import open_file
from rollout_core.documents.mapping import Column, Constant, Joined, Moment, When
from rollout_core.documents.mapping_shape import load_mapping, read_mapping, write_mapping
from rollout_core.documents.mapping_times import instants
from rollout_core.documents.mapping_values import Unreadable, cells_of, chosen
from rollout_core.documents.source_records import RecordRows
from rollout_core.documents.source_tables import TableRows
from rollout_core.errors import InvalidDocument, InvalidRequest
from rollout_core.metrics.event import Event
from rollout_core.ports.import_source import ImportBatch

ROOT = Path(__file__).parents[3]
SMALL = """\
format: rollout-mapping/1
key: votes
name: Votes
source: {format: csv}
events:
  - kind: feedback
    occurred_at: {column: at}
    units: {user: {column: who}}
    fields: {value: {column: score}}
"""


def rows(**columns: list[object]) -> TableRows:
    return TableRows(pa.table(columns))


def read(directory: Path, name: str, content: bytes, mapping: str = SMALL) -> list[ImportBatch]:
    (directory / name).write_bytes(content)
    (directory / "mapping.yaml").write_text(mapping)
    return list(open_file(str(directory / name), str(directory / "mapping.yaml")).batches())


def events_in(batches: list[ImportBatch]) -> list[Event]:
    return [event for batch in batches for event in batch.events]


@pytest.mark.parametrize("file", sorted((ROOT / "data/mappings").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_shipped_mapping_is_sound_and_survives_writing_and_reading(file: Path) -> None:
    mapping = load_mapping(file)
    assert read_mapping(write_mapping(mapping)) == mapping


@pytest.mark.parametrize(("old", "new", "where", "what"), [
    ("format: csv", "format: xls", "source.format", "the text 'xls' is not one of the choices"),
    ("kind: feedback", "kind: feedbak", "events[0].kind", "did you mean 'feedback'?"),
    ("value: {column: score}", "valu: {column: score}", "events[0].fields.valu", "did you mean 'value'?"),
    ("value: {column: score}", "value: {colum: score}", "events[0].fields.value.colum", "did you mean 'column'?"),
    ("{column: at}", "{column: at, zone: Mars/Base}", "events[0].occurred_at.zone", "is not a time zone"),
    ("occurred_at: {column: at}", "level: bundle\n    occurred_at: {column: at}", "events[0].level", "unknown level"),
    ("    fields:", "    scale: [5, 0]\n    fields:", "events[0].scale", "its lowest and its highest"),
    ("    fields:", "    when: [{column: a, is: 3}]\n    fields:", "events[0].when[0]", "exactly one test"),
])
def test_a_mistake_in_a_mapping_is_named_with_its_place(old: str, new: str, where: str, what: str) -> None:
    assert SMALL.count(old) == 1
    with pytest.raises(InvalidDocument) as refused:
        read_mapping(SMALL.replace(old, new), "votes.yaml")
    assert any(problem.where == where and what in problem.what and problem.line > 1
               for problem in refused.value.problems), refused.value.problems


def test_a_mapping_that_makes_nothing_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="events or subjects"):
        read_mapping(SMALL[: SMALL.index("events:")])


def test_values_are_constants_cells_translations_and_joined_cells() -> None:
    table = rows(a=["x", "y", None], b=["1", "2", "3"])
    assert cells_of(Constant(7), table) == [7, 7, 7]
    assert cells_of(Column("a"), table) == ["x", "y", None]
    assert cells_of(Column("a", {"x": "good"}), table) == ["good", "y", None]
    assert cells_of(Column("a", {"x": "good"}, otherwise="bad"), table) == ["good", "bad", "bad"]
    assert cells_of(Column("b", times=1000), table) == [1000.0, 2000.0, 3000.0]
    assert cells_of(Joined(("a", "b")), table) == ["x-1", "y-2", None]
    assert cells_of(Column("a", split=","), rows(a=["p,q", "", None])) == [("p", "q"), (), None]


def test_a_cell_that_is_no_number_spoils_its_own_row_only() -> None:
    good, bad = cells_of(Column("b", times=2), rows(b=["1", "one"]))
    assert good == 2.0
    assert bad == Unreadable("'one' is not a number")


@pytest.mark.parametrize(("test", "argument", "places"), [
    ("equals", ("x",), [0]), ("in", ("x", "y"), [0, 1]), ("not_equals", ("x",), [1]), ("not_in", ("x", "y"), []),
    ("present", (True,), [0, 1]), ("present", (False,), [2]),
])
def test_an_absent_cell_fails_every_test_but_absence(test: str, argument: tuple[str, ...], places: list[int]) -> None:
    assert chosen(rows(a=["x", "y", None]), [When("a", test, argument)]) == places


def test_words_for_true_are_one_word() -> None:
    assert chosen(rows(a=["True", "true", "TRUE", "False", "yes"]), [When("a", "equals", (True,))]) == [0, 1, 2]


def test_a_condition_can_look_into_a_list_of_records() -> None:
    chains = [({"e": [{"k": "click"}]},), ({"e": [{"k": "view"}]},), ({},)]
    assert chosen(RecordRows(("",), chains), [When("e", "has", {"k": "click"})]) == [0]
    assert chosen(RecordRows(("",), chains), [When("e", "has_none", {"k": "click"})]) == [1, 2]


@pytest.mark.parametrize(("moment", "cell", "meant"), [
    (Moment("t"), "2024-05-06T01:02:03Z", datetime(2024, 5, 6, 1, 2, 3, tzinfo=UTC)),
    (Moment("t"), "2024-05-06T01:02:03+02:00", datetime(2024, 5, 5, 23, 2, 3, tzinfo=UTC)),
    (Moment("t", zone="America/New_York"), "2024-07-01T12:00:00", datetime(2024, 7, 1, 16, tzinfo=UTC)),
    (Moment("t", "%Y/%m/%d %H:%M"), "2015/7/22 16:31", datetime(2015, 7, 22, 16, 31, tzinfo=UTC)),
    (Moment("t", "%d.%m.%Y", "Europe/Berlin"), "01.02.2024", datetime(2024, 1, 31, 23, tzinfo=UTC)),
    (Moment("t", "epoch_ms"), "1700000000123", datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)),
    (Moment("t", "epoch_s"), 0, datetime(1970, 1, 1, tzinfo=UTC)),
    (Moment("t", "days", since=datetime(2020, 1, 1, tzinfo=UTC)), "1.5", datetime(2020, 1, 2, 12, tzinfo=UTC)),
    (Moment("t", plus=timedelta(minutes=30)), "2024-01-01T00:00:00Z", datetime(2024, 1, 1, 0, 30, tzinfo=UTC)),
])
def test_times_are_read_in_every_notation(moment: Moment, cell: object, meant: datetime) -> None:
    assert instants(moment, [cell]) == [meant]


@pytest.mark.parametrize("notation", ["iso", "%Y", "epoch_s", "days"])
def test_a_missing_or_broken_time_says_so(notation: str) -> None:
    missing, broken = instants(Moment("t", notation), [None, "soon"])
    assert missing == Unreadable("there is no time")
    assert isinstance(broken, Unreadable)
    assert "'soon'" in broken.why


CSV = b"at,who,score\n2024-01-02T00:00:00Z,b,4\n2024-01-01T00:00:00Z,a,5\n"


def test_events_come_sorted_by_time(tmp_path: Path) -> None:
    assert [event.units["user"] for event in events_in(read(tmp_path, "v.csv", CSV))] == ["a", "b"]


@pytest.mark.parametrize(("name", "pack"), [("v.csv", bytes), ("v.csv.gz", gzip.compress), ("v.csv.bz2", bz2.compress)])
def test_compressed_files_are_read_like_plain_ones(tmp_path: Path, name: str, pack: type) -> None:
    assert [event.value for event in events_in(read(tmp_path, name, pack(CSV)))] == [5.0, 4.0]


def test_the_same_rows_arrive_from_parquet_json_and_json_lines(tmp_path: Path) -> None:
    records = [{"at": "2024-01-01T00:00:00Z", "who": "a", "score": 5}, {"at": "2024-01-02T00:00:00Z", "who": "b",
                                                                         "score": 4}]
    pyarrow.parquet.write_table(pa.Table.from_pylist(records), tmp_path / "v.parquet")
    contents = {"parquet": (tmp_path / "v.parquet").read_bytes(), "json": json.dumps(records).encode(),
                "jsonl": b"\n".join(json.dumps(record).encode() for record in records)}
    for name, content in contents.items():
        events = events_in(read(tmp_path, f"v.{name}", content, SMALL.replace("csv", name)))
        assert [(event.units["user"], event.value) for event in events] == [("a", 5.0), ("b", 4.0)], name


def test_columns_parted_by_blanks_and_files_without_a_heading_are_read(tmp_path: Path) -> None:
    mapping = SMALL.replace("{format: csv}", "{format: csv, delimiter: whitespace, columns: [at, who, score]}")
    events = events_in(read(tmp_path, "v.txt", b"  2024-01-01T00:00:00Z   a    5\r\n", mapping))
    assert [(event.units["user"], event.value) for event in events] == [("a", 5.0)]


def test_nested_json_is_read_at_the_level_of_the_event(tmp_path: Path) -> None:
    mapping = SMALL.replace("{format: csv}", """
  format: json
  levels: [{key: day}, {key: page, of: day, field: pages}, {key: vote, of: page, field: votes}]
""").replace("{column: at}", "{column: day.date}").replace("{column: who}", "{column: page.url}").replace(
        "{column: score}", "{column: vote.score}").replace("kind: feedback", "kind: feedback\n    level: vote")
    document = [{"date": "2024-01-01", "pages": [{"url": "/a", "votes": [{"score": 1}, {"score": 2}]},
                                                 {"url": "/b", "votes": []}, {"url": "/c"}]}]
    events = events_in(read(tmp_path, "v.json", json.dumps(document).encode(), mapping))
    assert [(event.units["user"], event.value) for event in events] == [("/a", 1.0), ("/a", 2.0)]


def test_what_cannot_be_read_is_refused_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = CSV + b"2024-01-03T00:00:00Z,c\nyesterday,d,3\n2024-01-04T00:00:00Z,e,many\n"
    batches = read(tmp_path, "v.csv", content)
    reasons = sorted(letter.detail for batch in batches for letter in batch.rejected)
    assert len(events_in(batches)) == 2
    assert reasons == ["occurred_at: 'yesterday' is no ISO 8601 time", "row 4: line has 2 cells, not 3",
                       "value: 'many' is not a number"]


def test_lines_that_are_no_records_are_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = b'{"at": "2024-01-01T00:00:00Z", "who": "a", "score": 5}\n{broken\n[1]\n\n'
    batches = read(tmp_path, "v.jsonl", content, SMALL.replace("csv", "jsonl"))
    assert len(events_in(batches)) == 1
    assert sum(len(batch.rejected) for batch in batches) == 2


def test_an_unknown_column_is_named_beside_the_ones_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no column 'at'; did you mean 'att'") as refused:
        read(tmp_path, "v.csv", CSV.replace(b"at,", b"att,"))
    assert "att, who, score" in refused.value.mend


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read as parquet"):
        read(tmp_path, "v.parquet", b"no parquet", SMALL.replace("csv", "parquet"))
    with pytest.raises(InvalidRequest, match="is no JSON"):
        read(tmp_path, "v.json", b"{", SMALL.replace("csv", "json"))


@pytest.mark.parametrize(("name", "content", "mapping"), [
    ("v.csv", b"at,who,score\n2024-01-01T00:00:00Z,\xff,5\n", SMALL), ("v.csv", b"", SMALL),
    ("v.csv.gz", CSV, SMALL), ("v.json.gz", b"[]", SMALL.replace("csv", "json")),
    ("v.jsonl.gz", b"{}", SMALL.replace("csv", "jsonl")),
])
def test_a_broken_file_is_refused_in_words(tmp_path: Path, name: str, content: bytes, mapping: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        read(tmp_path, name, content, mapping)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(SMALL)
    with pytest.raises(InvalidRequest, match="There is no file"):
        open_file(str(tmp_path / "nothing.csv"), str(tmp_path / "mapping.yaml"))


def test_rows_with_an_identity_keep_their_event_id_when_the_file_grows(tmp_path: Path) -> None:
    mapping = SMALL.replace("events:", "identity: [who, at]\nevents:")
    before = events_in(read(tmp_path, "v.csv", CSV, mapping))
    after = events_in(read(tmp_path, "v.csv", CSV + b"2024-01-05T00:00:00Z,z,1\n", mapping))
    assert {event.event_id for event in before} < {event.event_id for event in after}


def test_batches_are_the_same_every_time(tmp_path: Path) -> None:
    first, again = read(tmp_path, "v.csv", CSV), read(tmp_path, "v.csv", CSV)
    assert first == again
    assert first[-1].done == 1.0


def test_the_guides_own_example_is_sound() -> None:
    guide = (ROOT / "docs/guide/mappings.md").read_text(encoding="utf-8")
    example = guide.split("```yaml\n")[1].split("```")[0]
    assert read_mapping(example).key == "shop_orders"
