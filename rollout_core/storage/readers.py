"""Which function answers which question of the event store. A new question is a new row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rollout_core.ports.event_questions import Rows
from rollout_core.storage.reader import Reader

Answer = Callable[[Reader, Any], Rows]

READERS: Mapping[type, Answer] = {}
