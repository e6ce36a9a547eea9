"""`rollout verify`: the seed's test script, walked on a throw-away store with the verbs and questions people use.

Every step looks at what came out, not only that nothing broke: a part that answers nonsense fails its step. Steps after
a failed one are still walked, so that one run tells everything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rollout_core.bootstrap import ControlRoom, open_room
from rollout_core.bootstrap.asking import plain
from rollout_core.bootstrap.preparing import plan_documents, plan_files
from rollout_core.cli.connection import Connection, Values
from rollout_core.cli.local_connection import LocalConnection
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.control.sync_register import sync_register
from rollout_core.documents.plan_document import load_plans
from rollout_core.errors import PlanNotFound, RevisionMissing, RolloutError
from rollout_core.flags import evaluation
from rollout_core.flags.decision import Arm, Decision
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept
from rollout_core.ports.event_store import Batch
from rollout_core.ports.room import Room
from rollout_core.rollouts.plan import Plan
from rollout_core.settings import read_settings
from rollout_core.simulation.any_people import people_for

SUBJECTS = 1_000
UPDATE_TO = 10.0
REASON = "rollout verify"


class StepFailed(Exception):
    """A part answered, and the answer is wrong; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was found at one step."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What the steps work with: the faces' way in, and the room behind it for the things that have no face."""

    connection: Connection
    room: ControlRoom
    plan: Plan

    @property
    def served(self) -> ServedRollout:
        """The walked rollout as applications are served."""
        return self.room.room.live.current.rollouts[self.plan.key]

    def ask(self, question: str, **given: object) -> Values:
        """A question about the walked rollout."""
        return self.connection.ask(question, {"rollout": self.plan.key, **given})

    def act(self, verb: str, **given: object) -> Values:
        """A verb on the walked rollout."""
        return self.connection.act(verb, {"rollout": self.plan.key, **given})

    def enabled(self) -> set[str]:
        """Who of the register gets the plan's first flag, asked as an application would."""
        return {subject for subject, decision in self.decisions() if decision.value}

    def decisions(self) -> Iterator[tuple[str, Decision]]:
        """Every subject of the register with its answer for the plan's first flag."""
        compiled, now = self.room.room.live.current.compiled[self.plan.key], self.room.room.clock.now()
        with self.room.room.control.read() as unit:
            subjects = unit.register.search(self.plan.unit, limit=10 * SUBJECTS)
        for each in subjects:
            yield each.id, evaluation.evaluate(compiled, self.served.flags[0].key, each.id, each.attributes, now)


def walk(say: Callable[[Step], None] | None = None, *, key: str | None = None,
         wrap: Callable[[Connection], Connection] = lambda connection: connection) -> list[Step]:
    """All steps on a new store that is gone afterwards, with the plan of this key. `wrap` lets a test break a part.

    Raises PlanNotFound, InvalidPlan.
    """
    taken = []
    with TemporaryDirectory(prefix="rollout-verify-") as folder, opened(Path(folder)) as room:
        plan = plan_to_walk(load_plans(room.settings.plans), key)
        walking = Walk(wrap(LocalConnection(room, "verify", "on a throw-away store")), room, plan)
        for name, step in STEPS:
            taken.append(take(name, step, walking))
            if say is not None:
                say(taken[-1])
    return taken


def plan_to_walk(plans: Sequence[Plan], key: str | None) -> Plan:
    """The plan of this key, else the one with the fewest phases. Raises PlanNotFound naming those there are."""
    found = [plan for plan in plans if key in {None, plan.key}]
    if not found:
        raise PlanNotFound(f"There is no plan {key or ''}.", mend=f"Plans: {', '.join(plan.key for plan in plans)}.")
    return min(found, key=lambda plan: (len(plan.phases), plan.key))


@contextmanager
def opened(folder: Path) -> Iterator[ControlRoom]:
    """A room over an empty store; the environment's flag overrides do not reach it."""
    keep = {name: value for name, value in os.environ.items() if name == "ROLLOUT_PLANS"}
    room = open_room(replace(read_settings(keep), store=folder))
    try:
        yield room
    finally:
        room.close()


def take(name: str, step: Callable[[Walk], str], walking: Walk) -> Step:
    """One step; what goes wrong is its finding."""
    try:
        return Step(name, True, step(walking))
    except StepFailed as failure:
        return Step(name, False, str(failure))
    except RolloutError as error:
        return Step(name, False, f"{type(error).__name__}: {error}")
    except Exception as error:
        return Step(name, False, f"unforeseen {type(error).__name__}: {error}")


def expect(true: bool, words: str) -> None:
    """Raises StepFailed with the words unless true."""
    if not true:
        raise StepFailed(words)


