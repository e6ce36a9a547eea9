"""Subject keys: what the event store keeps instead of a name.

key = first 8 bytes, little-endian, of HMAC-SHA256(store key, "unit:id"). Without the store's key file nobody can go
from a name to a key by trying names. Computed here only, never in SQL: hash functions differ between engines.
"""

from __future__ import annotations

from hmac import digest


def subject_key(key: bytes, unit: str, subject: str) -> int:
    """The subject's key, 0..2^64-1. `key` is the content of store.key; the same id of two units has two keys."""
    return int.from_bytes(digest(key, f"{unit}:{subject}".encode(), "sha256")[:8], "little")
