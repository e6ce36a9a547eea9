"""Why a subject sees or does not see a feature: the whole chain in words (the seeds' "Users Not Seeing Features")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollout_core.errors import FlagNotFound, InvalidRequest
from rollout_core.flags.decision import Arm, Decision, Reason
from rollout_core.flags.explain import Explanation, explain
from rollout_core.flags.flag import Flag
from rollout_core.flags.targeting import AttributeValue
from rollout_core.insight.compiled import compiled_of
from rollout_core.insight.scene import scene
from rollout_core.ports.control_rollouts import Register
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """`flag` None: every flag of the rollout. `attributes` come from the caller's context: the register wins, but for
    what the plan says the context owns."""

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
class DecisionFacts:
    """A flags.decision.Decision as an object with names, for JSON (a named tuple would become a list)."""

    flag: str
    rollout: str
    value: bool | str | int | float
    variant: str
    reason: Reason
    arm: Arm
    phase: str | None
    epoch: int
    inclusion: int
    bucket: int
    audience: str | None
    threshold: int
    detail: str


@dataclass(frozen=True, slots=True)
class FlagExplanation:
    """One flag's answer and the chain to it."""

    flag: str
    name: str
    decision: DecisionFacts | Decision
    openfeature_reason: str
    steps: tuple[ExplainStep, ...]


@dataclass(frozen=True, slots=True)
class ExplainAnswer:
    """`known` False: the register does not hold the subject; `note` says so where the unit has a register. `advice` is
    the seeds' troubleshooting list."""

    rollout: str
    unit: str
    subject: str
    known: bool
    attributes: tuple[tuple[str, AttributeValue], ...]
    flags: tuple[FlagExplanation, ...]
    words: str
    advice: tuple[str, ...]
    note: str = ""


def answer(room: Room, request: ExplainRequest) -> ExplainAnswer:
    """The chain for one subject. Raises InvalidRequest without a subject, FlagNotFound."""
    if not request.subject:
        raise InvalidRequest("Whom shall be explained?", mend="Name a subject.")
    now_scene = scene(room, request.rollout)
    compiled = compiled_of(room, now_scene)
    with room.control.read() as unit:
        known = unit.register.get(now_scene.rollout.unit, request.subject)
        note = _stranger(unit.register, now_scene.rollout.unit) if known is None else ""
    attributes = _merged(known or {}, request.attributes or {},
                         frozenset(each.key for each in now_scene.plan.attributes if each.owner == "context"))
    explained = tuple((flag, explain(compiled, flag.key, request.subject, attributes, now_scene.now))
                      for flag in _asked(now_scene.plan, request.flag))
    guide = next((guide.steps for guide in now_scene.plan.guides if "not_seeing" in guide.key), ())
    return ExplainAnswer(
        now_scene.rollout.key, now_scene.rollout.unit, request.subject, known is not None,
        tuple(sorted(attributes.items())),
        tuple(FlagExplanation(flag.key, flag.name, DecisionFacts(**found.decision._asdict()),
                              found.decision.openfeature_reason, _steps(found))
              for flag, found in explained), _in_words(request.subject, [found for _, found in explained]), guide, note)


def _asked(plan: Plan, key: str | None) -> list[Flag]:
    flags = [flag for flag in plan.flags if key in (None, flag.key)]
    if not flags:
        raise FlagNotFound(f"The rollout has no flag {key!r}.",
                           mend=f"Its flags are {', '.join(flag.key for flag in plan.flags)}.")
    return flags


def _stranger(register: Register, unit: str) -> str:
    """That nobody is called so; nothing where the unit has no register to be in."""
    return f"Nobody of that name is in the register of {unit}s." if register.search(unit, limit=1) else ""


def _merged(register: dict[str, AttributeValue], context: Mapping[str, AttributeValue],
            own: frozenset[str]) -> dict[str, AttributeValue]:
    """The register's attributes win over the caller's context, but for those that the context owns (`own`): there the
    register is only what is known when the caller says nothing."""
    return {**context, **register, **{key: value for key, value in context.items() if key in own}}


def _steps(found: Explanation) -> tuple[ExplainStep, ...]:
    return tuple(ExplainStep(step.name, step.words, step.decided) for step in found.steps)


def _in_words(subject: str, found: list[Explanation]) -> str:
    """What is on and what decided it, then what decided the first that is off."""
    on = [each for each in found if each.decision.value is not False]
    off = [each for each in found if each.decision.value is False]
    listed = f" ({', '.join(each.decision.flag for each in on)})" if on else ""
    said = [f"{subject} gets {len(on)} of {len(found)} flags{listed}"]
    said += [f"{each.decision.flag} is {word}: {_decided(each)}" for each, word in (
        *((each, "on") for each in on[:1]), *((each, "off") for each in off[:1]))]
    return " ".join(words if words.endswith(".") else f"{words}." for words in said)


def _decided(found: Explanation) -> str:
    return next((step.words for step in found.steps if step.decided), "")
