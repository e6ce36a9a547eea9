"""The rooms keep to their storeys, and each library stays in its room."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from rollout_core.settings import ROOT

TOP_LEVEL = {"dashboard.py", "pages", "rollout_core", "data", "tests", "requirements.txt", "README.md", "LICENSE",
             "CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml", "Makefile", "docs", ".streamlit", ".ci", ".gitignore"}
FORBIDDEN_WORDS = ("utils", "helper", "manager", "service", "base", "common")
PAGES_MAY_NOT = ("rollout_core.storage", "rollout_core.jobs", "rollout_core.http", "rollout_core.cli", "sqlalchemy",
                 "duckdb", "starlette")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return listed.stdout.splitlines()


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def test_the_storeys_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_the_top_level_is_as_it_was_given() -> None:
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


def test_there_is_no_code_in_data() -> None:
    assert not [name for name in tracked() if name.startswith("data/") and name.endswith((".py", ".sh", ".js"))]


def test_no_script_lies_directly_beside_the_frame() -> None:
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["frame.py"]
    assert not (ROOT / "pages" / "pages").exists()


def test_no_file_is_named_after_nothing() -> None:
    names = [Path(name).stem for name in tracked() if name.endswith(".py")]
    forbidden = {*FORBIDDEN_WORDS, *(f"{word}s" for word in FORBIDDEN_WORDS)}
    assert not [name for name in names if set(name.split("_")) & forbidden]


def test_pages_use_the_control_room_and_never_a_store() -> None:
    for path in (ROOT / "pages").rglob("*.py"):
        wrong = {name for name in imports_of(path) if any(within(name, room) for room in PAGES_MAY_NOT)}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_panels_know_no_page_and_pages_know_no_other_page() -> None:
    for path in (ROOT / "pages").rglob("*.py"):
        if path.name == "frame.py":
            continue
        wrong = {name for name in imports_of(path) if within(name, "pages.insight") or within(name, "pages.control")
                 or within(name, "pages.frame") or within(name, "dashboard")}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_nothing_below_the_pages_imports_them() -> None:
    for path in (ROOT / "rollout_core").rglob("*.py"):
        wrong = {name for name in imports_of(path) if within(name, "pages") or within(name, "dashboard")}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_importing_the_flags_brings_no_heavy_library() -> None:
    heavy = "{'numpy', 'pandas', 'duckdb', 'streamlit', 'sqlalchemy', 'pyarrow', 'scipy'}"
    code = f"import sys, rollout_core.flags; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_nothing_committed_names_the_machine_it_was_written_on() -> None:
    forbidden = ("/work" + "/", "/tmp" + "/brief")
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".txt", ".sh", ""} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [word for word in forbidden if word in text], name
