"""Answers as tables, for a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from rollout_core.cli.call import terminal
from rollout_core.cli.value_words import Values, compared, measured, moment

if TYPE_CHECKING:
    from rich.table import Table

WIDEST = 1_000_000
"""Characters: as wide as any table would like to be."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


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


def rows(found: Values) -> Table | str:
    """An answer to SQL: a table where it fits, else row by row with a line a column, so that no name is ever cut."""
    from rich.measure import Measurement

    drawn, console = table(found["columns"], found["rows"]), terminal()
    needed = Measurement.get(console, console.options.update_width(WIDEST), drawn).maximum
    return drawn if needed <= console.width else row_by_row(found["columns"], found["rows"])


def row_by_row(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Each row under its number, each column on one line; without rows the names alone."""
    if not rows:
        return "\n".join(["No rows. The columns:", *(f"  {name}" for name in columns)])
    longest = max(len(name) for name in columns)
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        lines.append(f"-- row {number} --")
        lines += (f"{name:<{longest}}  {_one_line(cell)}".rstrip() for name, cell in zip(columns, row, strict=True))
    return "\n".join(lines)


def _one_line(cell: Any) -> str:
    """As text on one line: what would break it or steer the terminal is written out."""
    return "" if cell is None else _CONTROL.sub(lambda found: repr(found[0])[1:-1], str(cell))
