"""The seed's commands by name, and what they say."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click
import pytest

from pages.panels.snippets import IMPORT, SETUP, Source, csv_file, mapping, override
from rollout_core.cli import verb_words
from rollout_core.cli.commands.steering import overrules
from rollout_core.rollouts import gates
from tests.cli.conftest import PLAN, Command


def share(rollout: Command) -> float:
    entries = rollout("ask", "rollouts", "--json").json()["rollouts"]
    return next(float(entry["percentage"]) for entry in entries if entry["key"] == PLAN)


def last_entry(rollout: Command) -> dict[str, object]:
    return dict(rollout("audit", "show", "--json", "--limit", "1").json()["records"][0]["entry"])


def test_setup_again_changes_nothing(rollout: Command) -> None:
    before = rollout("ask", "rollouts", "--json").json()
    again = rollout("setup", "--json").json()
    assert {plan["action"] for plan in again["result"]["plans"]} == {"unchanged"}
    assert rollout("ask", "rollouts", "--json").json() == before


def test_setup_never_changes_running_exposure(started: Command) -> None:
    assert share(started) == 10
    assert started("setup").code == 0
    assert share(started) == 10


def test_phase_starts_with_its_number_and_a_trailing_name_is_as(rollout: Command) -> None:
    rollout("checklist", "waive", "-r", PLAN, "--reason", "test")
    ran = rollout("phase", "1", "admin@pharmacy.com", "-r", PLAN, "--reason", "test")
    assert ran.code == 0, ran.err
    assert share(rollout) == 10
    entry = last_entry(rollout)
    assert (entry["verb"], entry["principal"], entry["claimed"]) == ("start", "owner", "admin@pharmacy.com")


def test_as_wins_over_the_trailing_name(started: Command) -> None:
    started("pause", "errors", "trailing@example.org", "--as", "named@example.org", "-r", PLAN)
    assert last_entry(started)["claimed"] == "named@example.org"


def test_phase_goes_on_and_never_back(started: Command) -> None:
    assert started("phase", "2", "-r", PLAN, "--reason", "test").code == 0
    assert share(started) == 25
    back = started("phase", "1", "-r", PLAN)
    assert back.code == 6
    assert "rollback" in back.err
    assert share(started) == 25
    assert started("phase", "9", "-r", PLAN).code == 3


def test_an_unmet_criterion_needs_a_reason(started: Command) -> None:
    refused = started("advance", "-r", PLAN)
    assert refused.code == 6
    assert share(started) == 10
    assert started("advance", "-r", PLAN, "--reason", "the board decided").code == 0
    assert last_entry(started)["reason"] == "the board decided"


def test_set_0_is_the_complete_rollback_and_needs_nothing(started: Command) -> None:
    assert started("set", "0", "admin@pharmacy.com", "-r", PLAN).code == 0
    assert share(started) == 0


def test_pause_remembers_and_resume_returns(started: Command) -> None:
    assert started("pause", "Critical issues detected", "admin@pharmacy.com", "-r", PLAN).code == 0
    assert share(started) == 0
    assert last_entry(started)["reason"] == "Critical issues detected"
    assert started("resume", "5", "admin@pharmacy.com", "-r", PLAN, "--reason", "mended").code == 0
    assert share(started) == 5


def test_a_rollback_holds_below_what_was_served(started: Command) -> None:
    assert started("rollback", "gradual", "slow", "-r", PLAN).code == 0
    assert share(started) == 5
    assert started("rollback", "full", "-r", PLAN).code == 0
    assert share(started) == 0


def test_a_dry_run_changes_nothing(started: Command) -> None:
    shown = started("advance", "--dry-run", "-r", PLAN)
    assert shown.code == 0
    assert "10 % → 25 %" in shown.out
    assert share(started) == 10


def test_stop_is_only_undone_by_resume(started: Command) -> None:
    assert started("stop", "enough", "-r", PLAN).code == 0
    assert started("advance", "-r", PLAN, "--reason", "x").code == 6
    assert started("resume", "-r", PLAN, "--reason", "mended").code == 0


@pytest.mark.parametrize("given", ["101", "-1", "NaN", "inf", "many"])
def test_an_unusable_percentage_is_explained(started: Command, given: str) -> None:
    ran = started("set", "-r", PLAN, "--", given)
    assert ran.code == 3
    assert "0 to 100" in ran.err
    assert share(started) == 10


def test_a_rollout_that_is_not_there_is_code_4_and_names_those_that_are(rollout: Command) -> None:
    ran = rollout("pause", "-r", "nothing")
    assert ran.code == 4
    assert PLAN in ran.err


def test_two_rollouts_have_to_be_told_apart(rollout: Command) -> None:
    ran = rollout("pause")
    assert ran.code == 3
    assert PLAN in ran.err


def test_a_broken_plan_is_explained_with_file_and_line(rollout: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("format: rollout-plan/1\nkey: x\ncolour: red\n", encoding="utf-8")
    ran = rollout("plan", "check", str(broken))
    assert ran.code == 9
    assert f"{broken}:3" in ran.out
    assert "colour" in ran.out
    assert rollout("setup", str(broken)).code == 3


def test_the_shipped_plans_have_no_mistakes(rollout: Command) -> None:
    assert rollout("plan", "check", "data/plans/patient_engagement.yaml", "data/plans/exercise_library.yaml").code == 0


def test_a_token_is_shown_once_listed_and_revoked(rollout: Command) -> None:
    made = rollout("token", "create", "ci", "--role", "operator", "--json").json()["result"]
    listed = rollout("token", "list", "--json").out
    assert made["id"] in listed
    assert made["secret"] not in listed
    assert rollout("token", "revoke", made["id"]).code == 0
    assert rollout("token", "list", "--json").json()["tokens"] == []


def test_an_issue_is_opened_listed_and_resolved(started: Command) -> None:
    assert started("issue", "open", "Blank page", "--priority", "critical", "-r", PLAN).code == 0
    issue = started("issue", "list", "-r", PLAN, "--json").json()["issues"][0]
    assert issue["title"] == "Blank page"
    assert started("issue", "resolve", issue["id"], "--reason", "fixed").code == 0
    assert started("issue", "list", "-r", PLAN, "--json").json()["issues"] == []


def test_the_audit_trail_is_whole_and_goes_out_with_its_head(started: Command, tmp_path: Path) -> None:
    verdict = started("audit", "verify", "--json").json()
    assert verdict["whole"] is True
    file = tmp_path / "trail.jsonl"
    assert started("audit", "export", str(file)).code == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    head = f"{verdict['head']['seq']}:{verdict['head']['hash']}"
    assert lines[-1]["head"] == head
    assert [line["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    anchored = started("audit", "verify", "--head", head, "--json")
    assert anchored.json()["anchored"] is True
    assert started("audit", "verify", "--head", "1:" + "0" * 64).code == 9


def test_a_backup_can_be_restored_and_leaves_the_rollout_held(started: Command, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    assert started("backup", str(target)).code == 0
    started("set", "3", "-r", PLAN)
    ran = started("restore", str(target), "--reason", "test")
    assert ran.code == 0, ran.err
    assert "Note: The event store takes the backup's events at the next start" in ran.out
    entry = next(each for each in started("ask", "rollouts", "--json").json()["rollouts"] if each["key"] == PLAN)
    assert (entry["status"], entry["percentage"]) == ("held", 3)


def test_a_sign_in_link_is_printed(rollout: Command) -> None:
    assert "/signin?link=" in rollout("signin-link").out


def test_a_sound_store_is_found_sound(started: Command) -> None:
    found = started("doctor", "--json")
    assert found.json()["sound"] is True
    assert found.code == 0


@pytest.mark.parametrize("command", ["metrics", "health", "alerts", "gates", "phases", "workspaces", "monitor"])
def test_every_reading_command_has_words_and_json(started: Command, command: str) -> None:
    assert started(command, "-r", PLAN).code == 0
    assert isinstance(started(command, "-r", PLAN, "--json").json(), dict)


def test_the_status_of_everything_and_of_one(started: Command) -> None:
    everything = started("status").out
    assert PLAN in everything
    assert "exercise_library" in everything
    one = started("status", "-r", PLAN).out
    assert "running" in one
    assert "10 % planned" in one


def test_the_report_is_markdown_and_json(started: Command) -> None:
    assert started("report", "-r", PLAN).out.startswith("#")
    assert started("report", "-r", PLAN, "--json").json()["rollout"] == PLAN


def test_the_monitor_can_go_on(started: Command) -> None:
    ran = started("monitor", "-r", PLAN, "--every", "0.01s", "--passes", "2")
    assert ran.code == 0
    assert ran.out.count(f"{PLAN}: health") == 2
    assert started("monitor", "--every", "often").code == 2


def test_sql_reads_views_only(started: Command) -> None:
    assert started("sql", "SELECT 42 AS answer", "--json").json()["rows"] == [[42]]
    assert started("sql", "DROP TABLE x").code == 6


def test_an_answer_that_is_too_wide_is_written_with_a_line_a_column_and_no_name_cut(started: Command) -> None:
    names = [f"a_rather_long_name_{number}" for number in range(8)]
    said = started("sql", "SELECT " + ", ".join(f"'x' || chr(10) || '{name[-1]}' AS {name}" for name in names)).out
    assert said.splitlines() == ["-- row 1 --", *(f"{name}  x\\n{name[-1]}" for name in names)]
    empty = started("sql", "SELECT " + ", ".join(f"1 AS {name}" for name in names) + " WHERE false").out
    assert [line.strip() for line in empty.splitlines()[1:]] == names
    assert started("sql", "SELECT 42 AS answer, 'b' AS other").out.splitlines()[0].split() == ["answer", "other"]


def test_an_unknown_verb_names_those_there_are(rollout: Command) -> None:
    ran = rollout("do", "explode")
    assert ran.code == 3
    assert "advance" in ran.err


MOVES = {"prepare": (), "start": (), "advance": (), "phase": ("2",), "set": ("12",), "hold": (), "pause": (),
         "resume": (), "rollback": ("full",), "complete": (), "stop": (), "release-holdout": (), "migrate-plan": ()}


@pytest.mark.parametrize("name", MOVES)
def test_every_move_can_be_tried_dry(started: Command, name: str) -> None:
    before = started("ask", "rollouts", "--json").json()
    shown = started(name, *MOVES[name], "--dry-run", "-r", PLAN)
    assert shown.code == 0, shown.err
    assert shown.out.strip()
    assert started("ask", "rollouts", "--json").json() == before


def test_no_command_that_steers_is_without_a_dry_run() -> None:
    from rollout_core.cli.commands import steering

    assert {command.name for command in steering.COMMANDS} <= MOVES.keys()
    assert [command.name for command in steering.COMMANDS
            if "dry_run" not in {option.name for option in command.params}] == []


def test_every_command_takes_json(rollout: Command) -> None:
    from rollout_core.cli.main import rollout as group

    def walk(command: click.Command, path: str) -> list[str]:
        if isinstance(command, click.Group):
            return [each for name, child in command.commands.items() for each in walk(child, f"{path} {name}")]
        return [] if any(option.name == "as_json" for option in command.params) else [path]

    assert walk(group.whole(), "") == [" completion"]


def test_the_shell_completes_commands(rollout: Command) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_ROLLOUT_COMPLETE" in rollout("completion", shell).out


def test_an_import_tells_its_refused_rows_and_ends_with_a_code_of_its_own(rollout: Command, tmp_path: Path) -> None:
    (tmp_path / "events.yaml").write_text(mapping(Source("http://localhost:8501", "key")))
    heading, *rows = csv_file(Source("http://localhost:8501", "key")).splitlines()
    (tmp_path / "events.csv").write_text("\n".join([heading, rows[0], rows[1].replace("2026-11-02T09:16:30Z", "soon")]))
    words = ("import", str(tmp_path / "events.csv"), "--mapping", str(tmp_path / "events.yaml"))
    ran = rollout(*words)
    assert ran.code == 10
    assert "line 3: occurred_at: 'soon' is no ISO 8601 time" in ran.out
    again = rollout(*words, "--json")
    assert (again.code, json.loads(again.out)["result"]["duplicates"]) == (0, 1), "stored and refused before"


def test_explain_is_short_says_how_to_let_somebody_in_and_shows_every_step_when_asked(started: Command) -> None:
    short = started("explain", "ws-1", "-r", PLAN).out
    assert len(short.splitlines()) <= 12
    assert f"rollout override ws-1 on -r {PLAN} --reason TEXT" in short
    assert started("override", "ws-1", "on", "-r", PLAN, "--reason", "mine").code == 0
    after = started("explain", "ws-1", "-r", PLAN).out
    assert "on. Override for this subject: On by owner: mine." in after
    assert "rollout override" not in after
    whole = started("explain", "ws-1", "-r", PLAN, "--all").out
    assert "  → Override for this subject: On by owner: mine." in whole
    assert "Rollout status: The rollout is running." in whole


def test_a_start_says_how_a_first_person_gets_in(rollout: Command) -> None:
    for done in (("prepare",), ("checklist", "waive", "--reason", "test")):
        assert rollout(*done, "-r", PLAN).code == 0
    assert f"rollout override SUBJECT on -r {PLAN}" in rollout("start", "--reason", "test", "-r", PLAN).out


@pytest.mark.parametrize("words", [(), ("-r", PLAN)])
def test_status_names_the_store_it_answers_for_and_the_way_there(started: Command, tmp_path: Path,
                                                                 words: tuple[str, ...]) -> None:
    assert f"Store: {tmp_path / 'store'}, on the store's files" in started("status", *words).out
    assert started("status", *words, "--json").json()["store"] == {
        "folder": str(tmp_path / "store"), "way": "on the store's files"}


@pytest.mark.parametrize("group", ["decisions", "audit"])
def test_a_group_without_a_command_takes_the_options_of_its_first(started: Command, group: str) -> None:
    first = {"decisions": "list", "audit": "show"}[group]
    short = started(group, "-r", PLAN, "--limit", "3", "--json")
    assert short.code == 0
    assert short.json() == started(group, first, "-r", PLAN, "--limit", "3", "--json").json()
    assert first in started(group, "--help").out


def test_a_dry_run_says_which_phases_lie_between_and_how_much_a_reason_would_overrule(started: Command) -> None:
    said = started("set", "100", "-r", PLAN, "--dry-run").out
    assert said.splitlines()[0] == "10 % → 100 %"
    assert said.splitlines()[1].startswith("  from ")
    assert "conditions are not met; an admin's --reason overrules them" in said


def test_a_reason_of_spaces_is_told_from_none(started: Command) -> None:
    assert "the one given is empty" in started("advance", "-r", PLAN, "--reason", "  ").err
    assert "the one given is empty" not in started("advance", "-r", PLAN).err


@pytest.mark.parametrize(("change", "reason", "asks"), [
    ({}, "because", True), ({}, "  ", False), ({}, None, False), ({"needs_reason": False}, "because", False),
    ({"raises_exposure": False}, "because", False), ({"allowed": False}, "because", False)])
def test_a_person_is_asked_only_where_a_reason_overrules_something(change: dict[str, bool], reason: str | None,
                                                                  asks: bool) -> None:
    seen = {"allowed": True, "needs_reason": True, "raises_exposure": True, **change}
    assert overrules(seen, reason) is asks


def test_the_words_count_a_gate_as_open_when_the_rollout_does() -> None:
    assert {state.value for state in gates.OPEN} == verb_words.OPEN


def test_every_command_that_getting_started_offers_runs_as_it_stands(
        rollout: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("http://localhost:8501", "pub_k", "user")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.csv").write_text(csv_file(source))
    (tmp_path / "events.yaml").write_text(mapping(source))
    for words in (SETUP, IMPORT, override("exercise_library", "user")):
        ran = rollout(*shlex.split(words))
        assert ran.code == 0, f"{words}: {ran.err}"
