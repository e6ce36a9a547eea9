"""What somebody pastes to send a first event: JSON over HTTP, Python, a browser, a CSV file. Plain texts."""

from __future__ import annotations

from dataclasses import dataclass

PLACE_FOR_KEY = "WRITE_KEY"
"""Stands where the key would, for those who are not shown it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where events go: the app's address without a slash at its end, the public write key, and the rollout's unit."""

    address: str
    key: str
    unit: str = "user"

    @property
    def endpoint(self) -> str:
        """The address that takes batches of events."""
        return f"{self.address}/api/v1/events?key={self.key}"


def curl(source: Source) -> str:
    """One event from a terminal."""
    return f"""NOW=$(date -u +%FT%TZ)
curl -X POST "{source.endpoint}" \\
  -H 'Content-Type: application/json' -d "[
  {{\\"event_id\\": \\"first-1\\", \\"kind\\": \\"page_view\\", \\"occurred_at\\": \\"$NOW\\",
   \\"units\\": {{\\"{source.unit}\\": \\"{source.unit}-1\\"}}, \\"page\\": \\"/library\\"}}]\""""


def python(source: Source) -> str:
    """A batch from a server, with the standard library alone."""
    return f"""import json, urllib.request
from datetime import UTC, datetime
from uuid import uuid4

now = datetime.now(UTC).isoformat()
who = {{"{source.unit}": "{source.unit}-1"}}
events = [
    {{"event_id": str(uuid4()), "kind": "page_view", "occurred_at": now, "units": who, "page": "/library"}},
    {{"event_id": str(uuid4()), "kind": "api_request", "occurred_at": now, "units": who,
     "endpoint": "GET /api/search", "status": 200, "value": 84.0}},
]
request = urllib.request.Request("{source.endpoint}", json.dumps(events).encode(),
                                 {{"Content-Type": "application/json"}})
print(json.load(urllib.request.urlopen(request)))
"""


def browser(source: Source) -> str:
    """A beacon from a page: it is sent even while the page is being left."""
    return f"""const event = {{
  event_id: crypto.randomUUID(), kind: "page_view", occurred_at: new Date().toISOString(),
  units: {{ {source.unit}: "{source.unit}-1" }}, page: location.pathname,
}};
navigator.sendBeacon("{source.endpoint}", JSON.stringify([event]));
"""


def csv_file(source: Source) -> str:
    """A file of four lines to try the import with."""
    return f"""id,when,who,page
1,2026-11-02T09:15:00Z,{source.unit}-1,/library
2,2026-11-02T09:16:30Z,{source.unit}-2,/library
3,2026-11-02T09:17:05Z,{source.unit}-1,/plan
"""


def mapping(source: Source) -> str:
    """What the columns of that file mean."""
    return f"""format: rollout-mapping/1
key: first_file
name: My first file
source: {{format: csv}}
identity: [id]
events:
  - kind: page_view
    occurred_at: {{column: when}}
    units: {{{source.unit}: {{column: who}}}}
    fields:
      page: {{column: page}}
"""


def override(rollout: str, unit: str) -> str:
    """Switches one subject on, whatever the percentage is: what follows the program's name."""
    return f"override {unit}-1 on --rollout {rollout} --reason 'To see it myself'"


IMPORT = "import events.csv --mapping events.yaml"
SETUP = "setup"
"""What follows the program's name, which depends on where the app runs (bootstrap.own_command)."""

DEMO, OWN = "make run", "make run DEMO=0"
