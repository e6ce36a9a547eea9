"""Errors as RFC 9457 problem details: the one place where an error class becomes an HTTP status."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from rollout_core import errors
from rollout_core.errors import Invalid, RolloutError

STATUS: dict[type[RolloutError], int] = {
    errors.NotFound: 404,
    errors.Invalid: 422,
    errors.NotSignedIn: 401,
    errors.NotPermitted: 403,
    errors.RevisionMissing: 428,
    errors.ReasonMissing: 422,
    errors.QueryRefused: 422,
    errors.Refused: 409,
    errors.QueueFull: 429,
    errors.StoreError: 503,
    errors.AppUnreachable: 502,
    RolloutError: 500,
}
"""Error class -> status; a class that is not here takes its nearest parent's."""

CONTENT_TYPE = "application/problem+json"


def status_of(error: RolloutError) -> int:
    """The status of the error's class or of its nearest parent in STATUS."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def name_of(kind: type) -> str:
    """`StaleRollout` -> `stale-rollout`: the stable identifier in `type`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def problem(status: int, name: str, title: str, **members: Any) -> dict[str, Any]:
    """The members of a problem document; empty ones are left out."""
    filled = {key: value for key, value in members.items() if value not in ("", (), [], {}, None)}
    return {"type": f"urn:rollout:problem:{name}", "title": title, "status": status, **filled}


def describe(error: RolloutError) -> dict[str, Any]:
    """The problem document of an error: what happened, how to mend it, the facts, every wrong field."""
    wrong = [{"field": each.where, "detail": each.what, "allowed": each.allowed}
             for each in error.problems] if isinstance(error, Invalid) else []
    name = name_of(type(error))
    return problem(status_of(error), name, name.replace("-", " ").capitalize(), detail=error.message, mend=error.mend,
                   facts=msgspec.to_builtins(error.facts, str_keys=True, enc_hook=str), errors=wrong)


def answer(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """A problem document as a response."""
    return Response(msgspec.json.encode(document), document["status"], headers, CONTENT_TYPE)


def refuse(status: int, name: str, detail: str, **members: Any) -> Response:
    """A problem that no error class stands for (an unknown path, a body that is too large)."""
    return answer(problem(status, name, name.replace("-", " ").capitalize(), detail=detail, **members))


def headers_of(error: RolloutError) -> dict[str, str]:
    """`Retry-After` (whole seconds) and `WWW-Authenticate` where they belong."""
    if isinstance(error, errors.QueueFull):
        return {"Retry-After": str(max(1, int(error.facts.get("retry_after_seconds", 1))))}
    if isinstance(error, errors.StoreError):
        return {"Retry-After": str(max(1, int(error.facts.get("retry_after_seconds", 30))))}
    if isinstance(error, errors.NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="rollout"'}
    return {}


async def on_rollout_error(request: Request, error: Exception) -> Response:
    """Starlette's handler for every error the core raises."""
    if not isinstance(error, RolloutError):
        raise error
    return answer(describe(error), headers_of(error))


async def on_unforeseen(request: Request, error: Exception) -> Response:
    """Starlette's handler for everything else: the log has the traceback, the sender learns that it was our fault."""
    return refuse(500, "unforeseen", "The server failed; nothing is known about the outcome.",
                  mend="Ask for the status before you try again.")


async def on_http_error(request: Request, error: Exception) -> Response:
    """Starlette's handler for unknown paths and wrong methods."""
    status = getattr(error, "status_code", 500)
    names = {404: "unknown-path", 405: "method-not-allowed"}
    detail = f"{request.method} {request.url.path} is not part of this interface. GET /api/openapi.json lists it."
    return answer(problem(status, names.get(status, "refused"), names.get(status, "refused").replace("-", " "),
                          detail=detail), dict(getattr(error, "headers", None) or {}))
