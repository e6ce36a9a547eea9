"""Answers as tables, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from rollout_core.cli.value_words import Values, compared, measured, moment

if TYPE_CHECKING:
    from rich.table import Table


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A plain table; None is an empty cell."""
    from rich.table import Table

    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell).replace("[", "\\[") for cell in row))
    return drawn


def metrics(found: Values) -> Table:
    """The catalogue's numbers, treatment against control."""
    return table(("metric", "treatment", "control", "change, like with like"),
                 [(row["name"], measured(row["treatment"]), measured(row["control"]), compared(row["change"]))
                  for row in found["rows"]])


def decisions(found: Values) -> Table:
    """What the sweeps decided, newest first."""
    return table(("number", "at", "rollout", "decision", "done", "summary"),
                 [(line["number"], moment(line["swept_at"]), line["rollout"], line["act"],
                   "yes" if line["done"] else "no", line["summary"]) for line in found["decisions"]])


def workspaces(found: Values) -> Table:
    """The enabled subjects."""
    return table((found["unit"], "arm", "audience", "bucket", "last active", "sessions", "errors"),
                 [(line["subject"], line["arm"], line["audience"], line["bucket"], moment(line["last_active_at"]),
                   line["sessions"], line["errors"]) for line in found["subjects"]])


def alerts(found: Values) -> Table:
    """Alerts, worst first."""
    return table(("id", "severity", "state", "rollout", "title", "due"),
                 [(line["alert"]["id"], line["alert"]["severity"], line["alert"]["state"], line["alert"]["rollout"],
                   line["alert"]["title"], _due(line)) for line in found["alerts"]])


def _due(line: Values) -> object:
    """What is calm wants no answer any more."""
    if line["alert"].get("calm_since_at"):
        return "calm"
    return "overdue" if line["overdue"] else line["seconds_left"]


def audit(found: Values) -> Table:
    """The trail, newest first, in the words of its page; rollouts and what their plans have by key."""
    return table(("seq", "at", "who", "as", "what", "rollout", "outcome", "reason"),
                 [(record["seq"], moment(record["entry"]["at"]), record["entry"]["principal"],
                   record["entry"].get("claimed"), audited(record["entry"]), record["entry"].get("rollout"),
                   record["entry"]["outcome"], record["entry"].get("reason")) for record in found["records"]])


def audited(entry: Values) -> str:
    """What was done, to what, and what changed: "Set autopilot: advise → act"."""
    from rollout_core.charts import audit_words
    from rollout_core.charts.words import unmarked

    given: Any = SimpleNamespace(**{**EMPTY, **entry})
    named = audit_words.Named()
    about = [each for each in (audit_words.about(given, named), *audit_words.moves(given, named)) if each]
    return unmarked(": ".join(filter(None, (audit_words.verb_of(given), ", ".join(about)))))


EMPTY: Values = {"before": {}, "after": {}, "evidence": {}, "rollout": None, "subject": None, "outcome": "done"}
"""What an entry leaves out where there is nothing to say."""


def rows(found: Values) -> Table:
    """An answer to SQL."""
    return table(found["columns"], found["rows"])
