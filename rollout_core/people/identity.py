"""Who an identity provider says somebody is, and whether they may in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rollout_core.errors import NotSignedIn
from rollout_core.people.name import shown
from rollout_core.people.person import Account, Person, spelled_alike
from rollout_core.people.role import RANK, Role

FROM_PROVIDER = "oidc"
"""`Person.source` of somebody whose role follows the provider's groups."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the provider vouches for. `groups` are the values of the claim that roles are read from."""

    account: Account
    email: str
    verified: bool
    groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The sign-in name: mail addresses differ in case only by accident."""
        return shown(self.email).lower()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to let in: `domains` (empty: any), and which group gives which role (empty: only people known here)."""

    domains: tuple[str, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)


def person_of(identity: Identity, people: Iterable[Person]) -> Person | None:
    """Whom this identity signs in: whoever its account signed in before, whatever their address is by now; else the
    person of the address; None for somebody new."""
    known = tuple(people)
    linked = next((person for person in known if person.account == identity.account), None)
    return linked or spelled_alike(known, identity.name)


def admitted_role(identity: Identity, trust: Trust, known: Person | None) -> Role:
    """The role somebody signs in with; `known` is `person_of` the identity. Raises NotSignedIn saying why they may not.

    Whoever was added here keeps the role given here; everybody else needs a group that has a role. An address vouches
    for a person once: from then on the account does, and another account with the same address is refused.
    """
    name = identity.name
    if "@" not in name or not identity.verified:
        raise NotSignedIn(f"The identity provider has not verified the e-mail address {name or '(none)'}.",
                          mend="Verify it there, then sign in again.")
    if trust.domains and name.rpartition("@")[2] not in {domain.lower() for domain in trust.domains}:
        raise NotSignedIn(f"{name} is of a domain that may not sign in here.", mend="Use your work account.")
    if known is not None and not known.active:
        raise NotSignedIn(f"{name} may not sign in here any more.", mend="Ask an admin.")
    if known is not None and _of_another(known.account, identity.account):
        raise NotSignedIn(f"{name} was another account of the identity provider so far.",
                          mend="Ask an admin to unlink it under Settings, People, if the account was made anew.")
    if known is not None and known.source != FROM_PROVIDER:
        return known.role
    given = [role for group, role in trust.roles.items() if group in identity.groups]
    if not given:
        raise NotSignedIn(f"{name} is not known here.", mend="Ask an admin to add you under Settings, People.")
    return max(given, key=RANK.__getitem__)


def _of_another(known: Account | None, comes: Account) -> bool:
    """Another account of the same provider. One of a provider that was replaced says nothing."""
    return known is not None and known.issuer == comes.issuer and known.subject != comes.subject
