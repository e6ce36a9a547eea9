"""Whom an identity provider may send, decided without any provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rollout_core.errors import InvalidRequest, NotSignedIn
from rollout_core.http.oidc import identity_of
from rollout_core.people.identity import FROM_PROVIDER, Identity, Trust, admitted_role
from rollout_core.people.person import Person
from rollout_core.people.role import Role
from rollout_core.settings import read_settings

ANN = Person("ann@example.org", Role.VIEWER, datetime(2026, 1, 1, tzinfo=UTC))
COMES = Identity("Ann@Example.org", verified=True, groups=("leads",))
TRUST = Trust(("example.org",), {"leads": Role.ADMIN, "staff": Role.VIEWER})


def test_a_role_given_here_is_not_raised_by_a_group() -> None:
    assert admitted_role(COMES, TRUST, ANN) is Role.VIEWER


def test_a_role_from_the_provider_follows_the_group() -> None:
    assert admitted_role(COMES, TRUST, replace(ANN, source=FROM_PROVIDER)) is Role.ADMIN
    assert admitted_role(COMES, TRUST, None) is Role.ADMIN


@pytest.mark.parametrize(("identity", "trust", "known"), [
    (replace(COMES, verified=False), TRUST, ANN),
    (replace(COMES, email=""), TRUST, None),
    (replace(COMES, email="local-admin"), TRUST, None),
    (replace(COMES, email="ann@sub.example.org"), TRUST, None),
    (replace(COMES, groups=("Leads",)), TRUST, None),
    (COMES, Trust(("example.org",)), None),
    (COMES, TRUST, replace(ANN, active=False)),
])
def test_everybody_else_stays_out(identity: Identity, trust: Trust, known: Person | None) -> None:
    with pytest.raises(NotSignedIn):
        admitted_role(identity, trust, known)


def test_only_a_plain_true_means_verified_and_only_text_is_a_group() -> None:
    assert not identity_of({"email": "a@b", "email_verified": "false"}, "groups").verified
    assert not identity_of({"email": "a@b"}, "groups").verified
    assert identity_of({"email": ["a@b"], "email_verified": True}, "groups").email == ""
    assert identity_of({"email": "a@b", "groups": ["x", 1, None]}, "groups").groups == ("x",)
    assert identity_of({"email": "a@b", "role": "x"}, "role").groups == ("x",)


def test_half_a_provider_stops_the_start_and_names_what_is_missing() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_settings({"ROLLOUT_OIDC_ISSUER": "https://id.example.org", "ROLLOUT_OIDC_ROLES": "leads=boss"})
    assert {each.where for each in refused.value.problems} == {
        "ROLLOUT_OIDC_CLIENT_ID", "ROLLOUT_OIDC_SECRET_FILE", "ROLLOUT_OIDC_ROLES"}
