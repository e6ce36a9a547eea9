"""Verbs on a rollout: what they need, what they leave behind, and what can never hinder the way down."""

from __future__ import annotations

import pytest

from rollout_core.control import VERBS
from rollout_core.errors import (
    GateClosed,
    InvalidPercentage,
    InvalidRequest,
    NotPermitted,
    RevisionMissing,
    RolloutNotFound,
    StaleRollout,
    StoreUnavailable,
    TransitionRefused,
)
from rollout_core.people.actor import AUTOPILOT
from rollout_core.rollouts.status import Status
from tests.fakes.control_setting import ADMIN, KEY, OPERATOR, VIEWER, Setting


def test_starting_serves_the_first_phase_and_tells_for_how_many(setting: Setting) -> None:
    setting.set_up()
    setting.register(1_000, segments=("internal",))
    setting.act("waive_checklist", reason="test")
    change = setting.raise_by("start")
    # 1 % of 1,000 subjects are 10, and all are internal: the audience is filled up to the tenth bucket.
    assert (change.gained, change.lost, change.have) == (10, 0, 10)
    assert (change.after.status, change.after.phase, change.after.percentage) == (Status.RUNNING, "inside", 1_000)
    assert (change.epoch, change.revision) == (1, setting.rollout().revision)
    assert setting.served().thresholds == change.after.thresholds
    assert setting.served().served == {"core"}


def test_one_transaction_holds_state_epoch_trail_and_notice(setting: Setting) -> None:
    setting.running()
    with setting.control.read() as unit:
        rollout, epoch = unit.rollouts.get(KEY), unit.epochs.current(KEY)
        record, notices = unit.audit.tail(limit=1)[0], unit.outbox.waiting()
    assert (epoch.number, epoch.thresholds, epoch.cause) == (1, rollout.thresholds, "start")
    assert (record.entry.verb, record.entry.revision, record.entry.epoch) == ("start", rollout.revision, 1)
    assert record.entry.before["percentage"] == 0
    assert record.entry.after["percentage"] == 1_000
    assert record.entry.evidence["gained"] == 10
    assert notices[-1].title == "Made: 0 % → 1 %, phase none → inside, ready → running"
    assert notices[-1].facts["audit_head"] == f"{record.seq}:{record.hash}"


def test_a_transaction_that_fails_changes_neither_store_nor_what_is_served(setting: Setting) -> None:
    setting.running()
    before = (setting.rollout(), setting.served())
    setting.control.fail_with = StoreUnavailable("broken")
    with pytest.raises(StoreUnavailable):
        setting.raise_by("set_percentage", percentage=2)
    setting.control.fail_with = None
    assert (setting.rollout(), setting.served()) == before


def test_the_checklist_gates_the_start(setting: Setting) -> None:
    setting.set_up()
    with pytest.raises(GateClosed) as caught:
        setting.raise_by("start", reason=None)
    assert [gate["key"] for gate in caught.value.facts["unmet"]] == ["tests"]
    setting.act("tick_checklist", item="tests", actor=OPERATOR)
    assert setting.raise_by("start", reason=None).after.status is Status.RUNNING


def test_an_admin_passes_a_closed_gate_with_a_written_reason_and_the_trail_says_so(setting: Setting) -> None:
    setting.running()
    with pytest.raises(GateClosed) as caught:
        setting.raise_by("advance", reason="   ")
    assert {gate["key"] for gate in caught.value.facts["unmet"]} == {"minimum_duration", "works"}
    change = setting.raise_by("advance", reason="the customer waits")
    assert change.after.phase == "beta"
    assert len(change.warnings) == 2
    entry = setting.trail(1)[0].entry
    assert (entry.reason, entry.evidence["overruled"]) == ("the customer waits", ["minimum_duration", "works"])


def test_met_gates_need_no_reason(setting: Setting) -> None:
    setting.running()
    setting.clock.forward(days=3)
    setting.act("sign_criterion", OPERATOR, criterion="works", evidence="all flows walked through")
    assert setting.raise_by("advance", reason=None).warnings == ()


def test_a_criterion_without_data_keeps_its_gate_closed(setting: Setting) -> None:
    setting.running()
    setting.raise_by("advance")
    with pytest.raises(GateClosed) as caught:
        setting.raise_by("advance", reason=None)
    assert [(gate["key"], gate["state"]) for gate in caught.value.facts["unmet"]] == [("errors", "no_data")]


