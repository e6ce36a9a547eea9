"""The answer to a question in SQL as a file for others: CSV and Excel for a spreadsheet, Parquet for programs.

No cell becomes a formula, whatever was sent: CSV puts an apostrophe before a text that a spreadsheet would run, Excel
files hold it as text. Excel keeps 15 digits, so larger whole numbers (subject keys) are written as text.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from types import MappingProxyType
from typing import Any

from rollout_core.insight.audit_file import harmless
from rollout_core.ports.event_store import Found

MOST_DIGITS = 10**15
LONGEST_CELL = 32_767
"""Characters that Excel keeps in a cell."""
FIRST_DAY = date(1900, 1, 1)
"""Excel has no dates before it."""
SHEET = "Answer"
TIME_WIDTH, DAY_WIDTH = 20, 12
"""Characters for "2026-11-30 23:48:00" and "2026-11-30" with room on both sides."""


def answer_file(found: Found, kind: str) -> bytes:
    """The rows as `csv`, `parquet` or `xlsx`. Raises KeyError for another kind."""
    return WRITERS[kind](found)


def _csv(found: Found) -> bytes:
    """UTF-8 with a header."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([harmless(name) for name in found.columns])
    writer.writerows([harmless(_flat(value)) for value in row] for row in found.rows)
    return out.getvalue().encode()


def _parquet(found: Found) -> bytes:
    """One table; a column whose values fit no one type becomes text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = BytesIO()
    columns = list(zip(*found.rows, strict=True)) if found.rows else [()] * len(found.columns)
    table = pa.Table.from_arrays([_array(values) for values in columns], names=_unique(found.columns))
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _array(values: tuple[Any, ...]) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def _unique(names: tuple[str, ...]) -> list[str]:
    """Names that occur once: a second `n` is `n_2`, since readers find columns by name."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique


def _excel(found: Found) -> bytes:
    """One sheet with a header that stays in sight and can be filtered."""
    import xlsxwriter

    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(SHEET)
        bold = book.add_format({"bold": True})
        as_time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        as_day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, name in enumerate(found.columns):
            sheet.write_string(0, place, name, bold)
        for line, row in enumerate(found.rows, 1):
            for place, value in enumerate(row):
                _write_cell(sheet, (line, place), value, as_time if isinstance(value, datetime) else as_day)
        sheet.freeze_panes(1, 0)
        if found.rows:
            sheet.autofilter(0, 0, len(found.rows), max(0, len(found.columns) - 1))
        sheet.autofit()
        for place, width in _date_widths(found).items():
            sheet.set_column(place, place, width)
    return out.getvalue()


def _date_widths(found: Found) -> dict[int, int]:
    """Column -> characters wide, for columns with a date: Excel shows #### where one does not fit, and a width that is
    fitted to the value does not know its format."""
    widths: dict[int, int] = {}
    for row in found.rows:
        for place, value in enumerate(row):
            if isinstance(value, date):
                needed = TIME_WIDTH if isinstance(value, datetime) else DAY_WIDTH
                widths[place] = max(widths.get(place, len(found.columns[place]) + 3), needed)
    return widths


def _write_cell(sheet: Any, place: tuple[int, int], value: Any, dated: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, datetime | date) and _has_excel_date(value):
        plain = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        sheet.write_datetime(*place, plain, dated)
    elif isinstance(value, int | float) and math.isfinite(value) and abs(value) < MOST_DIGITS:
        sheet.write_number(*place, value)
    else:
        sheet.write_string(*place, str(_flat(value))[:LONGEST_CELL])


def _has_excel_date(value: date) -> bool:
    return (value.date() if isinstance(value, datetime) else value) >= FIRST_DAY


def _flat(value: Any) -> Any:
    """A value as one cell: times in ISO 8601, lists and structs as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, list | dict | tuple) else value


WRITERS: Mapping[str, Callable[[Found], bytes]] = MappingProxyType({"csv": _csv, "xlsx": _excel, "parquet": _parquet})
"""Kind, which is also the file's ending -> how it is written."""
