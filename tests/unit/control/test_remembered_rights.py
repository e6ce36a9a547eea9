"""The control store cannot tell who asks: whoever it told of last may still pause and stop, and nothing else."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest

from rollout_core.control import VERBS
from rollout_core.control.emergency import FILE
from rollout_core.control.lower_anyway import WAY_DOWN
from rollout_core.control.recall import look_again, recall, recall_session
from rollout_core.control.sign_in import SignedIn, offer_link, sign_in_by_link, sign_out
from rollout_core.control.who import actor_of_session, actor_of_token, session_of_cookie
from rollout_core.errors import NotPermitted, NotSignedIn, StoreCorrupt
from rollout_core.people.actor import Actor
from rollout_core.people.person import Person
from rollout_core.people.role import Role
from rollout_core.people.secret import secret_hash
from rollout_core.ports.last_known import LastKnown, LastKnownActors
from rollout_core.rollouts.status import Status
from tests.fakes.control_setting import ADMIN, KEY, NOW, Setting

GONE = StoreCorrupt("The control database was removed.")
SHORT = timedelta(minutes=30)


@contextmanager
def away(setting: Setting):
    """The store can neither be read nor written."""
    control, setting.control.read, setting.control.fail_with = setting.control, lost, GONE
    try:
        yield
    finally:
        del control.read
        control.fail_with = None


def lost():
    raise GONE


def token(setting: Setting, role: Role = Role.OPERATOR, **fields) -> str:
    """A token's secret, used once."""
    secret = str(setting.act("create_token", name="night watch", role=role, **fields).result["secret"])
    actor_of_token(setting.room, secret, "http")
    return secret


def signed_in(setting: Setting, role: Role = Role.OPERATOR) -> SignedIn:
    """Ana in a browser, seen once."""
    setting.act("set_person", name="ana", role=role)
    made = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, SHORT, "ana"))
    actor_of_session(setting.room, made.session.id, "page")
    return made


def remembered(setting: Setting, secret: str) -> Actor | None:
    found = recall(setting.room, secret, "http")
    return found.actor if found else None


@pytest.mark.parametrize("verb", sorted(WAY_DOWN))
def test_a_token_that_was_used_before_stops_a_rollout_and_the_file_says_who_did(setting: Setting, verb: str) -> None:
    setting.running()
    secret = token(setting)
    setting.clock.forward(minutes=5)
    with away(setting):
        change = setting.act(verb, remembered(setting, secret), rollout=KEY, reason="white page")
    assert setting.served().stopped
    assert change.audit_seq == 0
    assert "night watch was operator at 2026" in change.warnings[0]
    kept = json.loads((setting.directory / FILE).read_text(encoding="utf-8"))["stopped"][KEY]
    assert (kept["by"], kept["via"], kept["reason"]) == ("night watch", "token", "white page")
    assert kept["known_at"] == NOW.isoformat()
    assert kept["at"] == (NOW + timedelta(minutes=5)).isoformat()


def test_what_memory_decided_is_recorded_at_the_next_start_as_what_it_was(setting: Setting) -> None:
    setting.running()
    made = signed_in(setting)
    with away(setting):
        setting.act("pause", recall_session(setting.room, made.session.id, "page"), rollout=KEY)
    assert setting.rollout().status is Status.RUNNING
    again = setting.restarted()
    entry = again.trail(1)[0].entry
    assert (again.rollout().status, entry.principal, entry.via) == (Status.STOPPED, "ana", "emergency")
    assert f"by a session that the store last knew at {NOW.isoformat()}" in entry.reason


def test_memory_never_writes_a_store_that_is_back(setting: Setting) -> None:
    setting.running()
    secret = token(setting)
    entries = len(setting.trail())
    setting.act("pause", remembered(setting, secret), rollout=KEY)
    assert len(setting.trail()) == entries
    assert setting.served().stopped
    assert setting.rollout().status is Status.RUNNING


@pytest.mark.parametrize("verb", sorted(set(VERBS) - WAY_DOWN - {"sweep"}))
def test_memory_is_enough_for_nothing_but_the_way_down(setting: Setting, verb: str) -> None:
    setting.running()
    admin = remembered(setting, token(setting, Role.ADMIN))
    before = setting.rollout()
    fields = {"rollout": KEY, "directory": str(setting.directory / "x"), "reason": "test", "kind": "immediate"}
    made = VERBS[verb].request
    known = {name: fields.get(name, "x") for name in made.__dataclass_fields__ if name in fields or _needed(made, name)}
    with pytest.raises(NotPermitted, match="enough to pause"):
        VERBS[verb].act(setting.room, admin, made(**known))
    assert setting.rollout() == before


