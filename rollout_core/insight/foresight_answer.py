"""What is known before the button: can the next phase be judged, when is the present one decided, at what risk?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForesightRequest:
    """`phase` None: the next one."""

    rollout: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Detects:
    """Whether the phase can find that `metric` rises from `base` to `risen` (shares), 8 times in 10.

    `hours` at this traffic (None: never, or the traffic is not known). `eligible_needed`: eligible subjects this would
    take if the phase's share were drawn from all of them alike. `possible` within the phase's length; None: not known.
    """

    key: str
    name: str
    metric: str
    base: float
    risen: float
    hours: float | None
    eligible_needed: int
    possible: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Decides:
    """When a criterion of the present phase is decided, and the chance that it is proven by the phase's end."""

    key: str
    name: str
    hours_50: float | None
    hours_90: float | None
    by_the_end: float | None
    words: str


@dataclass(frozen=True, slots=True)
class ForesightAnswer:
    """`compared` of the `eligible` subjects are in or out by chance; `an_hour` eligible subjects come. `judged` False:
    no number can judge the phase, its checklist and signatures must. `all_met`: chance that every criterion is proven
    by the present phase's end, taken as independent. `extra_harm`: expected extra bad outcomes of the next phase, for
    advice only.
    """

    rollout: str
    phase: str | None
    phase_name: str
    percentage: float
    eligible: int | None
    compared: int | None
    an_hour: float | None
    hours: float | None
    judged: bool | None
    detects: tuple[Detects, ...]
    decides: tuple[Decides, ...]
    all_met: float | None
    extra_harm: float | None
    words: tuple[str, ...]
