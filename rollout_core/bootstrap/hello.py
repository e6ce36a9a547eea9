"""Is the app of this store there? It proves that it knows the owner's key before it is shown it."""

from __future__ import annotations

from hmac import compare_digest
from secrets import token_hex
from ssl import PROTOCOL_TLS_CLIENT, SSLContext

import httpx

from rollout_core.bootstrap.key_files import proof_of

HELLO_SECONDS = 2.0


def client_here(url: str, seconds: float) -> httpx.Client:
    """A client for an app on this machine: plain HTTP, no proxy, and no certificates read (that takes 60 ms of CPU)."""
    trusts_nobody = SSLContext(PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=url, timeout=seconds, trust_env=False, verify=trusts_nobody)


def answers(url: str, key: str, seconds: float = HELLO_SECONDS) -> bool:
    """True when the app that holds `key` answers at `url` in time; whatever else listens there is not it."""
    nonce = token_hex(16)
    try:
        with client_here(url, seconds) as client:
            told = client.get("/healthz", params={"nonce": nonce}).json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(told, dict) and compare_digest(str(told.get("proof", "")), proof_of(key, nonce))
