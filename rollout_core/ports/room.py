"""What verbs and questions work with: the ports, the clock and randomness, handed in as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from rollout_core.ports.answer_memory import AnswerMemory
from rollout_core.ports.census_memory import CensusMemory
from rollout_core.ports.clock import Clock, SystemClock
from rollout_core.ports.control_store import ControlStore
from rollout_core.ports.event_store import EventStore
from rollout_core.ports.import_source import OpenImport
from rollout_core.ports.last_known import LastKnownActors
from rollout_core.ports.live_snapshot import LiveSnapshot
from rollout_core.ports.start_links import StartLinks
from rollout_core.ports.tail_memory import TailMemory


@dataclass(frozen=True, slots=True)
class Room:
    """The control room as its verbs and questions see it. `directory` holds the store's files."""

    control: ControlStore
    events: EventStore
    directory: Path
    live: LiveSnapshot = field(default_factory=LiveSnapshot)
    clock: Clock = field(default_factory=SystemClock)
    new_token: Callable[[], str] = lambda: token_hex(16)
    demo: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables as they were at the start; overrides of flags are read from here."""
    counts: CensusMemory = field(default_factory=CensusMemory)
    answers: AnswerMemory = field(default_factory=AnswerMemory)
    tails: TailMemory = field(default_factory=TailMemory)
    start_links: StartLinks = field(default_factory=StartLinks)
    last_known: LastKnownActors = field(default_factory=LastKnownActors, repr=False)
    open_import: OpenImport | None = None
    """Reads files for `import_file`; None where this process reads none."""
