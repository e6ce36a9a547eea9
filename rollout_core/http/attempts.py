"""How often somebody may try a password: a few failures per name, more per address, then a pause.

Behind a proxy everybody has one address, so that limit is wide. One-time links are not limited: nobody guesses
256 bits.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

ALLOWED = 8
ALLOWED_FROM_ADDRESS = 200
WITHIN = timedelta(minutes=10)
REMEMBERED = 10_000


NETWORK_BITS = 64
"""What one household or machine is given of IPv6; within it everybody chooses their address (RFC 4291, 2.5.4)."""


def counted_address(host: str) -> str:
    """As what tries from this address count: IPv6 by its network, whatever it is by itself where it is no address."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address), NETWORK_BITS), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


class Attempts:
    """Counts failures per key in memory; a restart forgets them, which only costs an attacker a restart."""

    def __init__(self, allowed: int = ALLOWED, within: timedelta = WITHIN) -> None:
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = Lock()
        self._allowed = allowed
        self._within = within

    def wait(self, key: str, now: datetime) -> int:
        """Whole seconds until another try is taken; 0 when it may be made now."""
        with self._lock:
            return self._wait(key, now)

    def begin(self, key: str, now: datetime) -> int:
        """`wait`; when that is 0 the try is counted in the same step."""
        with self._lock:
            seconds = self._wait(key, now)
            if seconds == 0:
                self._count(key, now)
            return seconds

    def failed(self, key: str, now: datetime) -> None:
        """Remembers one failure."""
        with self._lock:
            self._count(key, now)

    def _count(self, key: str, now: datetime) -> None:
        self._failures.setdefault(key, []).append(now)
        self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Takes the newest failure back: a try counts as one from its start, so that many at once do not slip by."""
        with self._lock:
            if self._failures.get(key):
                self._failures[key].pop()

    def _wait(self, key: str, now: datetime) -> int:
        recent = [at for at in self._failures.get(key, []) if now - at < self._within]
        if key in self._failures:
            self._failures[key] = recent
        if len(recent) < self._allowed:
            return 0
        return int((recent[-self._allowed] + self._within - now).total_seconds()) + 1
