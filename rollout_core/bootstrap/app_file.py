"""app.json beside the store: where the running app answers. The command line reads it; it proves nothing."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec

NAME = "app.json"


class AppFile(msgspec.Struct, frozen=True):
    """The address and process of the app that owns the store."""

    url: str
    pid: int
    started_at: datetime


def write_app_file(directory: Path, app: AppFile) -> None:
    """Replaces the file in one step."""
    made = directory / f"{NAME}.{app.pid}"
    made.write_bytes(msgspec.json.encode(app))
    made.replace(directory / NAME)


def read_app_file(directory: Path) -> AppFile | None:
    """None when no app has said where it is, or when the file cannot be understood."""
    try:
        return msgspec.json.decode((directory / NAME).read_bytes(), type=AppFile)
    except (OSError, msgspec.DecodeError):
        return None


def remove_app_file(directory: Path, pid: int) -> None:
    """Removes the file if this process wrote it."""
    app = read_app_file(directory)
    if app is not None and app.pid == pid:
        (directory / NAME).unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """True while a process with this number exists (it may be another one by now)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
