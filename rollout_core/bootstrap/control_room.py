"""The control room: stores, keys and jobs of one process in one value. Faces get this and nothing below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from threading import Event
from typing import Any

from rollout_core.bootstrap.provider_test import ProviderFound, look_up_provider
from rollout_core.bootstrap.rehearsal_desk import RehearsalDesk
from rollout_core.control import VERBS
from rollout_core.control.change import Change
from rollout_core.control.draft_plan import DraftedPlan, document_of, draft_plan
from rollout_core.control.import_file import ImportFile, import_file
from rollout_core.control.preview import Preview, preview
from rollout_core.control.recall import recall_session
from rollout_core.control.sign_in import LOCAL_ADMIN, offer_link
from rollout_core.control.start_link import start_link
from rollout_core.control.who import actor_of_session
from rollout_core.control.written import unusable_texts
from rollout_core.errors import InvalidRequest, NotSignedIn, StoreError
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.insight import QUESTIONS
from rollout_core.insight.look import look
from rollout_core.insight.ready_questions import is_ready
from rollout_core.jobs.ingest_writer import IngestWriter
from rollout_core.jobs.judging import JudgingProcess
from rollout_core.people.actor import Actor
from rollout_core.people.permission import require
from rollout_core.people.role import Role
from rollout_core.ports.control_records import PlanText
from rollout_core.ports.event_store import Found
from rollout_core.ports.room import Room
from rollout_core.settings import Settings

LARGEST_ANSWER = 10_000
"""Rows of an answer to a user's SQL."""

OWNER = "owner"
"""The principal of whoever can read owner.key."""


