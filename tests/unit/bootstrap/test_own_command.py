"""What a reader copies into a terminal works there: the program is found, and opens the store that the app serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rollout_core.bootstrap.own_command import Place, typed

HERE = Path("/home/ana/rollout")
STORE, DEMO = HERE / "data/store", HERE / "data/demo/store"
CLONE = Place(HERE / ".venv/bin/python", HERE, on_path=None, installed=True, store=STORE, usual_store=STORE)


def test_a_script_that_no_path_finds_is_named_where_it_lies() -> None:
    assert typed("import events.csv", CLONE) == ".venv/bin/rollout import events.csv"


def test_an_activated_environment_needs_the_name_alone() -> None:
    assert typed("setup", replace(CLONE, on_path=HERE / ".venv/bin/rollout")) == "rollout setup"


def test_another_installations_script_on_the_path_is_not_meant() -> None:
    assert typed("setup", replace(CLONE, on_path=Path("/usr/bin/rollout"))) == ".venv/bin/rollout setup"


def test_from_another_folder_the_whole_path_is_said() -> None:
    assert typed("setup", replace(CLONE, cwd=Path("/srv"))) == "/home/ana/rollout/.venv/bin/rollout setup"


def test_without_a_script_the_package_is_run_by_the_same_python() -> None:
    assert typed("setup", replace(CLONE, installed=False)) == ".venv/bin/python -m rollout_core setup"


def test_a_store_that_would_not_be_opened_by_itself_is_named() -> None:
    """The demo is served beside a store of one's own: without --store the import would land in the latter."""
    assert typed("import events.csv", replace(CLONE, store=DEMO)) == (
        ".venv/bin/rollout import events.csv --store data/demo/store")


def test_a_folder_with_a_space_is_quoted() -> None:
    found = typed("setup", replace(CLONE, python=Path("/home/ana b/v/bin/python"), store=Path("/srv/my store")))
    assert found == "'/home/ana b/v/bin/rollout' setup --store '/srv/my store'"