def set_up(walking: Walk) -> str:
    """Setup makes every shipped plan's rollout at 0 % with all its flags; once more changes nothing."""
    files = plan_files(walking.room.settings.plans)
    given = {"documents": plain(plan_documents(files))}
    walking.connection.act("setup", given)
    first = walking.connection.ask("rollouts", {})["rollouts"]
    expect(len(first) == len(files) > 0, f"{len(files)} plans should make as many rollouts, not {len(first)}")
    expect(all(entry["percentage"] == 0 for entry in first), "a rollout should begin at 0 %")
    flags = walking.ask("plan")["plan"]["flags"]
    served, written = len(walking.served.flags), len(walking.plan.flags)
    told = f"{written} flags in the document, {len(flags)} set up, {served} served"
    expect(len(flags) == served == written > 0, told)
    walking.connection.act("setup", given)
    expect(walking.connection.ask("rollouts", {})["rollouts"] == first, "a second setup should change nothing")
    return f"{len(first)} rollouts at 0 %, {len(flags)} flags in {walking.plan.key}; a second setup changed nothing"


def update(walking: Walk) -> str:
    """Ten per cent of the eligible get it, exactly; without a revision nobody gets more."""
    enrol(walking)
    walking.act("prepare")
    walking.act("waive_checklist", reason=REASON)
    revision = walking.ask("status")["revision"]
    walking.act("start", revision=revision, reason=REASON, percentage=UPDATE_TO)
    share = walking.ask("status")["share"]
    enabled = walking.enabled()
    expect(share["eligible"] is not None and share["eligible"] > 0, "the register should be counted")
    planned = share["eligible"] * UPDATE_TO / 100
    told = f"{len(enabled)} of {share['eligible']:,} eligible have it"
    expect(abs(len(enabled) - planned) <= 1, f"{told}, {planned:.0f} ± 1 planned")
    try:
        walking.act("set_percentage", percentage=2 * UPDATE_TO, reason=REASON)
    except RevisionMissing:
        return f"{told} ({UPDATE_TO:g} %); no raise without a revision"
    raise StepFailed("a raise without a revision should be refused")


def status(walking: Walk) -> str:
    """Status tells what was done."""
    found = walking.ask("status")
    expect(found["status"] == "running", f"the rollout should be running, not {found['status']}")
    expect(found["share"]["percentage"] == UPDATE_TO, f"{found['share']['percentage']} % instead of {UPDATE_TO} %")
    have = len(walking.enabled())
    expect(found["share"]["have"] == have, f"status counts {found['share']['have']}, evaluation {have}")
    expect(found["phase"] is not None, "the rollout should be in a phase")
    return f"running, {found['phase']['name']}, {have} have it, revision {found['revision']}"


def monitoring(walking: Walk) -> str:
    """Events that were stored are in the monitor's numbers: every failure and no other."""
    stored, failed = record(walking)
    found = walking.ask("monitor")
    score = found["health"]
    expect(0 <= score["score"] <= 100, f"a health score of {score['score']}")
    expect(score["inputs_with_data"] > 0, "no input of the health score has data")
    rates = walking.ask("metrics", metrics=["error_rate"], window="rollout")["rows"]
    treated = rates[0]["treatment"]
    expect(treated["value"] is not None, "the error rate has no data")
    expect(treated["n"] == stored, f"{treated['n']} {treated['noun']} counted, {stored} stored")
    expect(abs(treated["value"] - failed / stored) < 1e-9, f"rate {treated['value']}, {failed} of {stored} failed")
    conditions = walking.ask("pause_check")["conditions"]
    expect(len(conditions) > 0, "the plan's pause conditions should be looked at")
    seen = f"{stored} {treated['noun']} with {failed} failures"
    return f"health {score['score']}, {seen}, {len(conditions)} pause conditions"


def enabled_workspaces(walking: Walk) -> str:
    """The list of who has it is who gets it."""
    have = walking.enabled()
    listed: set[str] = set()
    page = 1
    while True:
        found = walking.ask("workspaces", page=page, page_size=500)
        listed |= {line["subject"] for line in found["subjects"]}
        if len(found["subjects"]) < 500:
            break
        page += 1
    expect(listed == have, f"{len(listed)} listed, {len(have)} have it, {len(listed ^ have)} differ")
    words = walking.ask("explain", subject=min(have))["words"]
    expect(bool(words), "explain should say why")
    return f"{len(listed)} listed, all of them and nobody else have it"


