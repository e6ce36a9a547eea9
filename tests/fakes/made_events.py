"""Events for tests: a made clock, short words, everything accepted or the test fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept
from rollout_core.ports.event_store import Batch

MIDNIGHT = datetime(2026, 3, 8, tzinfo=UTC)
"""The night New York's clocks go forward: a zone mistake shows."""
SERVER = Sender(trusted=True, name="server", historical=True)
BROWSER = Sender(trusted=False, name="public", historical=True)
_numbers = count()


def at(hour: float) -> datetime:
    """So many hours after midnight, UTC."""
    return MIDNIGHT + timedelta(hours=hour)


def made(kind: Kind, hour: float, who: str | None = "u1", *, sender: Sender = SERVER, received: float = 40.0,
         **fields: Any) -> Accepted:
    """An accepted event of user `who` at `hour`."""
    units = fields.pop("units", {} if who is None else {"user": who})
    event = Event(**{"event_id": f"e{next(_numbers)}", "kind": kind, "occurred_at": at(hour), "units": units, **fields})
    judged = accept(event, sender, at(received), Limits())
    assert isinstance(judged, Accepted), judged
    return judged


def exposed(hour: float, who: str, arm: str | None, epoch: int = 1, **fields: Any) -> Accepted:
    """An exposure in rollout `ex` with inclusion 50 %."""
    return made(Kind.EXPOSURE, hour, who, **{"rollout": "ex", "unit": "user", "arm": arm, "epoch": epoch,
                                             "inclusion": 50_000, "flag": "F", **fields})


def request(hour: float, who: str = "u1", status: int | None = 200, value: float = 100.0, **fields: Any) -> Accepted:
    """An API request that took `value` ms."""
    return made(Kind.API_REQUEST, hour, who, endpoint="/a", status=status, value=value, **fields)


def batch(*events: Accepted, received: float = 40.0, **fields: Any) -> Batch:
    """These events in one batch."""
    return Batch(list(events), at(received), **fields)
