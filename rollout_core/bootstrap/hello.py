"""Is the app of this store there? It proves that it knows the owner's key before it is shown it."""

from __future__ import annotations

from hmac import compare_digest
from secrets import token_hex

import httpx

from rollout_core.bootstrap.key_files import proof_of

HELLO_SECONDS = 2.0


def answers(url: str, key: str, seconds: float = HELLO_SECONDS) -> bool:
    """True when the app that holds `key` answers at `url` in time; whatever else listens there is not it."""
    nonce = token_hex(16)
    try:
        told = httpx.get(f"{url}/healthz", params={"nonce": nonce}, timeout=seconds, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(told, dict) and compare_digest(str(told.get("proof", "")), proof_of(key, nonce))