@dataclass(frozen=True, slots=True)
class ControlRoom:
    """`events_closed` says why there is no event store (None: it is open); flags, pause and stop work without it."""

    room: Room
    settings: Settings
    owner_key: str = field(repr=False)
    write_key: str = field(repr=False)
    events_closed: StoreError | None = None
    ingest: IngestWriter | None = None
    """The queue of a running app; None in every other process."""

    judging: JudgingProcess | None = field(default=None, repr=False)
    """Judges large bodies for a running app; None: this process does."""

    progress: dict[str, float] = field(default_factory=dict)
    """How far long work is, by the verb's name (0..1); gone when it is done."""

    rehearsals: RehearsalDesk = field(default_factory=RehearsalDesk, repr=False)
    """Rehearsals under way and the last results; see bootstrap.rehearsing."""

    def verbs(self, name: str, actor: Actor, request: Any) -> Change:
        """Does a verb of the registry. Raises RolloutError."""
        if name not in VERBS:
            raise InvalidRequest(f"There is no verb {name!r}.", mend=f"Verbs: {', '.join(sorted(VERBS))}.")
        wrong = unusable_texts(request)
        if wrong:
            raise InvalidRequest("The request cannot be used.", wrong, mend="Write it shorter, in plain text.")
        if name == "import_file":
            return self.import_file(actor, request)
        return VERBS[name].act(self.room, actor, request)

    def import_file(self, actor: Actor, request: ImportFile, say: Callable[[float], None] | None = None) -> Change:
        """The verb `import_file`, with its progress in `progress` and told to `say`. Raises RolloutError."""
        def heard(done: float) -> None:
            self.progress["import_file"] = done
            if say is not None:
                say(done)

        try:
            return import_file(self.room, actor, request, heard)
        finally:
            self.progress.pop("import_file", None)

    def preview(self, name: str, actor: Actor, request: Any) -> Preview:
        """What a verb would change and what stands in its way; the same code as the verb. Raises RolloutError."""
        return preview(self.room, actor, name, request)

    def look(self) -> Room:
        """The room at this instant: questions that are asked `within` one look share what the store answers."""
        return look(self.room)

    def ask(self, name: str, request: Any, within: Room | None = None) -> Any:
        """Answers a question of the registry, as of now or of a look. Raises RolloutError."""
        if name not in QUESTIONS:
            raise InvalidRequest(f"There is no question {name!r}.", mend=f"Questions: {', '.join(sorted(QUESTIONS))}.")
        return QUESTIONS[name].answer(within or look(self.room), request)

    def query(self, actor: Actor, sql: str, limit: int = 1_000, called_off: Event | None = None) -> Found:
        """One SELECT over the event store's views, for operators, and for viewers a ready question; set `called_off` to
        end it. Raises QueryRefused, NotPermitted."""
        require(actor, Role.VIEWER if is_ready(sql) else Role.OPERATOR, "run SQL")
        return self.room.events.query(sql, limit=max(1, min(limit, LARGEST_ANSWER)),
                                      called_off=called_off)

    def export(self, actor: Actor, directory: str, tables: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Writes Parquet files below `directory` on this machine and names them, for admins. Raises StoreError."""
        require(actor, Role.ADMIN, "export events")
        target = Path(directory).expanduser().resolve()
        target.mkdir(parents=True, exist_ok=True)
        return tuple(str(path) for path in self.room.events.export(target, tables=tables))

    def sign_in_link(self, actor: Actor, person: str | None = None) -> dict[str, Any]:
        """A new one-time link's `secret` and the `minutes` it is good for, for admins. Raises NotPermitted."""
        lifetime = self.settings.link_lifetime
        secret = offer_link(self.room, actor, lifetime, person or LOCAL_ADMIN)
        return {"secret": secret, "minutes": int(lifetime.total_seconds() // 60)}

    def start_link(self) -> dict[str, Any]:
        """The same for the local admin, known to this process alone: what a start prints."""
        lifetime = self.settings.link_lifetime
        return {"secret": start_link(self.room, lifetime), "minutes": int(lifetime.total_seconds() // 60)}

    def drafted(self, actor: Actor, rollout: str, text: str) -> DraftedPlan:
        """An edited plan document as it would become, for admins; nothing is kept. Raises InvalidPlan, NotPermitted."""
        return draft_plan(self.room, actor, rollout, text)

    def plan_text(self, rollout: str) -> PlanText:
        """The newest document of a rollout's plan, as it was written. Raises RolloutNotFound."""
        return document_of(self.room, rollout)

    def provider_found(self, actor: Actor) -> ProviderFound:
        """Whether the identity provider answers, for admins. Raises NotPermitted."""
        require(actor, Role.ADMIN, "test the identity provider")
        return look_up_provider(self.settings)

    @property
    def simulated(self) -> bool:
        """True for the demo store."""
        return self.room.demo

    def notices(self) -> tuple[str, ...]:
        """What every page says on top: flags that the environment forces, a store that is away, a disk that is too full
        for events, so many events that live numbers are of a little while ago."""
        served = self.room.live.current.rollouts.values()
        forced = [f"{each.variable} forces {each.flag} {'on' if each.value else 'off'} for everybody."
                  for rollout in served for each in rollout.environment]
        away = [f"The event store is closed: {self.events_closed} Flags, pause and stop work."]
        refusal = self.ingest.refusal() if self.ingest is not None else None
        gone = ["The control store's file was removed or replaced: nothing is recorded any more. Pause and stop work; "
                "`rollout backup` still saves what it held."]
        read_at = self.room.tails.read_at(self.room.clock.now())
        behind = [f"Very many events are arriving: live numbers hold those up to {at:%H:%M:%S} UTC."
                  for at in (read_at,) if at is not None]
        return (*(gone if not self.room.control.in_place() else ()), *forced,
                *(away if self.events_closed is not None else ()),
                *([f"No event is taken: {refusal}"] if refusal is not None else ()), *behind)

    def actor(self, session_id: str | None, origin: str = "page") -> Actor:
        """The person behind a session, with the role they have at this moment. Raises NotSignedIn."""
        return actor_of_session(self.room, session_id, origin)

    def remembered(self, session_id: str | None, origin: str = "page") -> Actor | None:
        """The same while the control store cannot tell: as it last did, for pause and stop only; None for anybody
        else."""
        return recall_session(self.room, session_id, origin)

    def served(self) -> tuple[ServedRollout, ...]:
        """What is served right now, from memory: it needs no store."""
        return tuple(self.room.live.current.rollouts.values())

    def owner(self, key: str, origin: str) -> Actor:
        """The local owner, proved by the content of owner.key. Raises NotSignedIn."""
        if not compare_digest(key.encode(), self.owner_key.encode()):
            raise NotSignedIn("This is not the key in owner.key.", mend="Run as the user who owns the store.")
        return Actor(principal=OWNER, role=Role.ADMIN, via="owner", origin=origin)

    def local_owner(self, claimed: str | None = None) -> Actor:
        """The owner who opened the store's files by themselves (command line without a running app)."""
        return Actor(principal=OWNER, role=Role.ADMIN, via="owner", origin="cli", claimed=claimed)

    def close(self) -> None:
        """Lets go of both stores."""
        self.room.events.close()
        self.room.control.close()
