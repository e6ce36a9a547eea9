"""`rollout verify`: the seed's test script, walked on a throw-away store with the verbs and questions people use.

Every step looks at what came out, not only that nothing broke: a part that answers nonsense fails its step. Steps after
a failed one are still walked, so that one run tells everything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rollout_core.bootstrap import ControlRoom, open_room
from rollout_core.bootstrap.asking import plain
from rollout_core.bootstrap.preparing import plan_documents, plan_files
from rollout_core.cli.connection import Connection, LocalConnection, Values
from rollout_core.control.sync_epochs import sync_epochs
from rollout_core.control.sync_register import sync_register
from rollout_core.documents.typed_document import load_typed
from rollout_core.errors import RevisionMissing, RolloutError
from rollout_core.flags import evaluation
from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept
from rollout_core.ports.control_records import Subject
from rollout_core.ports.event_store import Batch
from rollout_core.settings import ROOT, read_settings
from rollout_core.simulation.population import draw_people
from rollout_core.simulation.scenario import Scenario

PLAN = "patient_engagement"
"""The plan that the seed's script walks."""

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

    def ask(self, question: str, **given: object) -> Values:
        """A question about the walked rollout."""
        return self.connection.ask(question, {"rollout": PLAN, **given})

    def act(self, verb: str, **given: object) -> Values:
        """A verb on the walked rollout."""
        return self.connection.act(verb, {"rollout": PLAN, **given})


def walk(say: Callable[[Step], None] | None = None, *,
         wrap: Callable[[Connection], Connection] = lambda connection: connection) -> list[Step]:
    """All steps on a new store that is gone afterwards. `wrap` lets a test break a part."""
    taken = []
    with TemporaryDirectory(prefix="rollout-verify-") as folder, opened(Path(folder)) as room:
        walking = Walk(wrap(LocalConnection(room, "verify", "on a throw-away store")), room)
        for name, step in STEPS:
            taken.append(take(name, step, walking))
            if say is not None:
                say(taken[-1])
    return taken


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
    served = walking.room.room.live.current.rollouts[PLAN].flags
    expect(len(flags) == len(served) > 0, f"{len(flags)} flags in the plan, {len(served)} in the snapshot")
    walking.connection.act("setup", given)
    expect(walking.connection.ask("rollouts", {})["rollouts"] == first, "a second setup should change nothing")
    return f"{len(first)} rollouts at 0 %, {len(flags)} flags in {PLAN}; a second setup changed nothing"


def update(walking: Walk) -> str:
    """Ten per cent of the eligible get it, exactly; without a revision nobody gets more."""
    enrol(walking.room)
    walking.act("prepare")
    walking.act("waive_checklist", reason=REASON)
    revision = walking.ask("status")["revision"]
    walking.act("start", revision=revision, reason=REASON, percentage=UPDATE_TO)
    share = walking.ask("status")["share"]
    enabled = [subject for subject, on in evaluated(walking.room) if on]
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
    have = sum(on for _, on in evaluated(walking.room))
    expect(found["share"]["have"] == have, f"status counts {found['share']['have']}, evaluation {have}")
    expect(found["phase"] is not None, "the rollout should be in a phase")
    return f"running, {found['phase']['name']}, {have} have it, revision {found['revision']}"


def monitoring(walking: Walk) -> str:
    """Events that were stored are in the monitor's numbers: every failure and no other."""
    stored, failed = record(walking.room)
    found = walking.ask("monitor")
    score = found["health"]
    expect(0 <= score["score"] <= 100, f"a health score of {score['score']}")
    expect(score["inputs_with_data"] > 0, "no input of the health score has data")
    rates = walking.ask("metrics", metrics=["error_rate"], window="rollout")["rows"]
    treated = rates[0]["treatment"]
    expect(treated["value"] is not None, "the error rate has no data")
    expect(treated["n"] == stored, f"{treated['n']} requests counted, {stored} stored")
    expect(abs(treated["value"] - failed / stored) < 1e-9, f"rate {treated['value']}, {failed} of {stored} failed")
    conditions = walking.ask("pause_check")["conditions"]
    expect(len(conditions) > 0, "the plan's pause conditions should be looked at")
    return f"health {score['score']}, {stored} requests with {failed} failures, {len(conditions)} pause conditions"


