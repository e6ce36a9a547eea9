"""Backup and restore: what was comes back, nobody's exposure rises by it, and what must not be undone is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.control.held_rollouts import held
from rollout_core.control.restore import take_staged_events
from rollout_core.control.sign_in import offer_link, sign_in_by_link
from rollout_core.control.who import actor_of_session, actor_of_token
from rollout_core.errors import DiskFull, InvalidRequest, NotPermitted, NotSignedIn, ReasonMissing, StoreCorrupt
from rollout_core.flags.holdout import Holdout
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import SERVING, Status
from tests.fakes.control_setting import ADMIN, KEY, OPERATOR, Setting
from tests.fakes.full_disk import no_room
from tests.fakes.registers import NOW


def backed_up(setting: Setting) -> str:
    return str(setting.act("backup").result["directory"])


def test_a_restore_holds_at_what_is_served_now_when_that_is_less(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.act("set_percentage", percentage=0.2)
    now = setting.rollout()
    change = setting.act("restore", directory=backup, reason="drill")
    after = setting.rollout()
    assert (after.status, after.percentage, after.thresholds) == (Status.HELD, 200, now.thresholds)
    assert after.revision > now.revision
    assert after.epoch > now.epoch
    assert change.result["held"] == [KEY]
    assert setting.served().revision == after.revision


def test_a_restore_holds_at_the_backups_share_when_that_is_less(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.raise_by("advance")
    setting.act("restore", directory=backup, reason="drill")
    assert (setting.rollout().status, setting.rollout().percentage) == (Status.HELD, 1_000)


@pytest.mark.parametrize(("verb", "status"), [("pause", Status.PAUSED), ("stop", Status.STOPPED)])
def test_a_pause_or_stop_since_the_backup_is_not_undone(setting: Setting, verb: str, status: Status) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.act(verb)
    setting.act("restore", directory=backup, reason="drill")
    assert (setting.rollout().status, setting.rollout().percentage) == (status, 0)


def test_the_trail_goes_on_over_a_restore(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.act("pause")
    with setting.control.read() as unit:
        anchor = str(unit.audit.head())
    setting.act("restore", directory=backup, reason="drill")
    with setting.control.read() as unit:
        assert unit.audit.verify(anchor).whole
    assert setting.verbs()[-2:] == [("pause", "done"), ("restore", "done")]
    assert setting.trail(1)[0].entry.reason == "drill"


def test_rights_taken_away_stay_away(setting: Setting) -> None:
    setting.running()
    token = setting.act("create_token", name="ci").result
    session = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(hours=1))).session
    link = offer_link(setting.room, ADMIN, timedelta(hours=1))
    backup = backed_up(setting)
    setting.act("revoke_token", id="ci")
    sign_in_by_link(setting.room, link)
    with setting.control.write() as unit:
        unit.sessions.revoke(session.id, setting.clock.at)
    kept = setting.act("create_token", name="newer").result
    setting.act("restore", directory=backup, reason="drill")
    with pytest.raises(NotSignedIn):
        actor_of_token(setting.room, token["secret"], "http")
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, session.id, "page")
    with pytest.raises(NotSignedIn):
        sign_in_by_link(setting.room, link)
    assert actor_of_token(setting.room, kept["secret"], "http").principal == "newer"


def test_a_forgotten_subject_does_not_come_back(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", subject="u7", value=False)
    backup = backed_up(setting)
    setting.act("forget", unit="user", subject="u7")
    setting.act("restore", directory=backup, reason="drill")
    with setting.control.read() as unit:
        assert unit.register.get("user", "u7") is None
        assert unit.register.get("user", "u8") is not None
        assert unit.overrides.of(KEY) == ()


def test_an_override_switched_on_in_the_backup_only_is_not_brought_back(setting: Setting) -> None:
    setting.running()
    setting.act("set_override", subject="u1", value=True, reason="pilot")
    setting.act("set_override", subject="u2", value=True, reason="pilot")
    backup = backed_up(setting)
    setting.act("set_override", subject="u1", remove=True)
    setting.act("set_override", subject="u3", value=False)
    setting.act("restore", directory=backup, reason="drill")
    assert {(each.subject, each.value) for each in setting.served().overrides} == {("u2", True), ("u3", False)}


def test_old_notices_are_not_sent_again(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.act("restore", directory=backup, reason="drill")
    with setting.control.read() as unit:
        assert unit.outbox.waiting() == ()
        assert unit.outbox.dead() != ()


def test_a_rollout_made_after_the_backup_is_kept(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.set_up("version 1", "other")
    setting.act("restore", directory=backup, reason="drill")
    assert setting.rollout("other").status is Status.READY
    assert setting.served("other").key == "other"


def test_a_backup_whose_files_were_changed_is_refused(setting: Setting) -> None:
    setting.running()
    backup = Path(backed_up(setting))
    (backup / "control.sqlite").write_bytes(b"else")
    with pytest.raises(StoreCorrupt):
        setting.act("restore", directory=str(backup), reason="drill")
    with pytest.raises(InvalidRequest):
        setting.act("restore", directory=str(setting.directory), reason="drill")
    assert setting.rollout().status is Status.RUNNING


def test_restoring_is_an_admins_with_a_reason(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    with pytest.raises(NotPermitted):
        setting.act("restore", OPERATOR, directory=backup, reason="drill")
    with pytest.raises(ReasonMissing):
        setting.act("restore", directory=backup)


def test_the_manifest_names_the_trails_head_and_every_file(setting: Setting) -> None:
    setting.running()
    manifest = json.loads((Path(backed_up(setting)) / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["sha256"]) == {"control.sqlite", "events.duckdb", "store.key"}
    with setting.control.read() as unit:
        assert unit.audit.verify(manifest["audit_head"]).whole


def test_a_backup_is_made_without_the_event_store_and_says_so(setting: Setting) -> None:
    setting.running()
    setting.events.away = True
    change = setting.act("backup")
    assert "not in this backup" in change.warnings[0]


def test_a_backup_that_finds_no_room_leaves_nothing_behind_and_is_in_the_trail_as_refused(setting: Setting) -> None:
    setting.running()

    def full(path: Path) -> Path:
        path.write_bytes(b"half")
        raise DiskFull("There is not enough free disk.")
    setting.events.snapshot = full
    with pytest.raises(DiskFull):
        setting.act("backup")
    assert list((setting.directory / "backups").iterdir()) == []
    assert setting.verbs()[-2:] == [("backup", "done"), ("backup", "refused")]
    own = setting.directory / "own"
    own.mkdir()
    with pytest.raises(DiskFull):
        setting.act("backup", directory=str(own))
    assert list(own.iterdir()) == []


def test_a_restore_that_finds_no_room_for_the_events_changes_nothing(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.act("pause")
    with no_room(3), pytest.raises(DiskFull):
        setting.act("restore", directory=backup, reason="drill")
    assert not list(setting.directory.glob("*.restore*"))
    assert setting.rollout().status is Status.PAUSED
    assert setting.verbs()[-1] == ("pause", "done")


def test_a_restore_whose_control_store_is_refused_leaves_no_copies(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    (Path(backup) / "control.sqlite").write_bytes(b"no copy of a store")
    (Path(backup) / "manifest.json").write_text('{"sha256": {}}')
    with pytest.raises(StoreCorrupt):
        setting.act("restore", directory=backup, reason="drill")
    assert not list(setting.directory.glob("*.restore*"))


def test_a_backup_never_goes_into_a_folder_with_something_in_it(setting: Setting) -> None:
    setting.running()
    (setting.directory / "full").mkdir()
    (setting.directory / "full" / "x").write_text("x")
    with pytest.raises(InvalidRequest):
        setting.act("backup", directory=str(setting.directory / "full"))


def test_the_backups_events_take_their_place_at_the_next_start(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    (setting.directory / "events.duckdb").write_bytes(b"present")
    assert take_staged_events(setting.directory) is False
    setting.act("restore", directory=backup, reason="drill")
    assert (setting.directory / "events.duckdb").read_bytes() == b"present"
    assert take_staged_events(setting.directory) is True
    assert (setting.directory / "events.duckdb").read_bytes() == b"events"
    assert (setting.directory / "events.duckdb.before-restore").read_bytes() == b"present"


def test_in_another_folder_the_key_comes_with_the_events_that_were_written_with_it(setting: Setting) -> None:
    """A restore on a new machine: with a key of its own every subject there would become somebody else."""
    setting.running()
    backup = backed_up(setting)
    key = setting.directory / "store.key"
    old = key.read_bytes()
    key.write_bytes(b"n" * 32)
    setting.act("restore", directory=backup, reason="new machine")
    assert take_staged_events(setting.directory)
    assert key.read_bytes() == old
    assert key.stat().st_mode & 0o077 == 0


class Killed(BaseException):
    """What no handler catches."""


@pytest.mark.parametrize("moved", range(5))
def test_an_exchange_that_was_killed_is_ended_by_the_next_start(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int) -> None:
    """Five files change their names: the present events, their log and mark, the staged key and events."""
    present = {"events.duckdb": b"events", "events.duckdb.wal": b"log", "events.duckdb.acknowledged": b"7",
               "store.key": b"o" * 32}
    for name, content in {**present, "events.duckdb.restore": b"staged", "store.key.restore": b"n" * 32}.items():
        (tmp_path / name).write_bytes(content)
    moves, move = iter(range(moved)), Path.replace

    def replace_or_die(path: Path, target: Path) -> Path:
        if next(moves, None) is None:
            raise Killed
        return move(path, target)

    monkeypatch.setattr(Path, "replace", replace_or_die)
    with pytest.raises(Killed):
        take_staged_events(tmp_path)
    assert (tmp_path / "store.key").exists()
    monkeypatch.undo()
    assert take_staged_events(tmp_path) is True
    kept = {f"{name}.before-restore": content for name, content in present.items()}
    there = {"events.duckdb": b"staged", "store.key": b"n" * 32, "events.duckdb.replaced": b"", **kept}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == there


def test_a_key_staged_by_a_restore_that_came_no_further_is_not_taken_later(setting: Setting) -> None:
    """Killed after the key had its name and before the events had theirs."""
    setting.running()
    backup = backed_up(setting)
    present = (setting.directory / "store.key").read_bytes()
    (setting.directory / "store.key.restore").write_bytes(b"o" * 32)
    setting.act("restore", directory=backup, reason="drill")
    assert take_staged_events(setting.directory)
    assert (setting.directory / "store.key").read_bytes() == present


def test_a_second_restore_that_cannot_stage_leaves_no_events_of_the_first_with_its_own_mark(setting: Setting) -> None:
    setting.running()
    backup = backed_up(setting)
    setting.act("restore", directory=backup, reason="drill")
    (setting.directory / "events.duckdb.forget.part").mkdir()               # the mark cannot be written
    change = setting.act("restore", directory=backup, reason="again")
    assert change.result["events_staged"] is False
    assert "as they were" in change.warnings[-1]
    assert take_staged_events(setting.directory) is False


SHARES = st.dictionaries(st.sampled_from(["internal", "beta", "everyone"]), st.integers(0, 100_000))


@st.composite
def states(draw: st.DrawFn) -> Rollout:
    """A rollout in any status; what serves nobody has thresholds of 0, as the verbs leave it."""
    status = draw(st.sampled_from(Status))
    thresholds = draw(SHARES) if status in SERVING else {}
    return Rollout(
        key=KEY, name="Made", plan=KEY, plan_version=draw(st.integers(1, 2)), unit="user",
        salt=draw(st.sampled_from(["s", "s", "t"])), status=status, created_at=NOW, thresholds=thresholds,
        percentage=max(thresholds.values(), default=0), served=frozenset(draw(st.sets(st.sampled_from("abc")))),
        holdout=Holdout(draw(st.integers(0, 20_000))), revision=draw(st.integers(1, 9)), epoch=draw(st.integers(0, 9)),
        remembered=None if status in SERVING else draw(st.integers(0, 100_000)), remembered_thresholds=draw(SHARES))


@given(states(), states())
def test_no_restore_raises_anybodys_exposure(restored: Rollout, present: Rollout) -> None:
    after = held(restored, present, NOW)
    for key, threshold in after.thresholds.items():
        assert threshold <= restored.thresholds.get(key, 0)
        assert threshold <= present.thresholds.get(key, 0)
    assert after.served <= present.served
    assert after.holdout.buckets >= max(restored.holdout.buckets, present.holdout.buckets)
    assert after.status not in (Status.RUNNING, Status.COMPLETED)
    assert after.revision > max(restored.revision, present.revision)
    assert after.epoch > max(restored.epoch, present.epoch)
    if restored.salt != present.salt:
        assert not any(after.thresholds.values())


@given(states())
def test_restoring_what_is_there_keeps_exposure(state: Rollout) -> None:
    after = held(state, state, NOW)
    if state.status in SERVING:
        assert (after.thresholds, after.percentage) == (state.thresholds, state.percentage)
    assert replace(after, status=state.status).served == state.served