def test_the_autopilot_never_overrules_a_gate(setting: Setting) -> None:
    setting.running()
    with pytest.raises(GateClosed):
        setting.raise_by("advance", AUTOPILOT, reason="because")


@pytest.mark.parametrize("verb", ["start", "advance", "resume", "release_holdout", "migrate_plan"])
def test_a_raising_verb_names_the_revision_it_was_decided_on(setting: Setting, verb: str) -> None:
    if verb == "start":
        setting.set_up()
        setting.act("waive_checklist", reason="test")
    else:
        setting.running()
    if verb == "resume":
        setting.act("pause")
    with pytest.raises(RevisionMissing):
        setting.act(verb, reason="test")
    with pytest.raises(StaleRollout) as caught:
        setting.act(verb, reason="test", revision=1)
    assert caught.value.facts["revision"] == setting.rollout().revision
    assert setting.act(verb, reason="test", revision=setting.rollout().revision).revision >= 2


def test_setting_the_percentage_needs_a_revision_only_upwards(setting: Setting) -> None:
    setting.running()
    with pytest.raises(RevisionMissing):
        setting.act("set_percentage", percentage=2, reason="test")
    assert setting.act("set_percentage", OPERATOR, percentage=0.5).after.percentage == 500
    assert setting.act("set_percentage", OPERATOR, percentage=0.2, revision=1).after.percentage == 200


@pytest.mark.parametrize(("verb", "fields"), [
    ("hold", {}), ("pause", {}), ("stop", {}), ("roll_back", {"kind": "immediate"}),
    ("roll_back", {"kind": "gradual", "to": 0.5}), ("roll_back", {"kind": "full"}),
    ("set_percentage", {"percentage": 0})])
def test_the_way_down_needs_neither_revision_nor_reason_nor_admin_nor_event_store(
        setting: Setting, verb: str, fields: dict) -> None:
    setting.running()
    before = setting.rollout().thresholds
    setting.events.away = True
    change = setting.act(verb, OPERATOR, revision=1, **fields)
    assert change.after.percentage <= 1_000
    assert all(value <= before[key] for key, value in change.after.thresholds.items())
    again = setting.act(verb, OPERATOR, **fields)
    assert not again.changed or verb == "roll_back"
    assert again.after.percentage <= change.after.percentage


@pytest.mark.parametrize("verb", ["hold", "pause", "stop"])
def test_pause_stop_and_hold_never_ask_the_event_store(setting: Setting, verb: str) -> None:
    setting.running()
    asked = setting.events.asked
    setting.act(verb, OPERATOR)
    assert setting.events.asked == asked


def test_a_pause_still_tells_how_many_lose_it_from_the_last_count(setting: Setting) -> None:
    setting.running()
    assert setting.act("pause").lost == 10


def test_a_pause_without_any_count_says_unknown_and_not_zero(setting: Setting) -> None:
    setting.running()
    again = setting.restarted()
    assert (again.act("pause").lost, again.rollout().percentage) == (None, 0)


def test_pausing_twice_keeps_what_the_first_remembered(setting: Setting) -> None:
    setting.running()
    setting.act("pause")
    again = setting.act("pause")
    assert not again.changed
    assert setting.rollout().remembered == 1_000
    assert setting.verbs()[-2:] == [("pause", "done"), ("pause", "unchanged")]


def test_a_rollback_pressed_twice_with_its_announced_target_goes_back_once(setting: Setting) -> None:
    setting.running()
    for _ in range(2):
        setting.raise_by("advance")
    first = setting.act("roll_back", OPERATOR, kind="immediate", to=5)
    second = setting.act("roll_back", OPERATOR, kind="immediate", to=5)
    assert (first.after.percentage, second.after.percentage, second.changed) == (5_000, 5_000, False)
    assert setting.verbs()[-2:] == [("roll_back", "done"), ("roll_back", "unchanged")]


def test_raising_waits_while_nobody_can_count_the_register(setting: Setting) -> None:
    setting.running()
    again = setting.restarted()
    again.events.away = True
    with pytest.raises(StoreUnavailable):
        again.raise_by("set_percentage", percentage=2)
    assert again.rollout().percentage == 1_000


