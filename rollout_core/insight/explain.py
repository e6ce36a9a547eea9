"""Why a subject sees or does not see a feature: the whole chain in words (the seeds' "Users Not Seeing Features")."""

from __future__ import annotations

from dataclasses import dataclass

from rollout_core.flags.decision import Decision
from rollout_core.flags.targeting import AttributeValue


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """`flag` None: every flag of the rollout. `attributes` come from the caller's context (the register wins)."""

    subject: str = ""
    rollout: str | None = None
    flag: str | None = None
    attributes: dict[str, str | int | float | bool | tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class ExplainStep:
    """One link of the chain, in the order it was asked. `decided`: this one gave the answer."""

    question: str
    answer: str
    decided: bool


@dataclass(frozen=True, slots=True)
class FlagExplanation:
    """One flag's answer and the chain to it."""

    flag: str
    name: str
    decision: Decision
    openfeature_reason: str
    steps: tuple[ExplainStep, ...]


@dataclass(frozen=True, slots=True)
class ExplainAnswer:
    """`known` False: the register does not hold the subject. `advice` is the seeds' troubleshooting list."""

    rollout: str
    unit: str
    subject: str
    known: bool
    attributes: tuple[tuple[str, AttributeValue], ...]
    flags: tuple[FlagExplanation, ...]
    words: str
    advice: tuple[str, ...]
