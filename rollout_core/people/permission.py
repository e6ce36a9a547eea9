"""May this actor do this? Asked inside every verb and question, whatever the face has checked before."""

from __future__ import annotations

from rollout_core.errors import NotPermitted
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role, may


def require(actor: Actor, needed: Role, act: str = "do this", *, remembered: bool = False) -> None:
    """Returns when the actor's role includes `needed`. Raises NotPermitted naming both roles otherwise.

    Somebody whom only memory knows (`Actor.last_known_at`) may nothing but what says `remembered`: the way down.
    """
    if actor.last_known_at is not None and not remembered:
        raise NotPermitted(
            f"The control store cannot tell who asks. {actor.principal} is remembered as {actor.role}: enough to pause "
            f"or stop, not to {act}.", mend="Mend the store first.", principal=actor.principal, act=act)
    if not may(actor.role, needed):
        raise NotPermitted(
            f"{actor.principal} is signed in as {actor.role} and may not {act}.",
            mend=f"Ask somebody with the role {needed}.", principal=actor.principal, role=str(actor.role),
            needed=str(needed), act=act)