def report(walking: Walk) -> str:
    """The report says the same as status, for people and machines."""
    found = walking.ask("report")
    text, now = found["markdown"], walking.ask("status")
    expect(found["status"]["share"]["percentage"] == now["share"]["percentage"], "report and status differ")
    for word in (now["name"], f"{now['share']['percentage']:g}"):
        expect(word in text, f"the report does not mention {word!r}")
    missing = [phase["name"] for phase in found["phases"]["phases"] if phase["name"] not in text]
    expect(not missing, f"phases missing in the report: {', '.join(missing)}")
    return f"{len(text.splitlines())} lines, {len(found['metrics']['rows'])} metrics, trail {found['audit_head'][:20]}…"


def rollback(walking: Walk) -> str:
    """Back to the plan's safe state without giving it to anybody, then to nobody; the trail is whole."""
    before = walking.enabled()
    walking.act("roll_back", kind="full", reason=REASON)
    safe = walking.enabled()
    expect(safe < before, f"{len(before)} had it, {len(safe)} in the safe state, {len(safe - before)} of them new")
    held = walking.ask("status")["status"]
    expect(held == "held", f"a rollback should end held, not {held}")
    walking.act("set_percentage", percentage=0.0)
    expect(not walking.enabled(), f"{len(walking.enabled())} still have it at 0 %")
    verdict = walking.connection.ask("audit_verify", {})
    expect(verdict["whole"], "the audit trail should be whole")
    verbs = [record["entry"]["verb"] for record in walking.ask("audit")["records"]]
    expect("roll_back" in verbs and "start" in verbs, "the trail should hold the start and the rollback")
    return f"{len(before)} had it, {len(safe)} in the safe state, nobody at 0 %; {verdict['records']} audit entries"


STEPS: tuple[tuple[str, Callable[[Walk], str]], ...] = (
    ("setup", set_up), ("update", update), ("status", status), ("monitoring", monitoring),
    ("enabled workspaces", enabled_workspaces), ("report", report), ("rollback", rollback),
)


def enrol(walking: Walk) -> None:
    """Puts made-up subjects that suit the plan's rules into the register."""
    room = walking.room.room
    with room.control.write() as unit:
        unit.register.upsert_many(people_for(walking.plan, SUBJECTS, room.clock.now()))
    sync_register(room)


def record(walking: Walk) -> tuple[int, int]:
    """One exposure, session and request per subject, every seventh with an error; (all, failed) of the treated.

    The error rate is the same whether the plan counts failed requests or sessions with an error.
    """
    room = walking.room.room
    sync_epochs(room)
    now = room.clock.now()
    events, treated, failed = [], 0, 0
    for place, (subject, decision) in enumerate(walking.decisions()):
        bad, counts = place % 7 == 0, decision.arm is Arm.TREATMENT
        events.append(exposure(walking, subject, decision, now))
        events += visit(walking.plan.unit, subject, now + timedelta(milliseconds=1), bad)
        treated, failed = treated + counts, failed + (counts and bad)
    store(room, events, room.clock.now())
    return treated, failed


def visit(unit: str, subject: str, at: datetime, bad: bool) -> Iterator[Event]:
    """A session with one request; both fail when `bad`."""
    yield Event(event_id=f"verify-session-{subject}", kind=Kind.SESSION, occurred_at=at, units={unit: subject},
                session=subject, value=60_000.0)
    yield Event(event_id=f"verify-request-{subject}", kind=Kind.API_REQUEST, occurred_at=at, units={unit: subject},
                session=subject, endpoint="GET /verify", value=120.0, status=503 if bad else 200)
    if bad:
        yield Event(event_id=f"verify-error-{subject}", kind=Kind.ERROR, occurred_at=at, units={unit: subject},
                    session=subject, category="api", severity="low", message="rollout verify")


def store(room: Room, events: Sequence[Event], now: datetime) -> None:
    """Writes the events as a trusted server's and lets the store find their arms."""
    judged = [accept(event, Sender(trusted=True, name="verify"), now, Limits()) for event in events]
    believed = [each for each in judged if isinstance(each, Accepted)]
    written = room.events.write(Batch(believed, received_at=now, sender="verify"))
    room.events.close_windows(room.clock.now(), days=0)
    expect(written.stored == len(events), f"{len(events)} events sent, {written.stored} stored")


def exposure(walking: Walk, subject: str, decision: Decision, now: datetime) -> Event:
    """The exposure event of a subject, as the evaluating server records it."""
    unit = walking.plan.unit
    return Event(event_id=f"verify-exposure-{subject}", kind=Kind.EXPOSURE, occurred_at=now, units={unit: subject},
                 rollout=walking.plan.key, unit=unit, subject=subject, flag=decision.flag, arm=str(decision.arm),
                 variant=decision.variant, phase=decision.phase, epoch=decision.epoch, inclusion=decision.inclusion,
                 reason=str(decision.reason))
