"""One person however their name is spelled, no name that is somebody else's, and no link that outlives a right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout_core.control.person_named import person_named
from rollout_core.control.sign_in import LOCAL_ADMIN, offer_link, sign_in_by_link, sign_in_by_password
from rollout_core.control.sign_in_by_identity import sign_in_by_identity
from rollout_core.control.start_link import start_link
from rollout_core.control.who import actor_of_session
from rollout_core.errors import InvalidRequest, NotSignedIn
from rollout_core.people.identity import Identity, Trust
from rollout_core.people.person import Account, Person
from rollout_core.people.role import Role
from tests.fakes.control_setting import ADMIN, Setting

SENTENCE = "correct horse battery staple"
SHORT = timedelta(minutes=30)
STAFF = Trust(roles={"staff": Role.OPERATOR})
ISSUER = "https://id.example"


def comes(subject: str, email: str, *groups: str, verified: bool = True) -> Identity:
    return Identity(Account(ISSUER, subject), email, verified, groups)


def people(setting: Setting) -> list[str]:
    with setting.control.read() as unit:
        return [each.name for each in unit.people.all()]


def test_an_address_in_another_spelling_changes_the_person_who_is_there(setting: Setting) -> None:
    setting.act("set_person", name="Ana@Example.com", role=Role.VIEWER)
    change = setting.act("set_person", name=" ana@EXAMPLE.com", role=Role.OPERATOR)
    assert (people(setting), change.result["person"]) == (["Ana@Example.com"], "Ana@Example.com")


def test_every_way_in_takes_the_name_in_any_spelling(setting: Setting) -> None:
    setting.act("set_person", name="Ana@Example.com", role=Role.VIEWER, password=SENTENCE)
    assert sign_in_by_password(setting.room, "ana@example.com", SENTENCE).session.person == "Ana@Example.com"
    link = offer_link(setting.room, ADMIN, SHORT, "ANA@example.com ")
    assert sign_in_by_link(setting.room, link).session.person == "Ana@Example.com"
    assert setting.act("end_sessions", person="ana@example.com").result["sessions_ended"] == 2


def test_the_exact_name_counts_first_where_an_older_store_has_two_spellings(setting: Setting) -> None:
    with setting.control.write() as unit:
        unit.people.save(Person("Ana@Example.com", Role.VIEWER, setting.clock.at, active=False))
        unit.people.save(Person("ana@example.com", Role.ADMIN, setting.clock.at))
        assert person_named(unit, "ana@example.com").role is Role.ADMIN
        assert person_named(unit, "ANA@example.com").active is False


@pytest.mark.parametrize("verb", ["set_person", "create_token"])
@pytest.mark.parametrize("name", ["Owner", "auto-pilot", "\u200bstart"])
def test_nobody_acts_in_the_name_of_a_part_of_the_app(setting: Setting, verb: str, name: str) -> None:
    with pytest.raises(InvalidRequest, match="audit trail"):
        setting.act(verb, name=name, role=Role.VIEWER)


def test_a_token_and_a_person_never_share_a_name(setting: Setting) -> None:
    setting.act("set_person", name="ana", role=Role.VIEWER)
    with pytest.raises(InvalidRequest, match="a person named"):
        setting.act("create_token", name="Ana")
    token = setting.act("create_token", name="Nightly job").result
    with pytest.raises(InvalidRequest, match="A token is named"):
        setting.act("set_person", name="nightly JOB", role=Role.ADMIN)
    setting.act("revoke_token", id=token["id"])
    setting.act("set_person", name="nightly JOB", role=Role.ADMIN)


@pytest.mark.parametrize(("verb", "fields"), [
    ("set_person", {"name": "ana", "password": SENTENCE}), ("set_person", {"name": "ana", "role": Role.VIEWER}),
    ("set_person", {"name": "ana", "unlink": True}), ("end_sessions", {"person": "ana"})])
def test_a_link_ends_with_every_right_that_ends(setting: Setting, verb: str, fields: dict) -> None:
    setting.act("set_person", name="ana", role=Role.OPERATOR)
    link = offer_link(setting.room, ADMIN, SHORT, "ana")
    setting.act(verb, **fields)
    with pytest.raises(NotSignedIn, match="used already or is too old"):
        sign_in_by_link(setting.room, link)


def test_a_link_of_somebody_taken_off_is_not_good_again_when_they_come_back(setting: Setting) -> None:
    setting.act("set_person", name="ana", role=Role.OPERATOR)
    link = offer_link(setting.room, ADMIN, SHORT, "ana")
    setting.act("set_person", name="ana", active=False)
    setting.act("set_person", name="ana", active=True)
    with pytest.raises(NotSignedIn):
        sign_in_by_link(setting.room, link)


def test_a_promotion_leaves_the_link_and_others_keep_theirs(setting: Setting) -> None:
    for name in ("ana", "bob"):
        setting.act("set_person", name=name, role=Role.VIEWER)
    anas, bobs = (offer_link(setting.room, ADMIN, SHORT, name) for name in ("ana", "bob"))
    setting.act("set_person", name="ana", role=Role.ADMIN)
    setting.act("end_sessions", person="zoe")
    assert sign_in_by_link(setting.room, anas).session.role is Role.ADMIN
    assert sign_in_by_link(setting.room, bobs).session.person == "bob"


def test_the_link_of_a_start_ends_too(setting: Setting) -> None:
    link = start_link(setting.room, SHORT)
    setting.act("set_person", name=LOCAL_ADMIN, password=SENTENCE)
    with pytest.raises(NotSignedIn):
        sign_in_by_link(setting.room, link)


def test_the_first_sign_in_remembers_the_account_and_later_ones_go_by_it(setting: Setting) -> None:
    setting.act("set_person", name="ana@example.com", role=Role.ADMIN)
    first = sign_in_by_identity(setting.room, comes("1", "ana@example.com"), STAFF).session
    assert setting.trail()[1].entry.after["linked"] == ISSUER
    renamed = sign_in_by_identity(setting.room, comes("1", "ana.ruiz@example.com"), STAFF).session
    assert (first.person, renamed.person, renamed.role) == ("ana@example.com", "ana@example.com", Role.ADMIN)
    assert people(setting) == ["ana@example.com"]


def test_a_changed_address_does_not_take_over_whoever_has_it_here(setting: Setting) -> None:
    setting.act("set_person", name="boss@example.com", role=Role.ADMIN)
    sign_in_by_identity(setting.room, comes("7", "eve@example.com", "staff"), STAFF)
    session = sign_in_by_identity(setting.room, comes("7", "boss@example.com", "staff"), STAFF).session
    assert (session.person, session.role) == ("eve@example.com", Role.OPERATOR)


def test_an_address_given_to_somebody_else_at_the_provider_does_not_sign_the_first_one_in_or_out(
        setting: Setting) -> None:
    first = sign_in_by_identity(setting.room, comes("1", "ana@example.com", "staff"), STAFF).session
    with pytest.raises(NotSignedIn, match="another account"):
        sign_in_by_identity(setting.room, comes("2", "ana@example.com"), STAFF)
    assert actor_of_session(setting.room, first.id, "page").role is Role.OPERATOR


def test_an_admin_unlinks_an_account_and_the_next_one_with_the_address_is_remembered(setting: Setting) -> None:
    first = sign_in_by_identity(setting.room, comes("1", "ana@example.com", "staff"), STAFF).session
    setting.act("set_person", name="ana@example.com", unlink=True)
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, first.id, "page")
    sign_in_by_identity(setting.room, comes("2", "ana@example.com", "staff"), STAFF)
    with pytest.raises(NotSignedIn, match="another account"):
        sign_in_by_identity(setting.room, comes("1", "ana@example.com", "staff"), STAFF)


def test_whoever_loses_their_groups_is_signed_out_whatever_their_address_is(setting: Setting) -> None:
    session = sign_in_by_identity(setting.room, comes("1", "ana@example.com", "staff"), STAFF).session
    with pytest.raises(NotSignedIn):
        sign_in_by_identity(setting.room, comes("1", "ana.ruiz@example.com"), STAFF)
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, session.id, "page")


def test_an_unverified_address_signs_nobody_out(setting: Setting) -> None:
    setting.act("set_person", name="ana@example.com", role=Role.OPERATOR)
    with setting.control.write() as unit:
        unit.people.save(replace(unit.people.get("ana@example.com"), source="oidc"))
    session = sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, SHORT, "ana@example.com")).session
    with pytest.raises(NotSignedIn):
        sign_in_by_identity(setting.room, comes("9", "ana@example.com", verified=False), STAFF)
    assert actor_of_session(setting.room, session.id, "page").principal == "ana@example.com"
