"""A control room for page tests: canned answers, verbs that only remember what was asked, sessions by role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rollout_core.bootstrap.provider_test import ProviderFound
from rollout_core.bootstrap.rehearsal_desk import RehearsalDesk
from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.draft_plan import DraftedPlan
from rollout_core.control.preview import Preview
from rollout_core.documents.plan_document import read_plan
from rollout_core.errors import NotSignedIn, RolloutError, RolloutNotFound
from rollout_core.flags.bucketing import buckets_of_percentage
from rollout_core.insight.ready_questions import is_ready
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.event_store import Found
from rollout_core.rollouts.gates import Gate, GateState
from rollout_core.rollouts.rollout import Rollout
from rollout_core.settings import Settings, read_settings
from tests.fakes.sample_answers import CONTROL_ANSWERS
from tests.fakes.sample_insight import INSIGHT_ANSWERS
from tests.fakes.sample_pages import PAGE_ANSWERS

PLAN_FOLDER = Path(__file__).parents[2] / "data" / "plans"
ANSWERS: Mapping[str, Callable[[Any], Any]] = {**CONTROL_ANSWERS, **INSIGHT_ANSWERS, **PAGE_ANSWERS}
PREVIEW_GATES = (Gate("errors", "Error rate", GateState.MET, "1.31%", "at most 2%"),
                 Gate("satisfaction", "Satisfaction", GateState.NOT_YET, "4.1 (3.88–4.32)", "at least 4.0"))


def sample_preview(needs_reason: bool) -> Preview:
    """From 20% to 50%; one gate of two is open."""
    return Preview("advance", "exercise_library", 41, 20_000, 50_000, 50.0, "phase_3", "phase_4", "running", 63_912, 0,
                   105_120, 210_240, PREVIEW_GATES, needs_reason, True, ("on-call", "product leads"), True,
                   detects=("Half would notice, 8 times in 10: Error rate (1.3% to 1.5%) within about 9 h.",))


LOWERED: dict[str, Any] = {"gained": 0, "gates": (), "detects": (), "needs_reason": False, "raises_exposure": False}
AIMS: Mapping[str, dict[str, Any]] = {
    "hold": {"to_percentage": 20_000, "to": 20.0, "to_phase": "phase_3", "lost": 0, "have_then": 41_208},
    "roll_back": {"to_percentage": 10_000, "to": 10.0, "to_phase": "phase_3", "lost": 20_604, "have_then": 20_604},
    "pause": {"to_percentage": 0, "to": 0.0, "to_phase": "phase_3", "lost": 41_208, "have_then": 0},
    "stop": {"to_percentage": 0, "to": 0.0, "to_phase": "phase_3", "lost": 41_208, "have_then": 0},
}
"""Ways out -> what their dialog foresees."""


@dataclass
class FakeControlRoom:
    """`answers` overrides single questions; `broken` raises for every question but those in `whole`;
    `refuses` is raised by every verb. `done` holds (verb, actor, request) of what went through."""

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    broken: RolloutError | None = None
    whole: frozenset[str] = frozenset({"rollouts"})
    refuses: RolloutError | None = None
    already: Rollout | None = None
    """What every verb finds done."""
    sessions: dict[str, Role] = field(default_factory=lambda: {str(role): role for role in Role})
    done: list[tuple[str, Actor, Any]] = field(default_factory=list)
    needs_reason: bool = True
    revision: int = 41
    preview_broken: RolloutError | None = None
    changes: Callable[[Preview], Preview] = field(default=lambda found: found)
    """What is different about every preview."""

    def look(self) -> None:
        """Canned answers are of no instant."""

    def ask(self, name: str, request: Any, within: Any = None) -> Any:
        """The canned answer. Raises `broken`."""
        if self.broken is not None and name not in self.whole:
            raise self.broken
        return {**ANSWERS, **self.answers}[name](request)

    def actor(self, session_id: str | None, origin: str = "page") -> Actor:
        """The session's name is its role. Raises NotSignedIn for any other."""
        if session_id not in self.sessions:
            raise NotSignedIn("Your sign-in has ended.", mend="Sign in again.")
        return Actor("maya@example.org", self.sessions[session_id], "session", origin, session_id=session_id)

    def preview(self, name: str, actor: Actor, request: Any) -> Preview:
        """20% to 50%, one gate unproven; a way out, to what it leads to."""
        if self.preview_broken is not None:
            raise self.preview_broken
        found = replace(sample_preview(needs_reason=self.needs_reason), verb=name, revision=self.revision)
        share = getattr(request, "percentage", None)
        if share is not None:
            found = replace(found, to_percentage=buckets_of_percentage(share), to=share)
        return self.changes(replace(found, **LOWERED, **AIMS[name]) if name in AIMS else found)

    def verbs(self, name: str, actor: Actor, request: Any) -> Change:
        """Remembers. Raises NotPermitted like the real verbs, or `refuses`."""
        require(actor, VERBS[name].role, name)
        if self.refuses is not None:
            raise self.refuses
        self.done.append((name, actor, request))
        if self.already is not None:
            return Change(name, self.already.key, 3, self.already, self.already, 0, 0, 41_208, revision=42)
        return Change(name, getattr(request, "rollout", None), 3, gained=63_912, lost=0, have=105_120, revision=42)

    simulated: bool = True

    def notices(self) -> tuple[str, ...]:
        """Nothing to say on top of every page."""
        return ()

    write_key: str = "pub_for_tests"
    rehearsals: RehearsalDesk = field(default_factory=RehearsalDesk)
    settings: Settings = field(default_factory=lambda: read_settings({}))
    events_closed: RolloutError | None = None

    def sign_in_link(self, actor: Actor, person: str | None = None) -> dict[str, Any]:
        """A link of admins."""
        require(actor, Role.ADMIN, "make a sign-in link")
        return {"secret": f"secret-of-{person}", "minutes": 30}

    def provider_found(self, actor: Actor) -> ProviderFound:
        """A provider that is away."""
        require(actor, Role.ADMIN, "test the identity provider")
        return ProviderFound(("It cannot be reached (ConnectError).",))

    def plan_text(self, rollout: str) -> PlanText:
        """The shipped document."""
        if self.broken is not None:
            raise self.broken
        path = PLAN_FOLDER / f"{rollout}.yaml"
        return PlanText(path.read_text(encoding="utf-8"), path.name)

    def drafted(self, actor: Actor, rollout: str, text: str) -> DraftedPlan:
        """Read by the real reader; going over to it changes nothing for anybody."""
        require(actor, Role.ADMIN, "change a plan")
        plan = read_plan(text, "edited in the app")
        return DraftedPlan(plan, 1, 2, plan.version > 1, text == self.plan_text(rollout).text, True,
                           replace(sample_preview(needs_reason=False), to_percentage=20_000, gained=0), "")

    def query(self, actor: Any, sql: str, limit: int, called_off: Any = None) -> Found:
        """SQL of operators, ready questions of viewers."""
        require(actor, Role.VIEWER if is_ready(sql) else Role.OPERATOR, "run SQL")
        if self.broken is not None:
            raise self.broken
        return Found(("name", "rows"), [("api_request", 12), ("session", 4)], False)


def empty_room() -> FakeControlRoom:
    """A store without any rollout."""
    rollouts = CONTROL_ANSWERS["rollouts"](None)
    overview = CONTROL_ANSWERS["overview"](None)

    def nothing(_: Any) -> Any:
        raise RolloutNotFound("There is no rollout yet.", mend="Create them with `rollout setup`.")
    answers: dict[str, Callable[[Any], Any]] = dict.fromkeys(("status", "gates", "plan", "health"), nothing)
    return FakeControlRoom({**answers, "rollouts": lambda _: replace(rollouts, rollouts=()),
                            "overview": lambda _: replace(overview, needs=(), rollouts=(), last_event_at=None)})
