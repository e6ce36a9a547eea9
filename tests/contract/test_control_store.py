"""What every control store promises, whoever keeps it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout_core.documents.plan_document import read_plan
from rollout_core.errors import (
    InvalidRequest,
    NotFound,
    PlanNotFound,
    RolloutNotFound,
    StaleRollout,
    StoreCorrupt,
    StoreLocked,
)
from rollout_core.flags.anchors import Anchors
from rollout_core.flags.override import Override
from rollout_core.health.alert import Alert, AlertEvent, AlertState
from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.people.person import Person, SignInLink
from rollout_core.people.role import Role
from rollout_core.people.session import Session
from rollout_core.people.token import Token
from rollout_core.ports.control_records import (
    AuditEntry,
    DecisionRecord,
    OutboxMessage,
    PlanText,
    Replay,
    SavedQuestion,
    Signoff,
    Subject,
    Tick,
    Waiver,
)
from rollout_core.ports.control_store import ControlStore
from rollout_core.rollouts.plan import Severity
from rollout_core.rollouts.rollout import Epoch, Raise, Rollout
from rollout_core.rollouts.status import Status
from rollout_core.storage import control_snapshot, control_store
from rollout_core.storage.control_store import open_control_store

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = PlanText((Path(__file__).parents[2] / "data/plans/patient_engagement.yaml").read_text(encoding="utf-8"),
                "patient_engagement.yaml")
ROLLOUT = Rollout(
    key="r", name="R", plan="p", plan_version=2, unit="user", salt="s", status=Status.RUNNING, created_at=NOW,
    phase="one", percentage=10_000, thresholds={"everyone": 10_147}, ever={"everyone": 25_000},
    served=frozenset({"b", "a"}), epoch=3, epoch_began_at=NOW, anchors=Anchors(NOW, NOW, {"b": NOW}),
    revision=5, remembered=7,
    remembered_thresholds={"everyone": 7}, raises=(Raise(10_000, ("everyone",), {"everyone": 10_147}),),
    started_at=NOW)
ALERT = Alert("a1", "r", "errors", "", Severity.ERROR, AlertState.OPEN, "Errors", NOW, NOW, {"value": 0.06},
              ("Look at the log",), due_at=NOW + HOUR)
ISSUE = Issue("i1", "r", "error_group", IssuePriority.CRITICAL, "White page", IssueState.OPEN, NOW, NOW, "f00")
ENTRY = AuditEntry(at=NOW, principal="ann", role="admin", via="session", origin="test", verb="start", rollout="r")


def test_a_rollout_comes_back_as_it_was_saved(control: ControlStore) -> None:
    with control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)
    with control.read() as unit:
        assert unit.rollouts.get("r") == ROLLOUT
        assert unit.rollouts.all() == (ROLLOUT,)


def test_an_unknown_rollout_is_not_found_and_the_error_names_the_known_ones(control: ControlStore) -> None:
    with control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)
    with control.read() as unit, pytest.raises(RolloutNotFound) as caught:
        unit.rollouts.get("other")
    assert caught.value.facts["known"] == ("r",)


def test_a_save_on_an_old_revision_is_refused_and_changes_nothing(control: ControlStore) -> None:
    with control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)
        unit.rollouts.save(replace(ROLLOUT, revision=6, percentage=20_000), 5)
    with pytest.raises(StaleRollout) as caught, control.write() as unit:
        unit.rollouts.save(replace(ROLLOUT, revision=6, percentage=0), 5)
    assert (caught.value.facts["expected"], caught.value.facts["revision"]) == (5, 6)
    with control.read() as unit:
        assert unit.rollouts.get("r").percentage == 20_000


def test_inserting_a_rollout_that_exists_is_refused(control: ControlStore) -> None:
    with control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)
    with pytest.raises(StaleRollout), control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)


def test_a_transaction_that_raises_leaves_nothing_behind(control: ControlStore) -> None:
    def write_and_fail() -> None:
        with control.write() as unit:
            unit.rollouts.save(ROLLOUT, None)
            unit.audit.append(ENTRY)
            unit.outbox.add(message())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with control.read() as unit:
        assert unit.rollouts.all() == ()
        assert unit.audit.head().seq == 0
        assert unit.outbox.waiting() == ()


def test_a_reader_sees_one_state_however_much_is_written_meanwhile(control: ControlStore) -> None:
    with control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)
    with control.read() as reading:
        assert reading.rollouts.get("r").revision == 5
        with control.write() as unit:
            unit.rollouts.save(replace(ROLLOUT, revision=6), 5)
        assert reading.rollouts.get("r").revision == 5


def test_writers_take_turns_and_lose_nothing(control: ControlStore) -> None:
    with control.write() as unit:
        unit.meta.set("n", "0")

    def add_ten() -> None:
        for _ in range(10):
            with control.write() as unit:
                unit.meta.set("n", str(int(unit.meta.get("n") or 0) + 1))

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with control.read() as unit:
        assert unit.meta.get("n") == "40"


def test_a_plan_version_never_changes_and_the_newest_is_the_default(control: ControlStore) -> None:
    with control.write() as unit:
        plan = unit.plans.read(PLAN)
        unit.plans.save(plan, PLAN, NOW, "ann")
        unit.plans.save(replace(plan, version=2, note="changed"), PLAN, NOW + HOUR, "bob")
    with control.read() as unit:
        assert unit.plans.get(plan.key, 1) == plan
        assert (unit.plans.get(plan.key).version, unit.plans.get(plan.key).note) == (2, "changed")
        assert unit.plans.document(plan.key, 1) == PLAN
        assert [each.version for each in unit.plans.versions(plan.key)] == [2, 1]
        assert unit.plans.versions(plan.key)[0].by == "bob"
        assert unit.plans.keys() == (plan.key,)
    with pytest.raises(InvalidRequest), control.write() as unit:
        unit.plans.save(plan, PLAN, NOW, "ann")


@pytest.mark.parametrize(("key", "version"), [("unknown", None), ("patient_engagement", 9)])
def test_an_unknown_plan_or_version_is_not_found(control: ControlStore, key: str, version: int | None) -> None:
    with control.write() as unit:
        unit.plans.save(unit.plans.read(PLAN), PLAN, NOW, "ann")
    with control.read() as unit, pytest.raises(PlanNotFound):
        unit.plans.get(key, version)


def test_epochs_come_in_order_and_are_never_edited(control: ControlStore) -> None:
    one = Epoch("r", 1, NOW, "one", 10_000, {"everyone": 10_000}, {"everyone": 10_000}, frozenset({"a"}), "start", 1)
    two = replace(one, number=2, percentage=0, cause="pause", began_at=NOW + HOUR)
    with control.write() as unit:
        unit.epochs.add(two)
        unit.epochs.add(one)
    with control.read() as unit:
        assert unit.epochs.of("r") == (one, two)
        assert unit.epochs.current("r") == two
        assert unit.epochs.current("other") is None
    with pytest.raises(InvalidRequest), control.write() as unit:
        unit.epochs.add(replace(one, percentage=99))


def test_an_alert_keeps_its_history(control: ControlStore) -> None:
    opened = AlertEvent("a1", NOW, "opened", "sweep", "6 %")
    seen = AlertEvent("a1", NOW + HOUR, "acknowledged", "ann")
    with control.write() as unit:
        unit.alerts.save(ALERT, opened)
        unit.alerts.save(replace(ALERT, state=AlertState.ACKNOWLEDGED, changed_at=NOW + HOUR), seen)
    with control.read() as unit:
        assert unit.alerts.get("a1").state is AlertState.ACKNOWLEDGED
        assert unit.alerts.find("r", "errors", "") == unit.alerts.get("a1")
        assert unit.alerts.history("a1") == (opened, seen)
        assert unit.alerts.find("r", "errors", "checkout") is None
        with pytest.raises(NotFound):
            unit.alerts.get("a2")


def test_unresolved_alerts_are_told_from_resolved_ones_newest_first(control: ControlStore) -> None:
    resolved = replace(ALERT, id="a2", rule="vitals", state=AlertState.RESOLVED, changed_at=NOW + 2 * HOUR)
    later = replace(ALERT, id="a3", rule="speed", state=AlertState.SNOOZED, changed_at=NOW + HOUR)
    with control.write() as unit:
        for alert in (ALERT, resolved, later, replace(ALERT, id="b1", rollout="other")):
            unit.alerts.save(alert)
    with control.read() as unit:
        assert [each.id for each in unit.alerts.all("r")] == ["a2", "a3", "a1"]
        assert [each.id for each in unit.alerts.all("r", unresolved=True)] == ["a3", "a1"]
        assert len(unit.alerts.all()) == 4


def test_issues_are_found_by_their_source(control: ControlStore) -> None:
    with control.write() as unit:
        unit.issues.save(ISSUE)
        unit.issues.save(replace(ISSUE, id="i2", source="", kind="manual", state=IssueState.IGNORED,
                                 changed_at=NOW + HOUR))
    with control.read() as unit:
        assert unit.issues.find("r", "error_group", "f00") == ISSUE
        assert unit.issues.find("r", "error_group", "f01") is None
        assert [each.id for each in unit.issues.all("r")] == ["i2", "i1"]
        assert [each.id for each in unit.issues.all("r", open_only=True)] == ["i1"]
        with pytest.raises(NotFound):
            unit.issues.get("i9")


def test_a_sweep_decides_once(control: ControlStore) -> None:
    record = DecisionRecord(0, "r", 3, NOW, "act", "pause", True, "errors", {"n": [1, 2], "log_e": 3.25})
    with control.write() as unit:
        assert unit.decisions.append(record) == 1
        assert unit.decisions.append(replace(record, swept_at=NOW + HOUR)) == 2
    with pytest.raises(InvalidRequest), control.write() as unit:
        unit.decisions.append(replace(record, act="none"))
    with control.read() as unit:
        assert unit.decisions.get(1) == replace(record, number=1)
        assert [each.number for each in unit.decisions.tail("r")] == [2, 1]
        assert [each.number for each in unit.decisions.tail("r", before=2)] == [1]
        with pytest.raises(NotFound):
            unit.decisions.get(3)


def test_checklist_ticks_can_be_taken_back_and_waivers_kept(control: ControlStore) -> None:
    with control.write() as unit:
        unit.checklist.tick(Tick("r", "backup", "ann", NOW, "done"))
        unit.checklist.tick(Tick("r", "alerts", "ann", NOW))
        unit.checklist.waive(Waiver("r", "docs", "bob", NOW, "small change"))
        unit.checklist.untick("r", "alerts")
    with control.read() as unit:
        assert unit.checklist.ticks("r") == (Tick("r", "backup", "ann", NOW, "done"),)
        assert [each.item for each in unit.checklist.waivers("r")] == ["docs"]
        assert unit.checklist.ticks("other") == ()


def test_the_newest_signature_of_a_criterion_counts(control: ControlStore) -> None:
    first = Signoff("r", "one", "review", True, "ann", NOW, "looked")
    second = replace(first, met=False, by="bob", at=NOW + HOUR, evidence="looked again")
    with control.write() as unit:
        unit.signoffs.add(first)
        unit.signoffs.add(replace(first, phase="two"))
        unit.signoffs.add(second)
    with control.read() as unit:
        assert unit.signoffs.of("r", "one") == (second,)
        assert len(unit.signoffs.of("r")) == 2


def test_an_override_is_kept_per_subject_and_flag(control: ControlStore) -> None:
    every = Override("r", "u1", True, None, "ann", "pilot", NOW + HOUR)
    one = Override("r", "u1", False, "chat", "bob", "complained")
    with control.write() as unit:
        unit.overrides.set(one)
        unit.overrides.set(every)
        unit.overrides.set(replace(every, reason="pilot customer"))
    with control.write() as unit:
        assert unit.overrides.of("r") == (replace(every, reason="pilot customer"), one)
        assert unit.overrides.remove("r", "u1", None) is True
        assert unit.overrides.remove("r", "u1", None) is False
        assert unit.overrides.of("r") == (one,)


def test_a_person_is_kept_and_replaced(control: ControlStore) -> None:
    with control.write() as unit:
        unit.people.save(Person("ann", Role.ADMIN, NOW, "$argon2id$…"))
        unit.people.save(Person("ann", Role.VIEWER, NOW, active=False))
        unit.people.save(Person("abe", Role.OPERATOR, NOW))
    with control.read() as unit:
        assert unit.people.get("ann") == Person("ann", Role.VIEWER, NOW, active=False)
        assert [each.name for each in unit.people.all()] == ["abe", "ann"]
        assert unit.people.get("zoe") is None


def test_a_sign_in_link_works_once_and_not_after_its_end(control: ControlStore) -> None:
    link = SignInLink("h1", "ann", Role.ADMIN, NOW, NOW + HOUR)
    with control.write() as unit:
        unit.people.add_link(link)
        unit.people.add_link(replace(link, secret_hash="h2"))
        assert unit.people.take_link("h1", NOW) == link
    with control.write() as unit:
        assert unit.people.take_link("h1", NOW) is None
        assert unit.people.take_link("h2", NOW + HOUR) is None
        assert unit.people.take_link("unknown", NOW) is None


def test_links_are_ended_by_person_and_purged_by_their_end(control: ControlStore) -> None:
    link = SignInLink("h1", "ann", Role.ADMIN, NOW, NOW + HOUR)
    with control.write() as unit:
        for secret, person, hours in (("h1", "ann", 1), ("h2", "bob", 1), ("h3", "bob", 3), ("h4", "cy", 3)):
            unit.people.add_link(replace(link, secret_hash=secret, person=person, expires_at=NOW + hours * HOUR))
        assert unit.people.end_links(NOW, "ann") == 1
        assert unit.people.link("h1") == replace(link, used_at=NOW)
        assert unit.people.take_link("h1", NOW) is None
        assert unit.people.purge_links(NOW + 2 * HOUR) == 2
        assert unit.people.link("h2") is None
        assert unit.people.take_link("h3", NOW) is not None
        assert unit.people.end_links(NOW) == 1
    with control.write() as unit:
        assert unit.people.take_link("h4", NOW) is None


def test_sessions_end_by_id_and_by_person_and_are_purged(control: ControlStore) -> None:
    session = Session("s1", "h1", "ann", Role.ADMIN, NOW, NOW + HOUR, csrf="c")
    with control.write() as unit:
        unit.sessions.add(session)
        unit.sessions.add(replace(session, id="s2", secret_hash="h2", expires_at=NOW + 3 * HOUR))
        unit.sessions.add(replace(session, id="s3", secret_hash="h3", person="bob"))
        assert unit.sessions.get("h1") == session
        assert unit.sessions.by_id("s1") == session
        assert [each.id for each in unit.sessions.all()] == ["s1", "s3", "s2"]
        assert unit.sessions.revoke("s1", NOW) is True
        assert unit.sessions.revoke("s1", NOW) is False
        assert unit.sessions.revoke_person("ann", NOW) == 1
        assert unit.sessions.purge(NOW + 2 * HOUR) == 2
    with control.read() as unit:
        assert unit.sessions.get("h1") is None
        assert unit.sessions.by_id("s2").revoked_at == NOW


def test_a_token_remembers_its_last_use_and_is_revoked_once(control: ControlStore) -> None:
    token = Token("t1", "ci", "h1", Role.OPERATOR, NOW, "ann", NOW + HOUR)
    with control.write() as unit:
        unit.tokens.add(token)
        unit.tokens.touch("t1", NOW + HOUR)
        unit.tokens.touch("unknown", NOW)
        assert unit.tokens.revoke("t1", NOW + HOUR) is True
        assert unit.tokens.revoke("t1", NOW + HOUR) is False
    with control.read() as unit:
        assert unit.tokens.get("h1") == replace(token, last_used_at=NOW + HOUR, revoked_at=NOW + HOUR)
        assert [each.id for each in unit.tokens.all()] == ["t1"]


def test_the_register_merges_attributes_and_counts_only_what_changed(control: ControlStore) -> None:
    with control.write() as unit:
        assert unit.register.upsert_many([Subject("user", "u1", {"tier": "pro", "roles": ("a", "b"), "age": 3}),
                                          Subject("user", "u2", {"active": True})]) == 2
        assert unit.register.upsert_many([Subject("user", "u1", {"tier": "basic"}), Subject("user", "u2", {})]) == 1
    with control.read() as unit:
        assert unit.register.get("user", "u1") == {"tier": "basic", "roles": ("a", "b"), "age": 3}
        assert unit.register.get("user", "u9") is None
        assert unit.register.get("workspace", "u1") is None
        assert (unit.register.count("user"), unit.register.count("workspace")) == (2, 0)


def test_a_subject_named_twice_in_one_call_is_merged_in_order(control: ControlStore) -> None:
    with control.write() as unit:
        unit.register.upsert_many([Subject("user", "u1", {"a": 1, "b": 1}), Subject("user", "u1", {"b": 2})])
    with control.read() as unit:
        assert unit.register.get("user", "u1") == {"a": 1, "b": 2}


def test_subjects_are_found_by_the_beginning_of_their_id_page_by_page(control: ControlStore) -> None:
    ids = ["ab", "abc", "abd", "ac", "b", "aé", "a%", "a_"]
    with control.write() as unit:
        unit.register.upsert_many(Subject("user", id) for id in ids)
        unit.register.upsert_many([Subject("workspace", "abx")])
    with control.read() as unit:
        assert [each.id for each in unit.register.search("user", "ab")] == ["ab", "abc", "abd"]
        assert [each.id for each in unit.register.search("user", "ab", limit=2)] == ["ab", "abc"]
        assert [each.id for each in unit.register.search("user", "ab", after="abc")] == ["abd"]
        assert [each.id for each in unit.register.search("user", "a%")] == ["a%"]
        assert [each.id for each in unit.register.search("user", "aé")] == ["aé"]
        assert len(unit.register.search("user")) == len(ids)


def test_changes_of_the_register_come_in_order_with_what_was_removed(control: ControlStore) -> None:
    with control.write() as unit:
        unit.register.upsert_many([Subject("user", "u1", {"a": 1}), Subject("user", "u2", {"a": 1})])
        seen = unit.register.changes(0)
        assert [(row.id, row.attributes) for row in seen] == [("u1", {"a": 1}), ("u2", {"a": 1})]
        unit.register.upsert_many([Subject("user", "u1", {"a": 2})])
        assert unit.register.remove("user", "u2") is True
        assert unit.register.remove("user", "u2") is False
    with control.write() as unit:
        newer = unit.register.changes(seen[-1].number)
        assert [(row.id, row.attributes) for row in newer] == [("u1", {"a": 2}), ("u2", None)]
        assert unit.register.changes(0, limit=1)[0].id == "u1"
        unit.register.purge_removed("user", "u2")
        assert [row.id for row in unit.register.changes(0)] == ["u1"]


def test_a_notice_waits_for_its_time_and_ends_sent_or_dead(control: ControlStore) -> None:
    with control.write() as unit:
        first, second, third = (unit.outbox.add(message(title=title)) for title in "abc")
        waiting = unit.outbox.due(NOW)
        assert [each.title for each in waiting] == ["a", "b", "c"]
        unit.outbox.save(replace(waiting[0], sent_at=NOW, attempts=1))
        unit.outbox.save(replace(waiting[1], next_at=NOW + HOUR, attempts=1, error="503"))
        unit.outbox.save(replace(waiting[2], dead_at=NOW, attempts=9, error="gone"))
    with control.read() as unit:
        assert (first, second, third) == (1, 2, 3)
        assert unit.outbox.due(NOW) == ()
        assert [each.title for each in unit.outbox.due(NOW + HOUR)] == ["b"]
        assert [each.title for each in unit.outbox.waiting()] == ["b"]
        assert [each.error for each in unit.outbox.dead()] == ["gone"]


def test_a_kept_answer_is_found_by_principal_and_key_until_it_is_purged(control: ControlStore) -> None:
    replay = Replay("ann", "k1", "f", 200, b'{"x": 1}\x00\xff', NOW)
    with control.write() as unit:
        unit.replays.save(replay)
        assert unit.replays.get("ann", "k1") == replay
        assert unit.replays.get("bob", "k1") is None
        assert unit.replays.purge(NOW) == 0
        assert unit.replays.purge(NOW + HOUR) == 1
        assert unit.replays.get("ann", "k1") is None


def test_saved_questions_have_names_of_their_own_and_come_by_name(control: ControlStore) -> None:
    slow, errors = (SavedQuestion(id, name, "select 1", "ann", NOW)
                    for id, name in (("q1", "Slow endpoints"), ("q2", "errors")))
    with control.write() as unit:
        unit.saved_questions.save(slow)
        unit.saved_questions.save(errors)
    with pytest.raises(InvalidRequest), control.write() as unit:
        unit.saved_questions.save(replace(errors, name="SLOW ENDPOINTS"))
    with control.write() as unit:
        unit.saved_questions.save(replace(slow, sql="select 2"))
        assert unit.saved_questions.get("q1").sql == "select 2"
        assert [each.name for each in unit.saved_questions.all()] == ["errors", "Slow endpoints"]
        assert unit.saved_questions.remove("q2")
        assert not unit.saved_questions.remove("q2")
    with control.read() as unit, pytest.raises(NotFound):
        unit.saved_questions.get("q2")


def test_a_single_value_is_kept_by_name(control: ControlStore) -> None:
    with control.write() as unit:
        assert unit.meta.get("x") is None
        unit.meta.set("x", "1")
        unit.meta.set("x", "2")
    with control.read() as unit:
        assert unit.meta.get("x") == "2"


def test_a_snapshot_holds_what_was_there_and_can_be_amended_on_its_way_back(
        control: ControlStore, tmp_path: Path) -> None:
    with control.write() as unit:
        unit.rollouts.save(ROLLOUT, None)
    control.snapshot(tmp_path / "copy.sqlite")
    with control.write() as unit:
        unit.rollouts.save(replace(ROLLOUT, revision=6, percentage=50_000), 5)
        unit.meta.set("later", "yes")

    def amend(live, copy) -> int:
        seen = live.rollouts.get("r").revision
        copy.rollouts.save(replace(copy.rollouts.get("r"), revision=seen + 1), 5)
        return seen

    assert control.replace_with(tmp_path / "copy.sqlite", amend) == 6
    with control.read() as unit:
        assert (unit.rollouts.get("r").revision, unit.rollouts.get("r").percentage) == (7, 10_000)
        assert unit.meta.get("later") is None


def test_a_restore_whose_amendment_fails_changes_nothing(control: ControlStore, tmp_path: Path) -> None:
    with control.write() as unit:
        unit.meta.set("x", "1")
    control.snapshot(tmp_path / "copy.sqlite")
    with control.write() as unit:
        unit.meta.set("x", "2")

    def amend(live, copy) -> None:
        copy.meta.set("x", "3")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        control.replace_with(tmp_path / "copy.sqlite", amend)
    with control.read() as unit:
        assert unit.meta.get("x") == "2"


@pytest.mark.parametrize("late", [False, True], ids=["while it is amended", "just before it is put in place"])
def test_a_restore_takes_back_nothing_that_another_process_wrote_meanwhile(
        sqlite_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool) -> None:
    control = open_control_store(sqlite_path, read_plan)
    control.snapshot(tmp_path / "copy.sqlite")

    def other() -> None:
        with closing(sqlite3.connect(sqlite_path)) as process, process:
            process.execute("INSERT INTO meta (name, value) VALUES ('theirs', '1')")

    def copy_in(*given: Any) -> None:
        if late:
            other()
        control_snapshot.copy_in(*given)

    monkeypatch.setattr(control_store, "copy_in", copy_in)
    with pytest.raises(StoreLocked, match="meanwhile"):
        control.replace_with(tmp_path / "copy.sqlite", lambda live, copy: None if late else other())
    with control.read() as unit:
        assert unit.meta.get("theirs") == "1"
    with control.write() as unit:
        unit.meta.set("ours", "2")


def test_something_that_is_no_snapshot_is_refused(control: ControlStore, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(StoreCorrupt):
        control.replace_with(tmp_path / "junk", lambda live, copy: None)


def test_a_sound_store_has_nothing_to_report(control: ControlStore) -> None:
    assert control.check() == ()


def message(title: str = "10 % → 25 %") -> OutboxMessage:
    return OutboxMessage(0, NOW, "rollout.advance", "r", title, "by ann", facts={"revision": 6})
