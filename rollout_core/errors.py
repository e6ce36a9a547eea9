"""Every error the core raises. An error carries facts as attributes, says what happened and how to mend it.

Faces translate once: `rollout_core.http.problems` maps a class to an HTTP status, `rollout_core.cli.exit_codes` to an
exit code. The class name is the stable identifier (`FlagNotFound` -> problem type `flag-not-found`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class RolloutError(Exception):
    """Something the caller can act on: `message` says what happened, `mend` what to do, `facts` what was seen."""

    def __init__(self, message: str, *, mend: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class NotFound(RolloutError):
    """A named thing does not exist."""


class RolloutNotFound(NotFound):
    """No rollout has this key."""


class FlagNotFound(NotFound):
    """No flag has this key."""


class PlanNotFound(NotFound):
    """No plan has this key, or not in this version."""


class PersonNotFound(NotFound):
    """Nobody of this name may sign in."""


class Invalid(RolloutError):
    """The input is not acceptable; `problems` names every mistake at once."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, mend: str = "", **facts: Any) -> None:
        super().__init__(message, mend=mend, **facts)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(str(problem) for problem in self.problems)])


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong, what would be right."""

    where: str
    what: str
    allowed: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}{self.where}: {self.what}" + (f" (allowed: {self.allowed})" if self.allowed else "")


class InvalidPlan(Invalid):
    """A plan document has mistakes."""


class InvalidDocument(Invalid):
    """A YAML or JSON document other than a plan has mistakes."""


class InvalidRequest(Invalid):
    """A verb or question was called with unusable values."""


class InvalidPercentage(InvalidRequest):
    """A percentage is not a number from 0 to 100."""


class Refused(RolloutError):
    """The request is understood and well formed, and the answer is no. Nothing was changed."""


class NotSignedIn(Refused):
    """Nobody is authenticated."""


class NotPermitted(Refused):
    """The actor's role does not allow this."""


class TransitionRefused(Refused):
    """The rollout's status does not allow this verb."""


class StaleRollout(Refused):
    """The rollout changed after the caller looked at it."""


class RevisionMissing(Refused):
    """A verb that raises exposure must name the revision it was decided on."""


class ReasonMissing(Refused):
    """This change needs a written reason."""


class GateClosed(Refused):
    """A criterion, a minimum duration or the checklist is not met; an admin may go on with a written reason."""


class ExposureWouldRise(Refused):
    """A verb that must only lower exposure would raise somebody's."""


class StoreError(RolloutError):
    """A store cannot do its work."""


class StoreLocked(StoreError):
    """Another process holds the event store."""


class StoreTooNew(StoreError):
    """The store was written by a newer version."""


class StoreCorrupt(StoreError):
    """The store's file cannot be read."""


class DiskFull(StoreError):
    """There is not enough free disk to accept events."""


class StoreUnavailable(StoreError):
    """The event store is closed or being reopened; evaluation and control go on."""


class Uncountable(StoreError):
    """Stored events cannot be counted: a sum is beyond what the store's numbers hold, or needs too much memory."""


class QueueFull(StoreError):
    """The ingest queue is full; `facts['retry_after_seconds']` says when to come again (an integer)."""


class ClockMovedBack(StoreError):
    """The machine's clock is behind what is already recorded."""


class QueryRefused(Refused):
    """A user's SQL is not a single read over the allowed views, or took too long."""


class QueryStopped(QueryRefused):
    """A user's SQL ran and was ended: it took too long or too much, or was called off."""


class AppUnreachable(RolloutError):
    """The running app did not answer in time."""
