"""What a request carries: its query string and its body."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from rollout_core.errors import InvalidRequest


def query_of(request: Request) -> dict[str, Any]:
    """The query string: a name given several times becomes a list."""
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        found[name] = [*_as_list(found[name]), value] if name in found else value
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


async def body_of(request: Request, limit: int) -> bytes:
    """The body, up to `limit` bytes. Raises InvalidRequest above it."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise InvalidRequest(f"The body is larger than {limit:,} bytes.", mend="Send it in smaller parts.",
                                 limit_bytes=limit)
    return bytes(body)


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty body is an empty one. Raises InvalidRequest."""
    if not body.strip():
        return {}
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.", mend="Send a flat object.") from error
    if not isinstance(found, dict):
        raise InvalidRequest("The body is not a JSON object.", mend='Send for instance {"percentage": 25}.')
    return found
