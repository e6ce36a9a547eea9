"""Files that are not what their mapping says: refused in words that name the file, never with a traceback."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rollout_core.control.import_file import ImportFile, import_file
from rollout_core.documents import source_records
from rollout_core.errors import InvalidRequest
from tests.fakes.import_rooms import ADMIN, import_room

MAPPING = """\
format: rollout-mapping/1
key: shop
name: Shop
source: {{format: {kind}}}
events:
  - kind: conversion
    occurred_at: {{column: at}}
    units: {{customer: {{column: who}}}}
    fields: {{name: order}}
"""
SOUND = b"at,who\n2024-01-01T00:00:00Z,c1\n"
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(("kind", "name", "content"), [
    ("csv", "a.csv", SOUND.decode().encode("utf-16")), ("csv", "a.csv", b""), ("csv", "a.csv", b"a\0b\n\0"),
    ("csv", "a.csv", b"at,wh\xff\n"), ("csv", "a.csv.gz", b"\x1f\x8b no"),
    ("csv", "a.csv.gz", gzip.compress(SOUND, mtime=0)[:-9]),
    ("parquet", "a.parquet", b"PAR1xxPAR1"),
    ("json", "a.json", DEEP), ("json", "a.json", b"\xff\xfe"), ("json", "a.json", b""),
])
def test_a_broken_file_is_refused_by_its_name(tmp_path: Path, kind: str, name: str, content: bytes) -> None:
    (tmp_path / "shop.yaml").write_text(MAPPING.format(kind=kind))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidRequest) as refused:
        import_file(import_room(tmp_path), ADMIN, ImportFile(str(tmp_path / name), str(tmp_path / "shop.yaml")))
    assert name in refused.value.message or "column" in refused.value.message


def test_a_line_nested_without_end_is_a_dead_letter(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(MAPPING.format(kind="jsonl"))
    (tmp_path / "a.jsonl").write_bytes(b'{"at": "2024-01-01T00:00:00Z", "who": "c1"}\n' + DEEP + b"\n")
    room = import_room(tmp_path)
    done = import_file(room, ADMIN, ImportFile(str(tmp_path / "a.jsonl"), str(tmp_path / "shop.yaml"))).result
    assert (done["stored"], done["rejected"]) == (1, 1)


@pytest.mark.parametrize(("kind", "content"), [
    ("json", b'[{"at": "2024-01-01T00:00:00Z", "who": "c1"}' + b" " * (3 << 20) + b"]"),
    ("jsonl", b'{"at": "2024-01-01T00:00:00Z", "who": "' + b"x" * (3 << 20))])
def test_a_small_packed_file_that_holds_very_much_is_refused_before_it_is_read_whole(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, content: bytes) -> None:
    monkeypatch.setattr(source_records, "MOST_BYTES", 1 << 20)
    (tmp_path / "shop.yaml").write_text(MAPPING.format(kind=kind))
    packed = tmp_path / f"a.{kind}.gz"
    packed.write_bytes(gzip.compress(content))
    assert packed.stat().st_size < 10_000
    with pytest.raises(InvalidRequest, match="more than 1 MiB"):
        import_file(import_room(tmp_path), ADMIN, ImportFile(str(packed), str(tmp_path / "shop.yaml")))


def test_lines_longer_than_a_block_and_those_that_end_with_one_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(MAPPING.format(kind="jsonl"))
    sizes = (700_000, (1 << 20) - 700_001 - 1, 3 << 20, 100, 2 << 20)          # the second ends a block of 1 MiB
    lines = [(b'{"at": "2024-01-01T00:00:00Z", "who": "c%d"' % number).ljust(size - 1) + b"}"
             for number, size in enumerate(sizes)]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    done = import_file(import_room(tmp_path), ADMIN, ImportFile(str(tmp_path / "a.jsonl"), str(tmp_path / "shop.yaml")))
    assert (done.result["read"], done.result["rejected"]) == (5, 0)
