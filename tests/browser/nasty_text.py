"""Texts that would do something if they were markup, and every place where somebody can write one.

What a text would do if it were read as more than text: run a script, ask another host, become a formula, a colour, an
icon, a link or a template, turn the direction of reading, end a statement of SQL, push the page wider.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml

from tests.fakes.running_app import ROOT, RunningApp

MARKUP = '<img src="http://evil.example/a.png" onerror="x()"> **bold** ![p](http://evil.example/b.png) $e=mc^2$ :red[x]'
SCRIPT = "<script>x()</script>\"><svg onload=x()>'); DROP TABLE event_error;-- {{7*7}} ${x()} [a](javascript:x())"
SIGNS = (":material/volcano: :smile: `code` ~~gone~~ # head <b>tag</b> &lt;i&gt; 1|2 %s {0} \\n :blue-badge[y] "
         "\u05d0\u05d1\u05d2 $$x$$")
LONG = "longword" * 24
TEXTS = (MARKUP, SCRIPT, SIGNS, LONG)
SEEN_AS = ("onerror=", "onload=", "~~gone~~", LONG[:60])
"""A piece of each by which it is found on a page."""

COUNTING = "window.ran = 0; window.x = () => { window.ran += 1; return 0 }"
"""What the texts would call, to be there before a page's own scripts."""

DONE = ", ".join((
    "img[src*='evil']", "a[href^='http://evil']", "a[href^='javascript']", "[onerror]", "[onload]", ".katex", "svg a",
    "strong:text-is('bold')", "b:text-is('tag')", "i:text-is('i')", "code:text-is('code')", "del", "h1:text-is('head')",
    "[aria-label='volcano icon']", ".stMarkdownBadge:text-is('y')",
    ".stMarkdownColoredText:text-is('x')", "p :text('\U0001f604')"))
"""What a page would hold if one of them had been read as markup."""

API = "/api/admin/rollout"
KEY = "nasty"
WORDS = frozenset({"name", "description", "note", "source", "target", "text", "meaning", "trigger", "action",
                   "communication", "monitoring", "review", "steps", "group"})
"""Where a plan document holds words for people."""


def plan_document() -> str:
    """The shipped plan of the exercise library under another key, with a nasty text for each of its words."""
    texts = cycle(TEXTS)

    def rewritten(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: rewritten(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [rewritten(each, name) for each in value]
        words = name in WORDS and not (name == "group" and value in ("technical", "user", "business"))
        return next(texts) if words and isinstance(value, str) else value

    document = yaml.safe_load((ROOT / "data" / "plans" / "exercise_library.yaml").read_text(encoding="utf-8"))
    document = {name: value for name, value in rewritten(document).items() if name != "environment"}
    return yaml.safe_dump({**document, "key": KEY, "name": MARKUP}, allow_unicode=True, sort_keys=False)


def events() -> Iterator[dict[str, Any]]:
    """One event of each kind that carries words, for each text."""
    for text in TEXTS:
        for said in ({"kind": "error", "category": text, "message": text, "page": text, "fingerprint": text},
                     {"kind": "error", "category": "javascript", "message": text, "severity": "critical"},
                     {"kind": "feedback", "value": 2, "scale": [1, 5], "comment": text, "name": text},
                     {"kind": "support_ticket", "category": text, "message": text, "state": "opened", "name": text},
                     {"kind": "page_view", "page": text}, {"kind": "task", "name": text, "state": "started"},
                     {"kind": "web_vital", "name": "INP", "value": 900, "page": text, "device": text},
                     {"kind": "api_request", "endpoint": text, "value": 120, "status": 500},
                     {"kind": "render", "name": text, "value": 30}, {"kind": "conversion", "name": text},
                     {"kind": "custom", "name": text, "attributes": {"plan": text}},
                     {"kind": "health_check", "name": text, "ok": False, "message": text}):
            yield {"event_id": uuid4().hex, "occurred_at": datetime.now(UTC).isoformat(),
                   "units": {"user": text, "workspace": text}, **said}


def import_subjects(folder: Path) -> dict[str, Any]:
    """Subjects of the register whose names and attributes are the texts, by a file as an operator imports one."""
    quoted = ['"' + text.replace('"', '""') + '"' for text in TEXTS]
    rows = ["who,where", *(f"{each},{each}" for each in quoted)]
    (folder / "subjects.csv").write_text("\n".join(rows), encoding="utf-8")
    mapping = {"format": "rollout-mapping/1", "key": "nasty", "name": MARKUP, "description": SCRIPT,
               "source": {"format": "csv"}, "identity": ["who"],
               "subjects": [{"unit": "user", "id": {"column": "who"},
                             "attributes": {each: {"column": "where"} for each in ("country", "subscription")}}]}
    (folder / "subjects.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return {"file": str(folder / "subjects.csv"), "mapping": str(folder / "subjects.yaml"), "reason": SCRIPT}


def verbs(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, body) of everything that keeps words."""
    yield "setup", {"documents": [{"text": plan_document(), "source": f"{SIGNS}.yaml"}]}
    yield "import-file", import_subjects(folder)
    yield "tick-checklist", {"rollout": KEY, "item": "load_tests", "note": SCRIPT}
    yield "waive-checklist", {"rollout": KEY, "reason": SIGNS}
    yield "start", {"rollout": KEY, "reason": SCRIPT}
    yield "sign-criterion", {"rollout": KEY, "criterion": "critical_features", "evidence": MARKUP}
    for place, text in enumerate(TEXTS):
        yield "set-person", {"name": text, "role": "viewer"}
        yield "create-token", {"name": f"{text[:190]} ci"}
        quoted = text.replace("'", "''")
        yield "save-question", {"name": text[:80], "sql": f"select '{quoted}' as \"<b>{place}\""}
        yield "open-issue", {"rollout": KEY, "title": text, "note": text, "source": text}
        yield "set-override", {"rollout": KEY, "subject": text, "value": place % 2 == 0, "reason": text}
        yield "set-percentage", {"rollout": KEY, "percentage": 0.01 + place / 100, "reason": text}
    yield "hold", {"rollout": KEY, "reason": LONG}


def revision(owner: httpx.Client) -> dict[str, int]:
    """The rollout's present one, which the verbs that raise exposure ask for."""
    told = owner.get(f"{API}/rollouts").json()["rollouts"]
    return {"revision": next(each["revision"] for each in told if each["key"] == KEY)}


def write_everywhere(app: RunningApp, folder: Path) -> None:
    """Every text in every place, as the owner; nothing of it is refused."""
    with app.owner() as owner:
        answer = owner.post("/api/v1/events", json=list(events()))
        assert answer.status_code == 200, answer.text
        refused = [each for each in answer.json()["events"] if each.get("status") == "rejected"]
        assert not refused, refused
        for path, body in verbs(folder):
            known = revision(owner) if path in ("start", "set-percentage", "hold") else {}
            answer = owner.post(f"{API}/{path}", json={**body, **known})
            assert answer.status_code == 200, f"{path}: {answer.text}"
