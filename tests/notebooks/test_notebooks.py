"""The notebooks run as a person would run them: every cell, in a kernel, on a copy of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from rollout_core.insight.notebook_file import notebook

EXAMPLE = Path(__file__).parents[2] / "docs" / "notebooks" / "exploring.ipynb"
SQL = "select arm, count(*) as people\nfrom spans\nwhere arm <> 'it''s'\ngroup by all"


def run(text: str, where: Path) -> Any:
    """The notebook with its outputs. Raises CellExecutionError for a cell that fails."""
    opened = nbformat.reads(text, as_version=4)
    nbformat.validate(opened)
    resources = {"metadata": {"path": str(where)}}
    return NotebookClient(opened, timeout=120, kernel_name="python3", resources=resources).execute()


def shown(ran: Any, cell: str) -> str:
    """What a cell showed, as text."""
    outputs = next(each for each in ran.cells if each.id == cell).outputs
    return "\n".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)


def test_the_example_notebook_runs_from_top_to_bottom(
        copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTS_COPY", str(copy))
    ran = run(EXAMPLE.read_text(encoding="utf-8"), tmp_path)
    assert "web_vitals" in shown(ran, "open")
    assert "/page/" in shown(ran, "inp-sql")
    assert "treatment" in shown(ran, "buckets")


def test_the_example_is_kept_without_outputs() -> None:
    cells = nbformat.reads(EXAMPLE.read_text(encoding="utf-8"), as_version=4).cells
    assert not [each.id for each in cells if each.cell_type == "code" and (each.outputs or each.execution_count)]


def test_the_notebook_of_a_question_asks_it_of_the_copy_whatever_its_name(copy: Path, tmp_path: Path) -> None:
    ran = run(notebook("# [evil](https://evil.example)\n<script>", SQL, str(copy)).decode(), tmp_path)
    assert "treatment" in shown(ran, "ask")
    heading = ran.cells[0].source.splitlines()[0]
    assert heading == "#  evilhttpsevil.example script"


def test_the_notebook_leaves_the_copy_as_it_was(copy: Path, tmp_path: Path) -> None:
    before = copy.read_bytes()
    run(notebook("Question", SQL, str(copy)).decode(), tmp_path)
    assert copy.read_bytes() == before


def test_without_a_named_copy_the_notebook_opens_the_newest_beside_it(
        copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTS_COPY", raising=False)
    (tmp_path / "events-20260101T000000.000000Z.duckdb").write_bytes(b"an older one, which is no store")
    (tmp_path / "events-20260201T000000.000000Z.duckdb").write_bytes(copy.read_bytes())
    assert "treatment" in shown(run(notebook("Question", SQL, "").decode(), tmp_path), "ask")
