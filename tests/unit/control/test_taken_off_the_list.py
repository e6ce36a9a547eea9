"""Whoever was taken off the list stays off, by whichever door they come, and is told so; so is whoever lets them in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.control.sign_in import LOCAL_ADMIN, offer_link, sign_in_by_link
from rollout_core.control.sign_in_by_identity import sign_in_by_identity
from rollout_core.errors import InvalidRequest, NotSignedIn
from rollout_core.people.identity import Identity, Trust
from rollout_core.people.person import Account
from rollout_core.people.role import Role
from tests.fakes.control_setting import ADMIN, Setting

STAFF = Trust(roles={"staff": Role.OPERATOR})
ANA = Identity(Account("https://id.example", "1001"), "ana@example.com", True, ("staff",))
HALF_AN_HOUR = timedelta(minutes=30)


def test_a_group_of_the_provider_lets_nobody_in_who_was_taken_off_under_another_spelling(setting: Setting) -> None:
    setting.act("set_person", name="Ana@Example.com", role=Role.VIEWER)
    setting.act("set_person", name="Ana@Example.com", active=False)
    with pytest.raises(NotSignedIn, match="any more"):
        sign_in_by_identity(setting.room, ANA, STAFF)


def test_a_role_given_here_counts_however_the_address_was_spelled(setting: Setting) -> None:
    setting.act("set_person", name="Ana@Example.com", role=Role.VIEWER)
    session = sign_in_by_identity(setting.room, ANA, STAFF).session
    assert (session.person, session.role) == ("Ana@Example.com", Role.VIEWER)


def test_a_link_for_somebody_taken_off_is_refused_with_the_way_to_let_them_in_again(setting: Setting) -> None:
    offer_link(setting.room, ADMIN, HALF_AN_HOUR)
    setting.act("set_person", name="another", role=Role.ADMIN)
    setting.act("set_person", name=LOCAL_ADMIN, active=False)
    with pytest.raises(InvalidRequest) as refused:
        offer_link(setting.room, ADMIN, HALF_AN_HOUR)
    assert "set_person name=local-admin active=true" in (refused.value.mend or "")
    setting.act("set_person", name=LOCAL_ADMIN, active=True)
    assert sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, HALF_AN_HOUR)).session.person == LOCAL_ADMIN


def test_a_good_link_of_somebody_taken_off_since_says_so_and_not_that_it_is_too_old(setting: Setting) -> None:
    link = offer_link(setting.room, ADMIN, HALF_AN_HOUR)
    setting.act("set_person", name="another", role=Role.ADMIN)
    setting.act("set_person", name=LOCAL_ADMIN, active=False)
    with pytest.raises(NotSignedIn, match="local-admin may not sign in here any more"):
        sign_in_by_link(setting.room, link)
