"""A body of events, judged: what goes to the store and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep

from rollout_core.errors import InvalidRequest
from rollout_core.metrics.event_checks import Accepted, Limits, Rejected, Sender, split_events
from rollout_core.metrics.event_sheet import Sheet
from rollout_core.metrics.plain_events import judge_together
from rollout_core.ports.event_store import Prepared

LIMITS = Limits()
MOST_EVENTS = 10_000
"""In one batch."""

CHUNK = 1_000
"""So many events are judged in one go and turned into columns while the processor has them at hand; then whoever waits
for the interpreter has it."""
PAUSE_SECONDS = 0.0005

LEAST_PREPARED = 100
"""Fewer are left to the writer, who makes columns of many requests at once."""


@dataclass(slots=True)
class JudgedBody:
    """`events` has each event in its order: the id of an accepted one, or the refusal. The accepted ones are either
    `prepared` for the store or `loose`."""

    events: list[str | Rejected] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)
    loose: list[Accepted] = field(default_factory=list)

    @property
    def rejected(self) -> list[Rejected]:
        """The refused ones."""
        return [each for each in self.events if isinstance(each, Rejected)]


Preparing = Callable[[Sequence[Sheet]], Prepared | None]
"""Brings events into the form that the store writes, as `EventStore.prepare` does."""


def judge(body: bytes, sender: Sender, now: datetime, prepare: Preparing) -> JudgedBody:
    """Every event of the body; `now` is when it was received. Raises InvalidRequest when it is no array of events,
    StoreUnavailable."""
    try:
        parts = split_events(body)
    except ValueError as error:
        raise InvalidRequest(str(error), mend='Send [{"event_id": …, "kind": …, "occurred_at": …}].') from error
    if len(parts) > MOST_EVENTS:
        raise InvalidRequest(f"{len(parts):,} events in one batch.", mend=f"Send at most {MOST_EVENTS:,} at once.")
    body_judged = JudgedBody()
    for first in range(0, len(parts), CHUNK):
        if first:
            sleep(PAUSE_SECONDS)
        judged = judge_together(parts[first:first + CHUNK], sender, now, LIMITS)
        body_judged.events += judged.events
        body_judged.loose += judged.apart
        _prepare(judged.sheets, body_judged, prepare)
    return body_judged


def _prepare(sheets: Sequence[Sheet], judged: JudgedBody, prepare: Preparing) -> None:
    prepared = prepare(sheets) if sum(sheet.count for sheet in sheets) >= LEAST_PREPARED else None
    if prepared is not None:
        judged.prepared.append(prepared)
    else:
        judged.loose += [accepted for sheet in sheets for accepted in sheet.accepted()]