def enabled_workspaces(walking: Walk) -> str:
    """The list of who has it is who gets it."""
    have = {subject for subject, on in evaluated(walking.room) if on}
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
    """Nobody has it afterwards, nobody gained it, and the trail is whole."""
    before = {subject for subject, on in evaluated(walking.room) if on}
    walking.act("roll_back", kind="full", reason=REASON)
    after = {subject for subject, on in evaluated(walking.room) if on}
    expect(after <= before, "a rollback should give it to nobody")
    expect(not after, f"{len(after)} still have it")
    held = walking.ask("status")["status"]
    expect(held == "held", f"a rollback should end held, not {held}")
    verdict = walking.connection.ask("audit_verify", {})
    expect(verdict["whole"], "the audit trail should be whole")
    verbs = [record["entry"]["verb"] for record in walking.ask("audit")["records"]]
    expect("roll_back" in verbs and "start" in verbs, "the trail should hold the start and the rollback")
    return f"{len(before)} had it, nobody has; {verdict['records']} audit entries, chain whole"


STEPS: tuple[tuple[str, Callable[[Walk], str]], ...] = (
    ("setup", set_up), ("update", update), ("status", status), ("monitoring", monitoring),
    ("enabled workspaces", enabled_workspaces), ("report", report), ("rollback", rollback),
)


def enrol(room: ControlRoom) -> None:
    """Puts the simulated population of the plan into the register."""
    scenario = load_typed(ROOT / "data" / "demo" / f"{PLAN}.yaml", Scenario, "rollout-demo/1")
    small = replace(scenario, population=replace(scenario.population, size=SUBJECTS, newcomers_per_day=0))
    people = draw_people(small, room.room.clock.now() - timedelta(days=1), 1)
    subjects = [Subject(small.population.unit, name, attributes)
                for name, attributes in zip(people.ids, people.attributes, strict=True)]
    with room.room.control.write() as unit:
        unit.register.upsert_many(subjects)
    sync_register(room.room)


def evaluated(room: ControlRoom) -> list[tuple[str, bool]]:
    """Everybody in the register, and whether they get the plan's first flag, asked as an application would."""
    snapshot = room.room.live.current
    compiled, served = snapshot.compiled[PLAN], snapshot.rollouts[PLAN]
    flag, now = served.flags[0].key, room.room.clock.now()
    with room.room.control.read() as unit:
        subjects = unit.register.search(served.unit, limit=10 * SUBJECTS)
    return [(each.id, bool(evaluation.evaluate(compiled, flag, each.id, each.attributes, now).value))
            for each in subjects]


def record(room: ControlRoom) -> tuple[int, int]:
    """One exposure and three requests per subject, every seventh failed; (requests, failures) of the treated."""
    sync_epochs(room.room)
    served = room.room.live.current.rollouts[PLAN]
    now = datetime.now(UTC)
    events, treated, failed = [], 0, 0
    for place, (subject, on) in enumerate(evaluated(room)):
        events.append(exposure(room, subject, now))
        for number in range(3):
            bad = (place * 3 + number) % 7 == 0
            events.append(Event(event_id=f"verify-{place}-{number}", kind=Kind.API_REQUEST, occurred_at=now,
                                units={served.unit: subject}, endpoint="GET /verify", value=120.0,
                                status=503 if bad else 200))
            treated, failed = treated + on, failed + (on and bad)
    sender = Sender(trusted=True, name="verify")
    judged = [accept(event, sender, now, Limits()) for event in events]
    believed = [each for each in judged if isinstance(each, Accepted)]
    written = room.room.events.write(Batch(believed, received_at=now, sender="verify"))
    expect(written.stored == len(events), f"{len(events)} events sent, {written.stored} stored")
    return treated, failed


def exposure(room: ControlRoom, subject: str, now: datetime) -> Event:
    """The exposure event of a subject, as the evaluating server records it."""
    snapshot = room.room.live.current
    compiled, served = snapshot.compiled[PLAN], snapshot.rollouts[PLAN]
    with room.room.control.read() as unit:
        attributes = unit.register.get(served.unit, subject) or {}
    decision = evaluation.evaluate(compiled, served.flags[0].key, subject, attributes, now)
    return Event(event_id=f"verify-exposure-{subject}", kind=Kind.EXPOSURE, occurred_at=now - timedelta(seconds=1),
                 units={served.unit: subject}, rollout=PLAN, unit=served.unit, subject=subject, flag=decision.flag,
                 arm=str(decision.arm), variant=decision.variant, phase=decision.phase, epoch=decision.epoch,
                 inclusion=decision.inclusion, reason=str(decision.reason))