def test_raising_without_any_register_goes_by_buckets(setting: Setting) -> None:
    setting.set_up()
    setting.act("waive_checklist", reason="test")
    setting.events.away = True
    change = setting.raise_by("start")
    assert (change.after.status, change.gained) == (Status.RUNNING, None)


@pytest.mark.parametrize("verb", ["start", "advance", "resume", "complete", "prepare", "migrate_plan",
                                  "release_holdout"])
def test_an_operator_may_not_raise(setting: Setting, verb: str) -> None:
    setting.running()
    with pytest.raises(NotPermitted):
        setting.raise_by(verb, OPERATOR)
    entry = setting.trail(1)[0].entry
    assert (entry.verb, entry.outcome, entry.principal, entry.claimed) == (verb, "refused", "oli", "nightly job")


def test_an_operator_may_lower_by_percentage_but_not_raise(setting: Setting) -> None:
    setting.running()
    with pytest.raises(NotPermitted):
        setting.raise_by("set_percentage", OPERATOR, percentage=2)
    assert setting.act("set_percentage", OPERATOR, percentage=0.1).after.percentage == 100


@pytest.mark.parametrize("verb", ["prepare", "start", "advance", "hold", "pause", "resume", "roll_back", "complete",
                                  "migrate_plan", "release_holdout", "stop"])
def test_a_viewer_changes_nothing_and_every_attempt_is_in_the_trail(setting: Setting, verb: str) -> None:
    setting.running()
    before = setting.rollout()
    with pytest.raises(NotPermitted):
        setting.act(verb, VIEWER)
    assert setting.rollout() == before
    assert not setting.served().stopped
    assert setting.verbs()[-1] == (verb, "refused")


def test_a_refusal_is_in_the_trail_with_its_message(setting: Setting) -> None:
    setting.running()
    with pytest.raises(TransitionRefused):
        setting.raise_by("start", reason="again")
    entry = setting.trail(1)[0].entry
    assert (entry.outcome, entry.reason, entry.after["error"]) == ("refused", "again", "TransitionRefused")
    assert "running" in entry.after["message"]


def test_who_acted_is_the_principal_and_what_he_claims_stands_beside_it(setting: Setting) -> None:
    setting.running()
    setting.act("pause", OPERATOR, reason="errors")
    entry = setting.trail(1)[0].entry
    assert (entry.principal, entry.claimed, entry.role, entry.via, entry.origin) == (
        "oli", "nightly job", "operator", "token", "http")


def test_without_a_name_the_only_rollout_is_meant_and_two_ask_which(setting: Setting) -> None:
    setting.running()
    assert setting.act("hold").rollout == KEY
    setting.set_up("other")
    with pytest.raises(InvalidRequest) as caught:
        setting.act("hold")
    assert caught.value.facts["rollouts"] == ("made", "other")
    with pytest.raises(RolloutNotFound):
        setting.act("hold", rollout="nobody")


@pytest.mark.parametrize("percentage", [101, -1, float("nan"), float("inf")])
def test_a_percentage_that_is_none_is_refused(setting: Setting, percentage: float) -> None:
    setting.running()
    with pytest.raises(InvalidPercentage):
        setting.raise_by("set_percentage", percentage=percentage)


def test_a_change_made_between_the_look_and_the_write_is_noticed(setting: Setting) -> None:
    setting.running()
    seen = setting.rollout().revision
    setting.act("hold")
    with pytest.raises(StaleRollout):
        setting.act("advance", revision=seen, reason="test")


def test_the_epochs_are_mirrored_to_the_event_store(setting: Setting) -> None:
    setting.running()
    assert [(epoch.rollout, epoch.epoch, epoch.percentage) for epoch in setting.events.mirrored] == [(KEY, 1, 1_000)]


def test_the_registry_names_every_verb_once_and_knows_its_role() -> None:
    assert all(name == spec.name for name, spec in VERBS.items())
    assert {name for name, spec in VERBS.items() if spec.raises_exposure} == {
        "start", "advance", "set_percentage", "resume", "release_holdout", "migrate_plan"}


def test_a_session_named_in_the_actor_is_kept_in_the_trail(setting: Setting) -> None:
    setting.running()
    setting.act("hold", ADMIN)
    assert setting.trail(1)[0].entry.session_id == "s1"
