"""The command line beside a running app, a hung one and a dead one: it never ends with a lock error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import PLAN, run_program
from tests.fakes.running_app import ROOT, RunningApp, free_port, running_app

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("cli") / "store") as started:
        run_program(started.store, "prepare", "-r", PLAN)
        run_program(started.store, "checklist", "waive", "-r", PLAN, "--reason", "test")
        ran = run_program(started.store, "start", "-r", PLAN, "--reason", "test")
        assert ran.code == 0, ran.err
        yield started


def served(app: RunningApp) -> tuple[float, str]:
    with app.owner() as owner:
        entries = owner.get("/api/admin/rollout/rollouts").json()["rollouts"]
    return next((entry["percentage"], entry["status"]) for entry in entries if entry["key"] == PLAN)


def test_commands_go_through_the_app_as_its_owner(app: RunningApp) -> None:
    ran = run_program(app.store, "set", "12", "-r", PLAN, "--reason", "test", "--as", "ada")
    assert ran.code == 0, ran.err
    assert served(app)[0] == 12
    record = run_program(app.store, "audit", "show", "--limit", "1", "--json").json()["records"][0]["entry"]
    assert (record["via"], record["origin"], record["claimed"]) == ("owner", "http", "ada")


def test_a_refusal_reads_the_same_through_the_app(app: RunningApp) -> None:
    ran = run_program(app.store, "advance", "-r", PLAN)
    assert ran.code == 6
    assert ran.err.strip()
    assert run_program(app.store, "status", "-r", "nothing").code == 4


def test_questions_through_the_app_answer_as_on_the_files(app: RunningApp) -> None:
    ran = run_program(app.store, "status", "-r", PLAN, "--json")
    assert ran.code == 0, ran.err
    assert ran.json()["status"] in {"running", "held"}
    assert ran.json()["store"] == {"folder": str(app.store), "way": f"through the app at {app.url}"}


def test_a_variant_of_the_plan_is_rehearsed_through_the_app(app: RunningApp, tmp_path: Path) -> None:
    own = (ROOT / "data" / "plans" / "patient_engagement.yaml").read_text(encoding="utf-8")
    variant = tmp_path / "variant.yaml"
    variant.write_text(own.replace("mde: 1 %, rung: pause", "mde: 2 %, rung: halve"), encoding="utf-8")
    before = served(app)
    since = datetime.now(UTC) - timedelta(seconds=40)
    ran = run_program(app.store, "rehearse", "-r", PLAN, "--from", since.isoformat(), "--every", "10s",
                      "--plan", str(variant), "--json")
    assert ran.code == 0, ran.err
    assert ran.json()["finished"] is True
    assert {each["mode"] for each in ran.json()["decisions"]} <= {"advise"}
    assert served(app) == before
    variant.write_text("format: nonsense", encoding="utf-8")
    ran = run_program(app.store, "rehearse", "-r", PLAN, "--from", since.isoformat(), "--plan", str(variant))
    assert ran.code != 0
    assert "variant.yaml" in ran.err


def test_a_token_reaches_an_app_elsewhere(app: RunningApp, tmp_path: Path) -> None:
    made = run_program(app.store, "token", "create", "remote", "--role", "viewer", "--json").json()["result"]
    away = {"ROLLOUT_SERVER": app.url, "ROLLOUT_TOKEN": made["secret"]}
    assert run_program(tmp_path / "none", "ask", "rollouts", **away).code == 0
    assert run_program(tmp_path / "none", "pause", "-r", PLAN, **away).code == 5
    assert run_program(tmp_path / "none", "status", ROLLOUT_SERVER=app.url).code == 8


def test_a_second_app_on_the_same_store_says_who_has_it(app: RunningApp) -> None:
    environment = {**os.environ, "ROLLOUT_STORE": str(app.store), "ROLLOUT_PORT": str(free_port())}
    ran = subprocess.run([sys.executable, "dashboard.py"], cwd=ROOT, capture_output=True, text=True, timeout=180,
                         env=environment, check=False)
    assert ran.returncode != 0
    assert str(app.process.pid) in ran.stderr
    assert "Traceback" not in ran.stderr
    assert served(app)[1]


def test_pause_works_while_the_app_hangs_and_the_app_serves_it_afterwards(app: RunningApp) -> None:
    run_program(app.store, "resume", "8", "-r", PLAN, "--reason", "test")
    assert run_program(app.store, "set", "8", "-r", PLAN, "--reason", "test").code == 0
    app.process.send_signal(signal.SIGSTOP)
    try:
        paused = run_program(app.store, "pause", "app hangs", "-r", PLAN)
        status = run_program(app.store, "ask", "rollouts", "--json")
    finally:
        app.process.send_signal(signal.SIGCONT)
    assert paused.code == 0, paused.err
    assert "alone" in paused.err
    assert next(each["status"] for each in status.json()["rollouts"] if each["key"] == PLAN) == "paused"
    assert evaluates_off_within(app, seconds=20)


def evaluates_off_within(app: RunningApp, seconds: float) -> bool:
    """True once the app's own snapshot is paused: `explain` asks it, not the store."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with app.owner() as owner:
            asked = owner.get("/api/admin/rollout/explain", params={"rollout": PLAN, "subject": "ws-1"})
        if asked.status_code == 200 and "paus" in asked.text:
            return True
        time.sleep(0.2)
    return False


def test_after_a_killed_app_commands_open_the_files(tmp_path: Path) -> None:
    with running_app(tmp_path / "store") as doomed:
        doomed.process.kill()
        doomed.process.wait()
        assert (doomed.store / "app.json").exists()
        ran = run_program(doomed.store, "audit", "verify")
        assert ran.code == 0, ran.err
        assert "whole" in ran.out


def test_a_corrupt_event_file_leaves_flags_pause_and_stop_working(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert run_program(store, "setup").code == 0
    (store / "events.duckdb").write_bytes(b"this is no database" * 1000)
    with running_app(store) as limping:
        assert "The event store is closed" in limping.said()
        with limping.client() as nobody:
            assert nobody.get("/healthz").json()["events"] == "closed"
        with limping.owner() as owner:
            explained = owner.get("/api/admin/rollout/explain", params={"rollout": PLAN, "subject": "ws-1"})
            assert explained.status_code == 200, explained.text
        assert run_program(store, "stop", "test", "-r", PLAN).code == 0


def test_a_store_from_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    store = tmp_path / "store"
    assert run_program(store, "setup").code == 0
    with sqlite3.connect(store / "control.sqlite") as connection:
        changed = connection.execute("UPDATE meta SET value = '9999' WHERE name = 'schema_version'")
        assert changed.rowcount == 1
    ran = run_program(store, "ask", "rollouts")
    assert ran.code == 7
    assert "newer" in ran.err


def test_stores_started_at_once_agree_on_their_keys(tmp_path: Path) -> None:
    store = tmp_path / "store"
    environment = {**os.environ, "ROLLOUT_STORE": str(store)}
    both = [subprocess.Popen([sys.executable, "-m", "rollout_core", "setup"], cwd=ROOT, env=environment,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    codes = [process.wait(180) for process in both]
    assert codes == [0, 0], [process.communicate() for process in both]
    listed = run_program(store, "ask", "rollouts", "--json").json()["rollouts"]
    assert len(listed) == 2
