"""The exported trail: nothing lost in any format, verifiable by hand, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO, StringIO

import pyarrow.parquet as pq
import pytest

from rollout_core.errors import InvalidRequest
from rollout_core.insight.audit_file import COLUMNS, audit_file
from rollout_core.ports.audit_chain import EMPTY_HEAD, chained
from rollout_core.ports.control_records import AuditEntry, AuditHead, AuditRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REASONS = ("Über alles ✓, \"quoted\"\nsecond line", "=HYPERLINK(\"http://evil\")", "")


def trail() -> tuple[list[AuditRecord], AuditHead]:
    records, head = [], EMPTY_HEAD
    for number, reason in enumerate(REASONS):
        entry = AuditEntry(NOW + timedelta(minutes=number), "ann", "admin", "session", "page", "advance",
                           rollout="r", reason=reason, after={"percentage": 10_000}, revision=number)
        records.append(chained(entry, head, None))
        head = AuditHead(records[-1].seq, records[-1].hash)
    return records, head


def assert_chain(rows: list[dict]) -> None:
    previous = "0" * 64
    for row in rows:
        assert row["previous"] == previous
        assert row["hash"] == sha256((previous + row["body"]).encode()).hexdigest()
        previous = row["hash"]


def test_json_lines_hold_every_record_and_the_head() -> None:
    records, head = trail()
    lines = [json.loads(line) for line in audit_file(reversed(records), head, "json").splitlines()]
    assert lines[-1] == {"head": str(head)}
    assert [line["seq"] for line in lines[:-1]] == [1, 2, 3]
    assert lines[0]["reason"] == REASONS[0]
    assert json.loads(lines[0]["after"]) == {"percentage": 10_000}
    assert_chain(lines[:-1])


def test_csv_reads_back_and_runs_nothing_in_a_spreadsheet() -> None:
    records, head = trail()
    rows = list(csv.DictReader(StringIO(audit_file(records, head, "csv").decode())))
    assert [row["reason"] for row in rows[:3]] == [REASONS[0], "'" + REASONS[1], ""]
    assert (rows[-1]["verb"], rows[-1]["hash"]) == ("head", head.hash)
    assert_chain(rows[:3])


def test_parquet_holds_every_column_and_the_head() -> None:
    records, head = trail()
    table = pq.read_table(BytesIO(audit_file(records, head, "parquet")))
    assert table.column_names == list(COLUMNS)
    assert table.schema.metadata[b"audit_head"] == str(head).encode()
    assert table.column("revision").to_pylist() == [0, 1, 2]
    assert table.column("reason").to_pylist() == list(REASONS)
    assert_chain(table.to_pylist())


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_an_empty_trail_is_a_file_too(kind: str) -> None:
    assert audit_file([], EMPTY_HEAD, kind)


def test_another_format_names_the_known_ones() -> None:
    with pytest.raises(InvalidRequest) as caught:
        audit_file([], EMPTY_HEAD, "xlsx")
    assert "csv" in caught.value.mend
