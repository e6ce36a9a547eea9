"""Secrets of sessions, tokens and links: 256 random bits outside, their SHA-256 inside.

A secret with 256 random bits needs no slow hash: nobody can guess it from its digest (OWASP Session Management).
"""

from __future__ import annotations

from hashlib import sha256

SECRET_BYTES = 32
"""256 bits, as hexadecimal text 64 characters."""


def secret_hash(secret: str) -> str:
    """The SHA-256 of a secret as 64 hexadecimal characters: what a store keeps and looks up by."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
