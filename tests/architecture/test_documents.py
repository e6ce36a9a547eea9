"""What must be written down is: settings, commands, exit codes, dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rollout_core.settings import ROOT, VARIABLES

SETTINGS = (ROOT / "docs/guide/settings.md").read_text(encoding="utf-8")
DEPENDENCIES = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
OUTSIDE = {"ROLLOUT_FF_", "ROLLOUT_TEST_DATASETS"}


@pytest.mark.parametrize("variable", [variable.name for variable in VARIABLES])
def test_every_setting_is_documented(variable: str) -> None:
    assert f"| `{variable}` |" in SETTINGS


def test_the_guide_names_no_setting_that_does_not_exist() -> None:
    documented = set(re.findall(r"^\| `(ROLLOUT_\w+)`", SETTINGS, re.MULTILINE))
    assert documented == {variable.name for variable in VARIABLES}


def test_the_code_reads_no_undocumented_variable() -> None:
    known = {variable.name for variable in VARIABLES} | OUTSIDE | {"ROLLOUT_COMPLETE"}
    for path in (ROOT / "rollout_core").rglob("*.py"):
        named = set(re.findall(r"\"(ROLLOUT_[A-Z_]+)\"", path.read_text(encoding="utf-8")))
        assert named <= known, f"{path.name}: {named - known}"


def pinned(path: Path) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_pinned_dependency_has_a_reason_and_every_reason_a_dependency() -> None:
    explained = set(re.findall(r"^\| ([A-Za-z0-9-]+) \|", DEPENDENCIES, re.MULTILINE)) - {"package"}
    assert explained == pinned(ROOT / "requirements.txt") | pinned(ROOT / "tests/requirements.txt")


def test_every_requirement_is_pinned() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
                 if line and not line.startswith(("#", "-r"))]
        assert all(re.fullmatch(r"[A-Za-z0-9-]+==[0-9.]+", line) for line in lines)


def commands(group: click.Group, before: str = "rollout") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}"


def test_every_command_is_documented_and_no_other() -> None:
    from rollout_core.cli.main import rollout

    guide = (ROOT / "docs/guide/cli.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(rollout [a-z -]+?)(?: [A-Z\[{].*?)?` \|", guide, re.MULTILINE))
    assert documented == set(commands(rollout.whole()))


def test_every_exit_code_is_documented() -> None:
    from rollout_core.cli.exit_codes import MEANINGS

    guide = (ROOT / "docs/guide/cli.md").read_text(encoding="utf-8")
    documented = {int(code): words for code, words in re.findall(r"^\| (\d+) \| (.*?) \|$", guide, re.MULTILINE)}
    assert documented == MEANINGS


EVIDENCE = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
POINTERS = sorted(set(re.findall(r"`((?:rollout_core|pages|tests|unit)/[\w/]+\.py(?:#\w+)?)`", EVIDENCE)))


@pytest.mark.parametrize("pointer", POINTERS)
def test_every_pointer_of_the_promises_about_evidence_leads_somewhere(pointer: str) -> None:
    file, _, name = pointer.partition("#")
    path = ROOT / (f"tests/{file}" if file.startswith("unit/") else file)
    text = path.read_text(encoding="utf-8")
    assert not name or re.search(rf"^ *(?:(?:def|class) {name}\b|{name} =)", text, re.MULTILINE)


def test_every_promise_about_evidence_names_a_test() -> None:
    rows = [line for line in EVIDENCE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 30
    assert [row for row in rows if "#test_" not in row.split(" | ")[-1]] == []
