"""The views that people may query (`rollout sql`, the explore page): the events without the store's own book-keeping.

Subjects appear by key only; dead letters, which hold what was sent, are not among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from duckdb_sqlalchemy import Dialect
from sqlalchemy import Connection
from sqlalchemy.types import TypeEngine

from rollout_core.metrics.event import Kind
from rollout_core.storage.event_tables import DERIVED, LEDGER, ColumnSpec, columns_of, event_table

HIDDEN_COLUMNS = frozenset({"batch", "attributes", "comment"})

DERIVED_VIEWS: Mapping[str, str] = {
    "spans": "arm_span", "subject_days": "subject_day", "hours": "agg_hour", "buckets": "agg_bucket",
    "histograms": "hist_day", "ratings": "rating_day", "entered": "exposure_hour", "error_groups": "error_group",
    "rollouts": "rollout_mirror", "epochs": "epoch_mirror", "units": "unit_slot",
}
"""View -> table, all columns."""

COLUMNS_VIEW = "view_columns"
"""The view that describes the others, itself not among them."""


def view_of(kind: Kind) -> str:
    """The view of a kind: its plural, such as `web_vitals`."""
    plural = {Kind.FEATURE_USE: "feature_uses", Kind.FEEDBACK: "feedback", Kind.CUSTOM: "custom_events"}
    return plural.get(kind, f"{kind.value}s")


@cache
def view_definitions() -> dict[str, str]:
    """View name -> its SELECT. The keys are the allow-list of the sandbox."""
    return {**_data_views(), COLUMNS_VIEW: _columns_select()}


def _data_views() -> dict[str, str]:
    events = {
        view_of(kind): f"SELECT {', '.join(name for name, _, _ in columns_of(kind) if name not in HIDDEN_COLUMNS)} "
                       f"FROM {event_table(kind)}"
        for kind in Kind
    }
    return {**events, **{view: f"SELECT * FROM {table}" for view, table in DERIVED_VIEWS.items()}}


def _columns_select() -> str:
    """Every column of every view with its type and what it means, as rows."""
    described: list[tuple[str, Iterable[ColumnSpec]]] = [
        (view_of(kind), (each for each in columns_of(kind) if each[0] not in HIDDEN_COLUMNS)) for kind in Kind]
    described += [(view, {**DERIVED, **LEDGER}[table][1]) for view, table in DERIVED_VIEWS.items()]
    rows = ", ".join(f"({_text(view)}, {place}, {_text(name)}, {_text(_type_name(kind))}, {_text(meaning)})"
                     for view, columns in described for place, (name, kind, meaning) in enumerate(columns, 1))
    return f"SELECT * FROM (VALUES {rows}) AS c(view_name, place, column_name, column_type, meaning)"


def _type_name(kind: type[TypeEngine[Any]]) -> str:
    return str(kind().compile(dialect=Dialect())).upper().removesuffix(" WITHOUT TIME ZONE")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def create_views(connection: Connection) -> None:
    """Creates or replaces all views."""
    for name, select in view_definitions().items():
        connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {name} AS {select}")
