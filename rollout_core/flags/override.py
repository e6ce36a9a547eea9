"""Overrides: a person or the environment decides for a subject or a flag, whatever the percentage says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Override:
    """On or off for one subject (`subject`), for one flag or all flags of the rollout (`flag` None)."""

    rollout: str
    subject: str
    value: bool
    flag: str | None
    by: str
    reason: str
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentOverride:
    """A flag forced by an environment variable, for everybody; `variable` names it for the banner and the audit."""

    flag: str
    value: bool
    variable: str