def _needed(made: type, name: str) -> bool:
    from dataclasses import MISSING

    field = made.__dataclass_fields__[name]
    return field.default is MISSING and field.default_factory is MISSING


def test_a_viewer_is_remembered_as_a_viewer(setting: Setting) -> None:
    setting.running()
    made = signed_in(setting, Role.VIEWER)
    with away(setting), pytest.raises(NotPermitted, match="signed in as viewer"):
        setting.act("stop", recall_session(setting.room, made.session.id, "page"), rollout=KEY)
    assert not setting.served().stopped


@pytest.mark.parametrize(("verb", "fields"), [
    ("set_person", {"name": "ana", "active": False}), ("set_person", {"name": "ana", "role": Role.VIEWER}),
    ("set_person", {"name": "ana", "password": "correct horse battery staple"}), ("end_sessions", {"person": "ana"})])
def test_whoever_lost_a_right_is_not_remembered(setting: Setting, verb: str, fields: dict) -> None:
    made = signed_in(setting)
    setting.act(verb, **fields)
    with away(setting):
        assert remembered(setting, made.secret) is None
        assert recall_session(setting.room, made.session.id, "page") is None


def test_a_session_that_was_ended_and_one_that_was_left_are_not_remembered(setting: Setting) -> None:
    ended, left = signed_in(setting), signed_in(setting)
    setting.act("end_sessions", session=ended.session.id)
    sign_out(setting.room, left.session.id)
    assert remembered(setting, ended.secret) is None
    assert remembered(setting, left.secret) is None


def test_a_revoked_token_is_not_remembered_and_an_expired_one_neither(setting: Setting) -> None:
    revoked = token(setting)
    setting.act("revoke_token", id="night watch")
    expiring = token(setting, days=1)
    assert remembered(setting, revoked) is None
    assert remembered(setting, expiring) is not None
    setting.clock.forward(days=1)
    assert remembered(setting, expiring) is None


def test_a_promotion_is_remembered_at_the_next_look(setting: Setting) -> None:
    made = signed_in(setting, Role.VIEWER)
    setting.act("set_person", name="ana", role=Role.OPERATOR)
    assert remembered(setting, made.secret).role is Role.VIEWER
    actor_of_session(setting.room, made.session.id, "page")
    assert remembered(setting, made.secret).role is Role.OPERATOR


def test_nobody_is_remembered_who_was_never_seen_and_no_public_id_is_a_secret(setting: Setting) -> None:
    made = signed_in(setting)
    assert remembered(setting, "guessed") is None
    assert remembered(setting, made.session.id) is None
    assert recall_session(setting.room, None, "page") is None
    assert recall_session(setting.restarted().room, made.session.id, "page") is None


def test_what_another_process_took_away_is_dropped_by_the_roll_call(setting: Setting) -> None:
    made, secret, kept = signed_in(setting), token(setting), signed_in(setting)
    with setting.control.write() as unit:
        unit.sessions.revoke(made.session.id, NOW)
        unit.tokens.revoke(secret_hash(secret)[:12], NOW)
        unit.people.save(Person("ana", Role.ADMIN, NOW))
    assert look_again(setting.room) == 2
    assert remembered(setting, made.secret) is None
    assert remembered(setting, secret) is None
    assert remembered(setting, kept.secret).role is Role.ADMIN


def test_a_roll_call_that_the_store_cannot_answer_drops_nobody(setting: Setting) -> None:
    secret = token(setting)
    with away(setting):
        with pytest.raises(StoreCorrupt):
            look_again(setting.room)
        assert remembered(setting, secret) is not None


def test_a_look_that_finds_nothing_forgets(setting: Setting) -> None:
    made, secret = signed_in(setting), token(setting)
    with setting.control.write() as unit:
        unit.sessions.revoke(made.session.id, NOW)
        unit.tokens.revoke(secret_hash(secret)[:12], NOW)
    assert session_of_cookie(setting.room, made.secret) is None
    with pytest.raises(NotSignedIn):
        actor_of_token(setting.room, secret, "http")
    assert setting.room.last_known.secrets() == ()


def test_a_disk_that_is_full_takes_a_tokens_last_use_and_no_right(setting: Setting) -> None:
    secret = token(setting)
    setting.clock.forward(minutes=2)
    setting.control.fail_with = GONE
    assert actor_of_token(setting.room, secret, "http").last_known_at is None


def test_the_memory_is_bounded_and_keeps_who_came_last() -> None:
    memory = LastKnownActors(most=2)
    for name in ("one", "two", "one", "three"):
        memory.keep(name, LastKnown(Actor(name, Role.OPERATOR, "token"), NOW))
    assert memory.secrets() == ("one", "three")
    memory.renew("two", LastKnown(ADMIN, NOW))
    assert memory.secrets() == ("one", "three"), "who is gone does not come back unasked"
