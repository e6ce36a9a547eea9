"""What Getting started offers to copy is accepted by what it is sent to."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime

import msgspec

from pages.panels.snippets import Source, browser, csv_file, curl, mapping, python
from rollout_core.documents.mapping_shape import read_mapping
from rollout_core.metrics.event_checks import Accepted, Limits, Sender, accept, read_events

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = Source("https://rollout.example.com", "pub_k", "workspace")
PUBLIC = Sender(trusted=False, name="public")


def accepted(events: list[dict[str, object]]) -> bool:
    """Whether the server takes every one."""
    found = read_events(msgspec.json.encode(events))
    return all(isinstance(accept(each, PUBLIC, NOW, Limits()), Accepted) for each in found)


def test_the_line_for_a_terminal_sends_an_event_that_is_accepted() -> None:
    text = curl(SOURCE)
    assert 'POST "https://rollout.example.com/api/v1/events?key=pub_k"' in text
    body = text[text.index('-d "') + 4:-1].replace('\\"', '"').replace("$NOW", NOW.isoformat())
    events = json.loads(body)
    assert events[0]["units"] == {"workspace": "workspace-1"}
    assert accepted(events)


def test_the_python_lines_are_python_and_every_event_of_theirs_is_accepted() -> None:
    tree = ast.parse(python(SOURCE))
    events = next(node.value for node in tree.body if isinstance(node, ast.Assign)
                  and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "events")
    made = eval(compile(ast.Expression(events), "snippet", "eval"),
                {"now": NOW.isoformat(), "who": {"workspace": "workspace-1"}, "uuid4": lambda: "id-1"})
    made[1]["event_id"] = "id-2"
    assert accepted(made)


def test_the_beacon_of_a_page_has_the_fields_that_an_event_needs() -> None:
    text = browser(SOURCE)
    for field in ("event_id", "kind", "occurred_at", "units", "page"):
        assert re.search(rf"\b{field}:", text), field
    assert "JSON.stringify([event])" in text, "a batch, even of one"


def test_the_mapping_is_read_without_a_mistake_and_names_the_columns_of_the_file() -> None:
    found = read_mapping(mapping(SOURCE), "events.yaml")
    assert found.key == "first_file"
    assert csv_file(SOURCE).splitlines()[0].split(",") == ["id", "when", "who", "page"]
    for column in ("id", "when", "who", "page"):
        assert column in mapping(SOURCE)
