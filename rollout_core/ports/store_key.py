"""store.key: the secret that turns a subject's name into its key. Made once, mode 0600, never in a backup's listing."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes

from rollout_core.errors import StoreCorrupt
from rollout_core.metrics.subject_key import subject_key

KEY_FILE = "store.key"
EVENTS_FILE = "events.duckdb"
KEY_BYTES = 32


def store_key(directory: Path) -> bytes:
    """The key of the store in `directory`, made at the first call. Two processes that come at once get the same one.

    Raises StoreCorrupt when the file is gone beside events that were written with it, too short, or cannot be read:
    with another key every subject would become somebody else.
    """
    path = directory / KEY_FILE
    if not path.exists():
        if (directory / EVENTS_FILE).exists():
            raise _no_key(f"{path} is gone, and the events beside it were written with it.", path)
        _make(path)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise _no_key(f"{path} cannot be read: {error.strerror}.", path) from error
    if len(key) < KEY_BYTES:
        raise _no_key(f"{path} holds no key.", path)
    return key


def key_print(key: bytes) -> str:
    """What an event store keeps of the key it was written with, to know it again: 16 hexadecimal digits of a SHA-256.
    """
    return sha256(b"store.key of this store:" + key).hexdigest()[:16]


def _no_key(what: str, path: Path) -> StoreCorrupt:
    return StoreCorrupt(what, mend="Put the file back from a backup (it lies in each one); never make a new one.",
                        path=str(path))


def subject_reference(key: bytes, unit: str, subject: str) -> str:
    """How a subject appears in the audit trail: its key as 16 hexadecimal digits."""
    return f"{subject_key(key, unit, subject):016x}"


def _make(path: Path) -> None:
    """Writes a new key aside and links it into place: it appears whole, and only the first one counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.{token_bytes(4).hex()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass          # another process was first: its key is the one
    finally:
        aside.unlink()
