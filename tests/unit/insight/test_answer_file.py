"""Answers as files: what a spreadsheet opens holds no formula, and every format gives the same values back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

from rollout_core.insight.answer_file import WRITERS, answer_file
from rollout_core.ports.event_store import Found

ATTACK = "=cmd|' /C calc'!A0"
AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SHEET = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheet_of(found: Found) -> tuple[list[list[tuple[str, str]]], str]:
    """Rows of (type, value) as Excel reads them (text resolved), and the raw sheet."""
    with ZipFile(BytesIO(answer_file(found, "xlsx"))) as book:
        raw = book.read("xl/worksheets/sheet1.xml").decode()
        texts = ["".join(each.itertext()) for each in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
    rows = []
    for row in ElementTree.fromstring(raw).iterfind(".//m:row", SHEET):
        cells = []
        for cell in row.iterfind("m:c", SHEET):
            value = cell.findtext("m:v", "", SHEET)
            kind = cell.get("t", "n")
            cells.append((kind, texts[int(value)] if kind == "s" else value))
        rows.append(cells)
    return rows, raw


def test_no_cell_of_a_csv_file_is_a_formula_and_negative_numbers_stay_numbers() -> None:
    rows = [(ATTACK, -1), ("@SUM(1)", 2), ("+1", 3), ("-1", 4), ("\tx", 5), (None, 6), ("\uff1d1", 7)]
    found = Found(("=1+1", "n"), rows, capped=False)
    assert answer_file(found, "csv").decode().splitlines() == [
        "'=1+1,n", f"'{ATTACK},-1", "'@SUM(1),2", "'+1,3", "'-1,4", "'\tx,5", ",6", "'\uff1d1,7"]


@pytest.mark.parametrize("text", [ATTACK, "@SUM(1)", "+1", "-1", "http://evil.example", "{=A1}", "1"])
def test_a_text_stays_a_text_in_excel(text: str) -> None:
    rows, raw = sheet_of(Found((text,), [(text,)], capped=False))
    assert rows == [[("s", text)], [("s", text)]]
    assert "<f>" not in raw
    assert "hyperlink" not in raw


def test_excel_keeps_numbers_days_and_truth_and_writes_large_keys_as_text() -> None:
    key = 18_446_744_073_709_551_615
    rows, _ = sheet_of(Found(("n", "share", "at", "ok", "key", "none"),
                             [(7, 0.5, AT, True, key, None), (Decimal("1.25"), float("nan"), date(1800, 1, 1), False,
                                                             10**15, [1])], capped=False))
    # 2026-03-01 12:30 is day 46082 after 1899-12-30, and half a day and half an hour
    assert [*rows[1][:2], *rows[1][3:]] == [("n", "7"), ("n", "0.5"), ("b", "1"), ("s", str(key))]
    assert float(rows[1][2][1]) == pytest.approx(46082 + 12.5 / 24)
    assert rows[2][1:] == [("s", "nan"), ("s", "1800-01-01"), ("b", "0"), ("s", str(10**15)), ("s", "[1]")]
    assert rows[2][0] in {("n", "1.25"), ("s", "1.25")}


def test_parquet_gives_the_values_back_and_tells_columns_of_one_name_apart() -> None:
    found = Found(("n", "n", "at", "key"), [(1, "a", AT, 2**64 - 1), (2, None, AT, 1)], capped=False)
    table = pq.read_table(BytesIO(answer_file(found, "parquet")))
    assert table.column_names == ["n", "n_2", "at", "key"]
    assert table.column("n").to_pylist() == [1, 2]
    assert table.column("n_2").to_pylist() == ["a", None]
    assert table.column("key").to_pylist() in ([2**64 - 1, 1], [str(2**64 - 1), "1"])


def test_a_column_of_several_types_becomes_text_in_parquet() -> None:
    table = pq.read_table(BytesIO(answer_file(Found(("mixed",), [(1,), ("a",)], capped=False), "parquet")))
    assert table.column("mixed").to_pylist() == ["1", "a"]


@pytest.mark.parametrize("kind", list(WRITERS))
def test_an_answer_without_rows_is_a_file_with_its_columns(kind: str) -> None:
    assert b"only" in answer_file(Found(("only",), [], capped=False), kind) or kind == "xlsx"
    if kind == "xlsx":
        assert sheet_of(Found(("only",), [], capped=False))[0] == [[("s", "only")]]


def test_a_column_of_times_is_as_wide_as_its_format_so_that_excel_shows_no_hashes() -> None:
    found = Found(("n", "day", "at", "a long heading of days"), [(1, AT.date(), None, AT.date()),
                                                               (2, None, AT, None)], capped=False)
    _, raw = sheet_of(found)
    widths = {int(each.get("min")): float(each.get("width"))
              for each in ElementTree.fromstring(raw).iterfind(".//m:col", SHEET)}
    assert widths[2] >= len("2026-03-01") + 1
    assert widths[3] >= len("2026-03-01 12:30:00") + 1
    assert widths[4] > len("a long heading of days")
