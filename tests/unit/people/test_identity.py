"""Whom an identity provider may send, decided without any provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rollout_core.errors import InvalidRequest, NotSignedIn
from rollout_core.http.oidc import identity_of
from rollout_core.people.identity import FROM_PROVIDER, Identity, Trust, admitted_role, person_of
from rollout_core.people.person import Account, Person
from rollout_core.people.role import Role
from rollout_core.settings import read_settings

ANN = Person("ann@example.org", Role.VIEWER, datetime(2026, 1, 1, tzinfo=UTC))
ISSUER = "https://id.example.org"
COMES = Identity(Account(ISSUER, "1001"), "Ann@Example.org", verified=True, groups=("leads",))
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
    (COMES, TRUST, replace(ANN, account=Account(ISSUER, "1002"))),
])
def test_everybody_else_stays_out(identity: Identity, trust: Trust, known: Person | None) -> None:
    with pytest.raises(NotSignedIn):
        admitted_role(identity, trust, known)


def test_an_account_signs_the_same_person_in_whatever_the_address_is_by_now() -> None:
    married, bob = replace(ANN, account=COMES.account), replace(ANN, name="bob@example.org")
    moved = replace(COMES, email="bob@example.org")
    assert person_of(moved, (bob, married)) is married
    assert admitted_role(moved, TRUST, married) is Role.VIEWER


def test_an_address_finds_somebody_in_any_spelling_until_an_account_is_known() -> None:
    assert person_of(COMES, (ANN,)) is ANN
    assert person_of(replace(COMES, email="eve@example.org"), (ANN,)) is None


def test_an_account_of_a_provider_that_was_replaced_says_nothing() -> None:
    before = replace(ANN, account=Account("https://old.example.org", "7"))
    assert admitted_role(COMES, TRUST, before) is Role.VIEWER


def test_only_a_plain_true_means_verified_and_only_text_is_a_group() -> None:
    def told(claim: str = "groups", **claims: object) -> Identity:
        return identity_of({"sub": "1001", "email": "a@b", **claims}, ISSUER, claim)

    assert not told(email_verified="false").verified
    assert not told().verified
    assert told(email=["a@b"], email_verified=True).email == ""
    assert told(groups=["x", 1, None]).groups == ("x",)
    assert told("role", role="x").groups == ("x",)
    assert told().account == Account(ISSUER, "1001")


@pytest.mark.parametrize("subject", [None, "", 1001, ["1001"]])
def test_an_answer_without_a_subject_is_of_no_use(subject: object) -> None:
    with pytest.raises(ValueError, match="names no subject"):
        identity_of({"sub": subject, "email": "a@b", "email_verified": True}, ISSUER, "groups")


@pytest.mark.parametrize("nonsense", ["boss", "sender"])
def test_half_a_provider_stops_the_start_and_names_what_is_missing(nonsense: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_settings({"ROLLOUT_OIDC_ISSUER": "https://id.example.org", "ROLLOUT_OIDC_ROLES": f"leads={nonsense}"})
    assert {each.where for each in refused.value.problems} == {
        "ROLLOUT_OIDC_CLIENT_ID", "ROLLOUT_OIDC_SECRET_FILE", "ROLLOUT_OIDC_ROLES"}
