"""Where may a request come from, and where may a sign-in lead to. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def same_origin(origin: str, host: str, url: str | None = None) -> bool:
    """True when the Origin header names the host the request went to, or the address people use (`url`).

    The scheme is not compared with the connection's: a proxy in front may speak TLS.
    """
    if url is not None and origin == _origin_of(url):
        return True
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        asked = urlsplit(f"//{host}")
        asked_port = asked.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return False
    return parts.scheme in DEFAULT_PORTS and parts.hostname == asked.hostname and port == asked_port


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def foreign(method: str, headers: dict[str, str], url: str | None = None) -> bool:
    """True for a request that another site made a browser send and that could change something.

    `method` is WEBSOCKET for a handshake. Without an Origin header the browser's Sec-Fetch-Site decides; a client that
    sends neither is no browser.
    """
    if method in SAFE_METHODS:
        return False
    origin = headers.get("origin")
    if origin is not None:
        return not same_origin(origin, headers.get("host", ""), url)
    return headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}


def safe_next(target: str) -> str:
    """A path of this app to go to after sign-in; anything else becomes `/` (no open redirect)."""
    if not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return "/"
    if any(ord(character) < 0x20 or character == "\\" for character in target):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.startswith("/signin"):
        return "/"
    return target


def sign_in_address(path: str, query: str) -> str:
    """`/signin?next=…` for somebody who asked for `path` without being signed in."""
    target = f"{path}?{query}" if query else path
    return "/signin" if target == "/" else f"/signin?next={quote(target, safe='')}"
