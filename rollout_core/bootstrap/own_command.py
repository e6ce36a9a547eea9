"""How this installation's command line is called from a terminal beside the app, on the store the app serves."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rollout_core.settings import Settings, read_settings

SCRIPT = "rollout"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process runs: its Python, its folder, the `rollout` that PATH finds (None: none), whether the console
    script lies beside the Python, the store it serves, and the one that a command without --store would open."""

    python: Path
    cwd: Path
    on_path: Path | None
    installed: bool
    store: Path
    usual_store: Path


def place_of(settings: Settings) -> Place:
    """This process."""
    python, found = Path(sys.executable), shutil.which(SCRIPT)
    return Place(python, Path.cwd(), Path(found).absolute() if found else None, (python.parent / SCRIPT).exists(),
                 settings.store, read_settings({}, settings.root).store)


def typed(words: str, place: Place) -> str:
    """A command as somebody types it in the process's folder: "setup" -> ".venv/bin/rollout setup".

    `rollout` alone where PATH finds this installation's; `--store` where another store would be opened without it.
    """
    store = [] if place.store == place.usual_store else ["--store", shlex.quote(_beside(place.store, place.cwd))]
    return " ".join([_program(place), words, *store])


def _program(place: Place) -> str:
    script = place.python.parent / SCRIPT
    if not place.installed:
        return f"{shlex.quote(_beside(place.python, place.cwd))} -m rollout_core"
    return SCRIPT if place.on_path == script else shlex.quote(_beside(script, place.cwd))


def _beside(path: Path, cwd: Path) -> str:
    """Short below the folder, whole elsewhere."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)
