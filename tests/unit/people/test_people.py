"""Roles, sessions, tokens and secrets by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from rollout_core.errors import NotPermitted
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role, may
from rollout_core.people.secret import secret_hash
from rollout_core.people.session import Session
from rollout_core.people.token import Token

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

ALLOWED = {(Role.VIEWER, Role.VIEWER), (Role.OPERATOR, Role.VIEWER), (Role.OPERATOR, Role.OPERATOR),
           (Role.ADMIN, Role.VIEWER), (Role.ADMIN, Role.OPERATOR), (Role.ADMIN, Role.ADMIN),
           (Role.SENDER, Role.SENDER), (Role.OPERATOR, Role.SENDER), (Role.ADMIN, Role.SENDER)}


@pytest.mark.parametrize("has", Role)
@pytest.mark.parametrize("needs", Role)
def test_every_pair_of_roles(has: Role, needs: Role) -> None:
    assert may(has, needs) is ((has, needs) in ALLOWED)
    actor = Actor("x", has, "session")
    if (has, needs) in ALLOWED:
        require(actor, needs)
    else:
        with pytest.raises(NotPermitted) as caught:
            require(actor, needs, "stop a rollout")
        assert caught.value.facts == {"principal": "x", "role": has, "needed": needs, "act": "stop a rollout"}


def test_a_secret_is_kept_as_its_sha256() -> None:
    assert secret_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert secret_hash("ü✓") == sha256("ü✓".encode()).hexdigest()


@pytest.mark.parametrize(("after", "revoked", "valid"), [
    (timedelta(0), False, True), (HOUR - timedelta(microseconds=1), False, True), (HOUR, False, False),
    (timedelta(0), True, False)])
def test_a_session_and_a_token_are_valid_until_their_end(after: timedelta, revoked: bool, valid: bool) -> None:
    ended = NOW if revoked else None
    session = Session("s", "h", "ann", Role.ADMIN, NOW, NOW + HOUR, revoked_at=ended)
    token = Token("t", "ci", "h", Role.ADMIN, NOW, "ann", NOW + HOUR, revoked_at=ended)
    assert session.valid_at(NOW + after) is valid
    assert token.valid_at(NOW + after) is valid


def test_a_token_without_an_end_does_not_end() -> None:
    assert Token("t", "ci", "h", Role.ADMIN, NOW, "ann").valid_at(NOW + timedelta(days=10_000))
