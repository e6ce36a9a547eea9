"""Who an identity provider says somebody is, and whether they may in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout_core.errors import NotSignedIn
from rollout_core.people.person import Person
from rollout_core.people.role import RANK, Role

FROM_PROVIDER = "oidc"
"""`Person.source` of somebody whose role follows the provider's groups."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the provider vouches for. `groups` are the values of the claim that roles are read from."""

    email: str
    verified: bool
    groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The sign-in name: mail addresses differ in case only by accident."""
        return self.email.strip().lower()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to let in: `domains` (empty: any), and which group gives which role (empty: only people known here)."""

    domains: tuple[str, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)


def admitted_role(identity: Identity, trust: Trust, known: Person | None) -> Role:
    """The role somebody signs in with. Raises NotSignedIn saying why they may not.

    Whoever was added here keeps the role given here; everybody else needs a group that has a role.
    """
    name = identity.name
    if "@" not in name or not identity.verified:
        raise NotSignedIn(f"The identity provider has not verified the e-mail address {name or '(none)'}.",
                          mend="Verify it there, then sign in again.")
    if trust.domains and name.rpartition("@")[2] not in {domain.lower() for domain in trust.domains}:
        raise NotSignedIn(f"{name} is of a domain that may not sign in here.", mend="Use your work account.")
    if known is not None and not known.active:
        raise NotSignedIn(f"{name} may not sign in here any more.", mend="Ask an admin.")
    if known is not None and known.source != FROM_PROVIDER:
        return known.role
    given = [role for group, role in trust.roles.items() if group in identity.groups]
    if not given:
        raise NotSignedIn(f"{name} is not known here.", mend="Ask an admin to add you under Settings, People.")
    return max(given, key=RANK.__getitem__)
