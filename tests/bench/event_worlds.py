"""A filled event store for benchmarks: rows made in SQL, as the writer would have stored them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept
from rollout_core.ports.event_store import Batch, MirroredEpoch, MirroredRollout
from rollout_core.storage.event_store import DuckdbEventStore

NOW = datetime(2026, 3, 1, 12, 2, tzinfo=UTC)
DAYS = 56
SERVER = Sender(trusted=True, name="bench", historical=True)
SECRET = b"bench" * 8
COMMON = ("'f' || i AS event_id, 1 AS batch, at_, at_, NULL, TRUE, hash('w', i % {workspaces}) AS k0, "
          "hash('u', i % {subjects}) AS k1, NULL, NULL, hash('s', i // 20), 1000, '1.0', '/page/' || (i % 40), "
          "CASE i % 3 WHEN 0 THEN 'phone' ELSE 'desktop' END, NULL")
OWN = {
    Kind.EXPOSURE: "'exercise', 'user', hash('u', i % {subjects}), (hash('u', i % {subjects}) % 128)::UTINYINT, "
                   "CASE hash('u', i % {subjects}) % 2 WHEN 0 THEN 'treatment' ELSE 'control' END, 'in_by_bucket', "
                   "NULL, 'p1', 1 + (i * 4) // {total}, 50000, 'F' || (i % 9)",
    Kind.API_REQUEST: "'/api/' || (i % 30), CASE WHEN i % 50 = 0 THEN 500 ELSE 200 END, 50000 + (i * 7919) % 900000",
    Kind.WEB_VITAL: "['LCP', 'INP', 'CLS'][1 + i % 3], 'm' || i, hash('l', i // 3), 100000 + (i * 104729) % 5000000, "
                    "900000",
    Kind.FEATURE_USE: "'F' || (i % 9), NULL, (i * 31) % 60000000",
}


def fill(store: DuckdbEventStore, events: int, subjects: int, first: int = 0, total: int | None = None) -> None:
    """Adds `events` rows (a quarter of each kind) that end at NOW; `first` and `total` say which part this is."""
    whole = total or events
    began = (NOW - timedelta(days=DAYS)).replace(tzinfo=None)
    step = timedelta(days=DAYS).total_seconds() * 1e6 / whole
    values = {"subjects": subjects, "workspaces": max(1, subjects // 50), "total": whole}
    with store.database.transaction() as cursor:
        for number, (kind, own) in enumerate(OWN.items()):
            cursor.execute(
                f"INSERT INTO event_{kind.value} SELECT {COMMON.format(**values)}, {own.format(**values)} FROM "
                f"(SELECT i, TIMESTAMP '{began}' + to_microseconds((i * {step})::BIGINT) AS at_ FROM "
                f"range({first + number}, {first + events}, 4) AS r(i))")
        known = cursor.execute("SELECT count(*) FROM batch_token").fetchall()[0][0]
        cursor.execute("INSERT INTO batch_token VALUES (NULL, ?, ?, ?, 0, 0)",
                       [known + 1, NOW.replace(tzinfo=None), events])
        cursor.execute("INSERT INTO ingest_hour VALUES (?, '', 'stored', ?)", [NOW.replace(tzinfo=None), events])
        if not known:
            cursor.execute("INSERT INTO unit_slot VALUES (0, 'workspace'), (1, 'user')")


def mirrored(store: DuckdbEventStore) -> None:
    """Two rollouts, one per unit; the second with four epochs."""
    began = NOW - timedelta(days=DAYS)
    store.mirror([MirroredRollout("patient", "workspace"), MirroredRollout("exercise", "user")],
                 [MirroredEpoch("exercise", number, began + timedelta(days=14 * (number - 1)), f"p{number}", 50_000)
                  for number in range(1, 5)])


def batch(number: int, size: int, subjects: int, at: datetime = NOW) -> Batch:
    """A batch of fresh, validated events of the last minute before `at`: visits of 20 events by one subject each."""
    dice = Random(number)
    events = [accept(_event(f"{number}-{place}", place, dice, at, subjects), SERVER, at, Limits())
              for place in range(size)]
    return Batch([event for event in events if isinstance(event, Accepted)], at)


def _event(name: str, place: int, dice: Random, at: datetime, subjects: int) -> Event:
    user = Random(f"{name.partition('-')[0]}/{place // 20}").randrange(subjects)
    envelope = {"event_id": name, "occurred_at": at - timedelta(seconds=dice.random() * 60), "session": f"s{user}",
                "units": {"workspace": f"w{user // 50}", "user": f"u{user}"}, "page": f"/page/{place % 40}",
                "device": "phone", "release": "1.0"}
    match place % 4:
        case 0:
            return Event(kind=Kind.API_REQUEST, endpoint=f"/api/{place % 30}", status=200, value=dice.random() * 400,
                         **envelope)
        case 1:
            return Event(kind=Kind.WEB_VITAL, name="LCP", metric_id=f"m{name}", load=name,
                         value=dice.random() * 4000, **envelope)
        case 2:
            return Event(kind=Kind.FEATURE_USE, flag=f"F{place % 9}", value=dice.random() * 60_000, **envelope)
        case _:
            return Event(kind=Kind.EXPOSURE, rollout="exercise", unit="user", arm="treatment", epoch=4,
                         inclusion=50_000, phase="p4", flag="F1", **envelope)
