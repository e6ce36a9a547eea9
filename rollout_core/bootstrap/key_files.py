"""Secrets that lie beside the store, readable by their owner only (mode 0600)."""

from __future__ import annotations

import os
from hashlib import sha256
from hmac import new as hmac
from pathlib import Path
from secrets import token_urlsafe

from rollout_core.errors import StoreError

OWNER_KEY = "owner.key"
"""Who can read this file is the local owner: it proves that over HTTP. Being on loopback proves nothing."""

WRITE_KEY = "write.key"
"""The public key that browsers send with events: it may only add events, and brings no arm."""


def read_or_make(path: Path, prefix: str = "") -> str:
    """The key in the file, made when there is none. Two processes that start together agree on one. Raises StoreError.
    """
    if not path.exists():
        try:
            _make(path, prefix + token_urlsafe(32))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}.", mend="Check who owns the store's folder.",
                             path=str(path)) from error
    return read_key(path)


def _make(path: Path, key: str) -> None:
    """Writes a key aside and links it into place: it appears whole, and only the first one counts."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{token_urlsafe(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        pass          # another process was first: its key is the one
    finally:
        aside.unlink()


def read_key(path: Path) -> str:
    """The key in the file; rights that others should not have are taken away. Raises StoreError."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read: {error}.", mend="Run as the user who owns the store.",
                         path=str(path)) from error
    if len(key) < 32:
        raise StoreError(f"{path} holds no key.", mend="Delete the file; a new key is made at the next start.",
                         path=str(path))
    return key


def proof_of(key: str, nonce: str) -> str:
    """What only a holder of the key can answer to a nonce: so the command line shows the key to the right app only."""
    return hmac(key.encode(), f"app:{nonce}".encode(), sha256).hexdigest()


def mark_of(key: str) -> str:
    """Eight letters that tell the app of one store from those of others on the same host; they give no key away."""
    return hmac(key.encode(), b"mark", sha256).hexdigest()[:8]
