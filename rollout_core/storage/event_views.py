"""The views that people may query (`rollout sql`, the explore page): the events without the store's own book-keeping.

Subjects appear by key only; dead letters, which hold what was sent, are not among them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from rollout_core.metrics.event import Kind
from rollout_core.storage.event_tables import columns_of, event_table

HIDDEN_COLUMNS = frozenset({"batch", "attributes", "comment"})

DERIVED_VIEWS: Mapping[str, str] = {
    "spans": "arm_span", "subject_days": "subject_day", "hours": "agg_hour", "buckets": "agg_bucket",
    "histograms": "hist_day", "ratings": "rating_day", "entered": "exposure_hour", "error_groups": "error_group",
    "rollouts": "rollout_mirror", "epochs": "epoch_mirror", "units": "unit_slot",
}
"""View -> table, all columns."""


def view_of(kind: Kind) -> str:
    """The view of a kind: its plural, such as `web_vitals`."""
    plural = {Kind.FEATURE_USE: "feature_uses", Kind.FEEDBACK: "feedback", Kind.CUSTOM: "custom_events"}
    return plural.get(kind, f"{kind.value}s")


def view_definitions() -> dict[str, str]:
    """View name -> its SELECT. The keys are the allow-list of the sandbox."""
    events = {
        view_of(kind): f"SELECT {', '.join(name for name, _, _ in columns_of(kind) if name not in HIDDEN_COLUMNS)} "
                       f"FROM {event_table(kind)}"
        for kind in Kind
    }
    return {**events, **{view: f"SELECT * FROM {table}" for view, table in DERIVED_VIEWS.items()}}


def create_views(connection: Connection) -> None:
    """Creates or replaces all views."""
    for name, select in view_definitions().items():
        connection.execute(text(f"CREATE OR REPLACE VIEW {name} AS {select}"))
