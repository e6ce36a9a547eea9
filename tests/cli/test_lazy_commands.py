"""A command loads what it needs: nothing of the analysis for help, nothing of the stores while an app does the work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from rollout_core import __version__
from rollout_core.cli.main import MODULES
from tests.cli.conftest import PLAN, run_program
from tests.fakes.running_app import ROOT, RunningApp, running_app

HEAVY = {"numpy", "pandas", "scipy", "duckdb", "sqlalchemy", "pyarrow", "streamlit", "plotly", "starlette"}
STORES = {"rollout_core.control", "rollout_core.insight", "rollout_core.storage", "rollout_core.ports"}


def loaded_by(store: Path, *words: str) -> set[str]:
    """Every module that `python -m rollout_core WORDS` imports, by its full name (CPython's -X importtime)."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROLLOUT_")}
    ran = subprocess.run([sys.executable, "-X", "importtime", "-m", "rollout_core", *words], cwd=ROOT, check=False,
                         capture_output=True, text=True, timeout=180, env={**clean, "ROLLOUT_STORE": str(store)})
    assert ran.returncode == 0, ran.stderr[-2000:]
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", ran.stderr, re.MULTILINE))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("lazy") / "store") as started:
        yield started


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_table_of_commands_is_what_each_module_brings(module: str) -> None:
    brought = {command.name for command in import_module(f"rollout_core.cli.commands.{module}").COMMANDS}
    assert brought == set(MODULES[module].split())


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("status", "--help"), ("simulate", "--help")])
def test_help_and_version_load_no_heavy_library_and_no_store(words: tuple[str, ...], tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, *words)
    assert "rollout_core.cli.main" in loaded
    assert not loaded & (HEAVY | STORES | {"httpx", "importlib.metadata"})


def test_the_version_is_the_packages_own_whether_it_is_installed_or_not(tmp_path: Path) -> None:
    assert run_program(tmp_path, "--version").out.strip() == f"rollout, version {__version__}"


@pytest.mark.server
@pytest.mark.parametrize("words", [("status",), ("status", "-r", PLAN), ("alerts", "-r", PLAN), ("audit", "show")])
def test_beside_a_running_app_a_command_loads_neither_the_stores_nor_the_analysis(
        words: tuple[str, ...], app: RunningApp) -> None:
    loaded = loaded_by(app.store, *words)
    assert "rollout_core.cli.app_connection" in loaded
    assert not loaded & (HEAVY | STORES | {"rollout_core.cli.local_connection"})


def test_on_the_files_a_command_does_load_the_stores(tmp_path: Path) -> None:
    assert {"rollout_core.storage", "duckdb"} <= loaded_by(tmp_path / "store", "ask", "rollouts")
