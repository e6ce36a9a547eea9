"""emergency.json: a stop that could not be committed. It wins at the next start, and in every process that looks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollout_core.errors import StoreError
from rollout_core.people.actor import Actor
from rollout_core.ports.room import Room

FILE = "emergency.json"


@dataclass(frozen=True, slots=True)
class EmergencyStop:
    """Who stopped a rollout, when and why, while the control store could not be written."""

    rollout: str
    by: str
    at: datetime
    reason: str = ""
    via: str = ""
    known_at: datetime | None = None
    """How the store knew them (session, token, owner), and when it last did if it could not tell any more."""


def stop_by(actor: Actor, rollout: str, at: datetime, reason: str | None) -> EmergencyStop:
    """The stop of an actor."""
    return EmergencyStop(rollout, actor.principal, at, (reason or "").strip(), actor.via, actor.last_known_at)


def read_emergency(room: Room) -> Mapping[str, EmergencyStop]:
    """The stops in the file, by rollout; empty without a file. A file that cannot be read stops every rollout."""
    path = room.directory / FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {key: _read(key, stop) for key, stop in raw["stopped"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        at = room.clock.now()
        return {key: EmergencyStop(key, "unknown", at, f"{FILE} cannot be read") for key in room.live.current.rollouts}


def _read(key: str, stop: Mapping[str, str | None]) -> EmergencyStop:
    known_at = stop.get("known_at")
    return EmergencyStop(key, str(stop["by"]), datetime.fromisoformat(str(stop["at"])), stop.get("reason") or "",
                         stop.get("via") or "", datetime.fromisoformat(known_at) if known_at else None)


def write_emergency(room: Room, stop: EmergencyStop) -> None:
    """Adds a stop to the file, durably and whole. Raises StoreError when not even that can be written."""
    stops = {**read_emergency(room), stop.rollout: stop}
    _store(room, stops)


def lift(room: Room, rollout: str) -> None:
    """Takes a rollout's stop out of the file and serves it again as the control store says."""
    stops = {key: stop for key, stop in read_emergency(room).items() if key != rollout}
    if (room.directory / FILE).exists():
        _store(room, stops)
    room.live.release(rollout)
    from rollout_core.control.open_snapshot import serve_again

    serve_again(room, rollout)


def _store(room: Room, stops: Mapping[str, EmergencyStop]) -> None:
    path = room.directory / FILE
    if not stops:
        path.unlink(missing_ok=True)
        return
    content = {"stopped": {key: {"by": stop.by, "via": stop.via, "at": stop.at.isoformat(), "reason": stop.reason,
                                 "known_at": stop.known_at.isoformat() if stop.known_at else None}
                           for key, stop in stops.items()}}
    aside = path.with_name(f"{FILE}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)     # the whole store may have been removed
        with aside.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise StoreError(f"{path} could not be written: {error.strerror}.",
                         mend="The stop holds in this process only; free some disk and stop again.",
                         path=str(path)) from error
