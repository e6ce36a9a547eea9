"""The command line as people use it: in this process on a store of its own, or as a program beside a running app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.running_app import ROOT

PLAN = "patient_engagement"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its answer."""
        return json.loads(self.out)


def run_program(store: Path, *words: str, seconds: float = 180, **environment: str) -> Ran:
    """`python -m rollout_core WORDS` in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ROLLOUT_", "STREAMLIT_"))}
    ran = subprocess.run([sys.executable, "-m", "rollout_core", *words], cwd=ROOT, capture_output=True, text=True,
                         timeout=seconds, check=False,
                         env={**clean, "ROLLOUT_STORE": str(store), "COLUMNS": "160", **environment})
    return Ran(ran.returncode, ran.stdout, ran.stderr)


Command = Callable[..., Ran]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores made once and copied for each test: `set_up` with the shipped plans, `started` with one at 10 %."""
    folder = tmp_path_factory.mktemp("templates")
    set_up, started = folder / "set_up", folder / "started"
    assert run_program(set_up, "setup").code == 0
    shutil.copytree(set_up, started)
    for words in (("prepare",), ("checklist", "waive", "--reason", "test"), ("start", "--reason", "test")):
        ran = run_program(started, *words, "-r", PLAN)
        assert ran.code == 0, ran.err
    return folder


@pytest.fixture
def command_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
               capsys: pytest.CaptureFixture[str], templates: Path) -> Callable[[str], Command]:
    """The command line in this process, on a copy of a template."""
    from rollout_core.cli.main import run

    for name in [name for name in os.environ if name.startswith("ROLLOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLOUT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "160")

    def command(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["rollout", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    def on(template: str) -> Command:
        shutil.copytree(templates / template, tmp_path / "store")
        return command

    return on


@pytest.fixture
def rollout(command_on: Callable[[str], Command]) -> Command:
    """On a store with the shipped plans."""
    return command_on("set_up")


@pytest.fixture
def started(command_on: Callable[[str], Command]) -> Command:
    """On a store with the patient rollout at its first phase, 10 %."""
    return command_on("started")
