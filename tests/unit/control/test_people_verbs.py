"""People and tokens: secrets are shown once and stored as digests; whoever loses a right loses it at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from rollout_core.control.sign_in import offer_link, sign_in_by_link, sign_in_by_password, sign_out
from rollout_core.control.who import actor_of_session, actor_of_token
from rollout_core.errors import InvalidRequest, NotFound, NotPermitted, NotSignedIn, PersonNotFound
from rollout_core.people.role import Role
from rollout_core.people.secret import secret_hash
from tests.fakes.control_setting import ADMIN, OPERATOR, Setting, timedelta

SENTENCE = "correct horse battery staple"


def test_a_tokens_secret_is_answered_once_and_only_its_digest_is_stored(setting: Setting) -> None:
    made = setting.act("create_token", name="ci", role=Role.OPERATOR, days=30).result
    assert made["secret"].startswith("rollout_")
    assert len(made["secret"]) == len("rollout_") + 64
    with setting.control.read() as unit:
        token = unit.tokens.get(secret_hash(made["secret"]))
    assert (token.name, token.role, token.expires_at) == ("ci", Role.OPERATOR, setting.clock.at + timedelta(days=30))
    assert all(made["secret"].encode() not in record.body for record in setting.trail())


def test_a_token_acts_with_its_role_until_it_is_revoked_or_ends(setting: Setting) -> None:
    made = setting.act("create_token", name="ci", role=Role.OPERATOR, days=30).result
    assert actor_of_token(setting.room, made["secret"], "http").role is Role.OPERATOR
    setting.clock.forward(days=30)
    with pytest.raises(NotSignedIn):
        actor_of_token(setting.room, made["secret"], "http")
    fresh = setting.act("create_token", name="ci 2").result
    assert setting.act("revoke_token", id=fresh["id"], reason="leaked").result["revoked"] is True
    with pytest.raises(NotSignedIn):
        actor_of_token(setting.room, fresh["secret"], "http")
    assert setting.act("revoke_token", id="ci 2").result["revoked"] is False


def test_nobody_who_signs_in_is_a_sender(setting: Setting) -> None:
    with pytest.raises(InvalidRequest, match="sender"):
        setting.act("set_person", name="ann@example.org", role=Role.SENDER)
    setting.act("set_person", name="ann@example.org", role=Role.VIEWER)
    with pytest.raises(InvalidRequest, match="sender"):
        setting.act("set_person", name="ann@example.org", role=Role.SENDER)
    with setting.control.read() as unit:
        assert unit.people.get("ann@example.org").role is Role.VIEWER


def test_only_admins_make_and_revoke_tokens(setting: Setting) -> None:
    for verb, fields in (("create_token", {"name": "ci"}), ("revoke_token", {"id": "x"})):
        with pytest.raises(NotPermitted):
            setting.act(verb, OPERATOR, **fields)
    with pytest.raises(NotFound):
        setting.act("revoke_token", id="nobody")


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "x", "days": 0}, {"name": "x", "days": 5_000}])
def test_a_token_has_a_name_and_an_end_that_makes_sense(setting: Setting, fields: dict) -> None:
    with pytest.raises(InvalidRequest):
        setting.act("create_token", **fields)


def test_the_last_admin_stays_one_until_there_is_another(setting: Setting) -> None:
    setting.act("set_person", name="ada", role=Role.ADMIN)
    for loss in ({"role": Role.OPERATOR}, {"active": False}):
        with pytest.raises(InvalidRequest, match="last admin"):
            setting.act("set_person", name="ada", **loss)
    setting.act("set_person", name="ben", role=Role.ADMIN)
    assert setting.act("set_person", name="ada", role=Role.OPERATOR).result["role"] == "operator"


def test_two_valid_tokens_never_share_a_name(setting: Setting) -> None:
    setting.act("create_token", name="ci")
    with pytest.raises(InvalidRequest):
        setting.act("create_token", name="ci")


def test_a_password_is_stored_as_argon2id_and_signs_in(setting: Setting) -> None:
    setting.act("set_person", name="bea", role=Role.OPERATOR, password=SENTENCE)
    with setting.control.read() as unit:
        stored = unit.people.get("bea").password_hash
    assert stored.startswith("$argon2id$")
    assert PasswordHasher().verify(stored, SENTENCE)
    assert sign_in_by_password(setting.room, "bea", SENTENCE).session.role is Role.OPERATOR
    for name, password in (("bea", "wrong"), ("nobody", SENTENCE)):
        with pytest.raises(NotSignedIn):
            sign_in_by_password(setting.room, name, password)
    assert all(SENTENCE.encode() not in record.body for record in setting.trail())


def test_a_demoted_person_is_signed_out_everywhere_at_once(setting: Setting) -> None:
    setting.act("set_person", name="another", role=Role.ADMIN)
    setting.act("set_person", name="bea", role=Role.ADMIN, password=SENTENCE)
    session = sign_in_by_password(setting.room, "bea", SENTENCE).session
    setting.act("set_person", name="bea", role=Role.VIEWER)
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, session.id, "page")


def test_a_promoted_person_stays_signed_in_with_the_new_role(setting: Setting) -> None:
    setting.act("set_person", name="bea", role=Role.VIEWER, password=SENTENCE)
    session = sign_in_by_password(setting.room, "bea", SENTENCE).session
    setting.act("set_person", name="bea", role=Role.ADMIN)
    assert actor_of_session(setting.room, session.id, "page").role is Role.ADMIN


@pytest.mark.parametrize("fields", [{"active": False}, {"password": SENTENCE + "!"}])
def test_taken_off_the_list_or_given_a_new_password_old_sessions_end(setting: Setting, fields: dict) -> None:
    setting.act("set_person", name="another", role=Role.ADMIN)
    setting.act("set_person", name="bea", role=Role.ADMIN, password=SENTENCE)
    session = sign_in_by_password(setting.room, "bea", SENTENCE).session
    setting.act("set_person", name="bea", **fields)
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, session.id, "page")


@pytest.mark.parametrize("fields", [{"name": " ", "role": Role.VIEWER}, {"name": "new"},
                                    {"name": "bea", "role": Role.VIEWER, "password": "short"}])
def test_a_person_needs_a_name_a_role_and_a_password_of_some_length(setting: Setting, fields: dict) -> None:
    with pytest.raises(InvalidRequest):
        setting.act("set_person", **fields)


def test_a_one_time_link_signs_in_once_and_signing_out_ends_it(setting: Setting) -> None:
    secret = offer_link(setting.room, ADMIN, timedelta(minutes=15))
    signed_in = sign_in_by_link(setting.room, secret)
    assert actor_of_session(setting.room, signed_in.session.id, "page").role is Role.ADMIN
    with pytest.raises(NotSignedIn):
        sign_in_by_link(setting.room, secret)
    assert sign_out(setting.room, signed_in.session.id) is True
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, signed_in.session.id, "page")
    assert [verb for verb, _ in setting.verbs()] == ["offer_link", "sign_in", "sign_in", "sign_out"]


def test_wrong_links_need_not_be_noted(setting: Setting) -> None:
    for note in (True, False):
        with pytest.raises(NotSignedIn):
            sign_in_by_link(setting.room, "guessed", note=note)
    assert [verb for verb, _ in setting.verbs()] == ["sign_in"]


def test_a_link_for_somebody_unknown_makes_nobody(setting: Setting) -> None:
    with pytest.raises(PersonNotFound):
        offer_link(setting.room, ADMIN, timedelta(minutes=15), "addmin")


def test_a_link_ends_by_itself(setting: Setting) -> None:
    secret = offer_link(setting.room, ADMIN, timedelta(minutes=15))
    setting.clock.forward(minutes=15)
    with pytest.raises(NotSignedIn):
        sign_in_by_link(setting.room, secret)


def test_the_password_is_no_part_of_what_a_request_shows() -> None:
    from rollout_core.control.set_person import SetPerson

    assert SENTENCE not in repr(replace(SetPerson("bea"), password=SENTENCE))
