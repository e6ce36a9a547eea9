"""The audit trail as a file for others: CSV for a spreadsheet, JSON lines and Parquet for programs.

Every format carries the stored bytes (`body`), the links and the hashes, so that whoever holds the file can verify the
chain without this program: hash = SHA-256(previous as ASCII + body).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO, StringIO
from types import MappingProxyType
from typing import Any

from msgspec import json

from rollout_core.errors import InvalidRequest
from rollout_core.ports.control_records import AuditHead, AuditRecord

COLUMNS = ("seq", "at", "principal", "claimed", "role", "via", "origin", "verb", "outcome", "rollout", "subject",
           "reason", "revision", "epoch", "before", "after", "evidence", "clock_behind_ms", "previous", "hash", "body")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet would run a cell that begins like this (OWASP, CSV injection; the last four are full-width signs, which
an East Asian one takes for the others): CSV puts an apostrophe before it."""


def audit_file(records: Iterable[AuditRecord], head: AuditHead, kind: str) -> bytes:
    """The records, oldest first, as `csv`, `json` (one object a line) or `parquet`; the head goes with them.

    Raises InvalidRequest for another kind.
    """
    if kind not in WRITERS:
        raise InvalidRequest(f"An audit trail is not written as {kind!r}.", mend=f"Choose {', '.join(WRITERS)}.")
    return WRITERS[kind]([row_of(record) for record in sorted(records, key=lambda record: record.seq)], head)


def row_of(record: AuditRecord) -> dict[str, Any]:
    """A record as one flat row; maps are JSON text, times ISO 8601 in UTC."""
    entry = record.entry
    row = {name: getattr(entry, name) for name in COLUMNS if hasattr(entry, name)}
    maps = {name: json.encode(row[name], order="sorted").decode() for name in ("before", "after", "evidence")}
    chain = {"seq": record.seq, "previous": record.previous, "hash": record.hash,
             "body": record.body.decode("utf-8", "replace")}
    flat = {**row, **maps, **chain, "at": entry.at.isoformat()}
    return {name: flat[name] for name in COLUMNS}


def _csv(rows: list[dict[str, Any]], head: AuditHead) -> bytes:
    """UTF-8 with a header; the last line names the head."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    writer.writerow({"seq": head.seq, "verb": "head", "hash": head.hash})
    return out.getvalue().encode()


def _json(rows: list[dict[str, Any]], head: AuditHead) -> bytes:
    """JSON lines; the last one is the head."""
    return b"".join(json.encode(line) + b"\n" for line in (*rows, {"head": str(head)}))


def _parquet(rows: list[dict[str, Any]], head: AuditHead) -> bytes:
    """One table; the head is in the file's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = {"seq", "revision", "epoch", "clock_behind_ms"}
    schema = pa.schema([(name, pa.int64() if name in numbers else pa.string()) for name in COLUMNS],
                       metadata={"audit_head": str(head)})
    out = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out, compression="zstd")
    return out.getvalue()


def harmless(value: Any) -> Any:
    """A cell of a CSV file that no spreadsheet takes for a formula; whatever is no text stays as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


WRITERS: Mapping[str, Callable[[list[dict[str, Any]], AuditHead], bytes]] = MappingProxyType(
    {"csv": _csv, "json": _json, "parquet": _parquet})
"""Kind -> how it is written."""
