"""The interface described: an OpenAPI 3.1 document made from the registries, and a page that shows it without a CDN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import msgspec
from starlette.responses import HTMLResponse

from rollout_core.http.admin import question_paths, verb_paths
from rollout_core.http.page import page

Schemas = Mapping[type, dict[str, Any]]

ANY: dict[str, Any] = {"type": "object"}

PREFIX = "/api/admin/rollout"
REFUSALS = {"401": "Nobody is signed in", "403": "The role does not allow it", "404": "No such rollout",
            "409": "Refused: stale revision, closed gate, or a status that does not allow it",
            "422": "Wrong fields, each named", "428": "A verb that raises exposure must name the revision",
            "503": "The store cannot do it now"}


def document(url: str) -> dict[str, Any]:
    """The OpenAPI document. Schemas are those of the request and answer types themselves."""
    kinds = {spec.request for spec in verb_paths().values()} | {spec.answers for spec in question_paths().values()}
    schemas, components = schemas_of(kinds)
    paths: dict[str, Any] = {}
    for path, spec in question_paths().items():
        paths.setdefault(f"{PREFIX}/{path}", {})["get"] = _get(path, spec, schemas)
    for path, verb in verb_paths().items():
        paths.setdefault(f"{PREFIX}/{path}", {})["post"] = _write(path, verb, schemas)
    setter = verb_paths()["set-percentage"]
    paths.setdefault(f"{PREFIX}/percentage", {})["put"] = _write("percentage", setter, schemas)
    paths["/api/v1/events"] = {"post": _events()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rollout control room", "version": "1",
                 "description": "What the pages and the command line do, for machines."},
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": components | {"Problem": PROBLEM},
                       "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


PROBLEM: dict[str, Any] = {
    "type": "object", "description": "RFC 9457 problem details", "required": ["type", "title", "status"],
    "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                   "detail": {"type": "string"}, "mend": {"type": "string"}, "facts": {"type": "object"},
                   "errors": {"type": "array", "items": {"type": "object"}}}}


def schemas_of(kinds: Iterable[type]) -> tuple[Schemas, dict[str, Any]]:
    """A reference per type, and the components they point to. A type that JSON Schema cannot say (a union of
    dataclasses, as in a plan's rules) is a plain object."""
    said = [kind for kind in sorted(kinds, key=lambda kind: (kind.__qualname__, kind.__module__)) if _sayable(kind)]
    references, components = msgspec.json.schema_components(
        said, ref_template="#/components/schemas/{name}", schema_hook=_schema)
    return dict(zip(said, references, strict=True)), dict(components)


def _sayable(kind: type) -> bool:
    try:
        msgspec.json.schema(kind, schema_hook=_schema)
    except (TypeError, NameError):
        return False
    return True


def _schema(kind: type) -> dict[str, Any]:
    return {"description": kind.__name__}


def _get(path: str, spec: Any, schemas: Schemas) -> dict[str, Any]:
    _, local = msgspec.json.schema_components([spec.request], schema_hook=_schema)
    schema = local[spec.request.__name__]
    needed = set(schema.get("required", ()))
    parameters = [{"name": name, "in": "query", "required": name in needed, "schema": _inlined(each)}
                  for name, each in schema.get("properties", {}).items()]
    return {"operationId": f"get_{path.replace('-', '_')}", "summary": spec.summary, "parameters": parameters,
            "responses": {"200": _answer(spec.summary, schemas.get(spec.answers, ANY)),
                          **_refusals(("401", "404", "422"))}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema; one that would need a reference is text (JSON)."""
    return {"type": "string"} if "$ref" in str(schema) else schema


def _write(path: str, spec: Any, schemas: Schemas) -> dict[str, Any]:
    key = {"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"},
           "description": "The same key again gets the same answer and does nothing twice."}
    match = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
             "description": "The revision, if the body does not name it."}
    content = {"application/json": {"schema": schemas.get(spec.request, ANY)}}
    least = f" Least role: {spec.role}."
    return {"operationId": f"{'put' if path == 'percentage' else 'post'}_{path.replace('-', '_')}",
            "summary": spec.summary, "description": spec.summary + least,
            "parameters": [key, match] if spec.raises_exposure else [key], "requestBody": {"content": content},
            "responses": {"200": _answer("What changed", {"type": "object"}), **_refusals(REFUSALS)}}


def _events() -> dict[str, Any]:
    return {"operationId": "post_events", "summary": "Records a batch of events",
            "description": "A JSON array of events, also as text/plain. Answered after the events are stored.",
            "parameters": [{"name": "key", "in": "query", "required": False, "schema": {"type": "string"},
                            "description": "The public write key, for senders without a token."}],
            "requestBody": {"content": {"application/json": {"schema": {"type": "array",
                                                                        "items": {"type": "object"}}}}},
            "responses": {"200": _answer("One answer per event", {"type": "object"}),
                          **_refusals(("401", "422")), "429": {"description": "The queue is full; see Retry-After"},
                          "503": {"description": "The store cannot take events; see Retry-After"}}}


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _refusals(statuses: Iterable[str]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": REFUSALS[status], "content": content} for status in statuses}


def described(api: dict[str, Any]) -> HTMLResponse:
    """The document as a page: one fold per route."""
    folds = "".join(_fold(method, path, operation, api)
                    for path, methods in api["paths"].items() for method, operation in methods.items())
    body = ("<h1>Interface</h1><p>Everything the pages do, for machines. Send <code>Authorization: Bearer TOKEN"
            "</code>; <code>rollout token create</code> makes one. The same as "
            f'<a href="/api/openapi.json">OpenAPI document</a>.</p>{folds}')
    return page("Interface · Rollout", body, wide=True)


def _fold(method: str, path: str, operation: dict[str, Any], api: dict[str, Any]) -> str:
    rows = "".join(f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}</td>"
                   f"<td>{'required' if each['required'] else ''}</td></tr>" for each in operation["parameters"])
    table = f"<table><tr><th>parameter</th><th>in</th><th></th></tr>{rows}</table>" if rows else ""
    refusals = "".join(f"<tr><td>{status}</td><td>{escape(each['description'])}</td></tr>"
                       for status, each in operation["responses"].items())
    words = escape(operation.get("description", operation["summary"]))
    return (f"<details><summary><code>{method.upper()} {escape(path)}</code> · {escape(operation['summary'])}</summary>"
            f"<p>{words}</p>{table}{_fields(operation, api)}<table>{refusals}</table></details>")


def _fields(operation: dict[str, Any], api: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = api["components"]["schemas"].get(content.get("$ref", "").rpartition("/")[2], {})
    needed = schema.get("required", ())
    rows = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{escape(str(each.get('type', 'any')))}</td>"
                   f"<td>{'required' if name in needed else ''}</td></tr>"
                   for name, each in schema.get("properties", {}).items())
    return f"<table><tr><th>field</th><th>type</th><th></th></tr>{rows}</table>" if rows else ""
