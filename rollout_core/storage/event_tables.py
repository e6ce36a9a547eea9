"""The event store's tables: one description for DDL, Arrow schema and documentation.

Times are UTC TIMESTAMP. Values are integers in the kind's smallest unit (microseconds, millionths), so that sums are
the same in every run. `subject_key` is computed in Python (metrics/subject_key.py), never in SQL. Tables of events are
named `event_<kind>` and keep the order of arrival. Nothing here is secret and there are no foreign keys: a copy of the
whole database is a snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa
from duckdb_sqlalchemy.datatypes import HugeInteger, TinyInteger, UBigInteger, UTinyInteger
from sqlalchemy import TIMESTAMP, BigInteger, Boolean, Column, Date, Integer, MetaData, SmallInteger, String, Table
from sqlalchemy.types import TypeEngine

from rollout_core.metrics.event import MAX_UNITS, Kind

SCHEMA_VERSION = 4
METADATA = MetaData()
SLOTS = tuple(f"k{slot}" for slot in range(MAX_UNITS))

ColumnSpec = tuple[str, type[TypeEngine[Any]], str]

COMMON: tuple[ColumnSpec, ...] = (
    ("event_id", String, "The sender's id; the same id is stored once"),
    ("batch", BigInteger, "Number of the write that brought it; grows with arrival"),
    ("occurred_at", TIMESTAMP, "When it happened, UTC, corrected for the client's clock"),
    ("received_at", TIMESTAMP, "When the server got it, UTC"),
    ("client_at", TIMESTAMP, "The client's own time where it was corrected, else null"),
    ("trusted", Boolean, "The sender's arms are believed (server token, import)"),
    *((slot, UBigInteger, f"Subject key of the unit in slot {slot[1]} (table unit_slot)") for slot in SLOTS),
    ("session_key", UBigInteger, "Key of the session, null without one"),
    ("weight_milli", Integer, "Sampling weight in thousandths; 1000 is one"),
    ("release", String, "Build of the sender"),
    ("page", String, "Page it happened on"),
    ("device", String, "Device class, such as phone"),
    ("attributes", String, "Whatever else was sent, JSON"),
)

_NAME: ColumnSpec = ("name", String, "What it is called")
_SEVERITY: ColumnSpec = ("severity", String, "critical | high | medium | low")
_MESSAGE: ColumnSpec = ("message", String, "Text of the sender")
_STATE: ColumnSpec = ("state", String, "started | completed, or opened | resolved")

OWN: Mapping[Kind, tuple[ColumnSpec, ...]] = {
    Kind.EXPOSURE: (
        ("rollout", String, "Rollout"), ("unit", String, "Unit that was assigned"),
        ("subject_key", UBigInteger, "Key of the subject in that unit"),
        ("cluster_bucket", UTinyInteger, "0..127, hash of whom the subject belongs to, own salt"),
        ("arm", String, "Arm as recorded; null from a sender whose arms are not believed"),
        ("reason", String, "Why the subject was in or out, such as in_by_bucket"),
        ("variant", String, "Variant served"),
        ("phase", String, "Phase of the plan"), ("epoch", Integer, "Epoch of the rollout"),
        ("inclusion", Integer, "Of those compared, the chance of being in, buckets 0..100000; with epoch: the stratum"),
        ("flag", String, "Flag asked for"),
    ),
    Kind.FEATURE_USE: (("flag", String, "Flag whose feature was used"), _NAME,
                       ("value", BigInteger, "How long, microseconds")),
    Kind.SESSION: (("value", BigInteger, "Duration, microseconds"),),
    Kind.PAGE_VIEW: (("load_key", UBigInteger, "Key of the page load"),),
    Kind.TASK: (_NAME, _STATE),
    Kind.WEB_VITAL: (
        _NAME, ("metric_id", String, "Id of the measurement; the largest value per id counts"),
        ("load_key", UBigInteger, "Key of the page load"),
        ("value", BigInteger, "Microseconds; CLS: millionths"),
        ("score", Integer, "Lighthouse score of this value, millionths"),
    ),
    Kind.API_REQUEST: (("endpoint", String, "Endpoint"), ("status", SmallInteger, "HTTP status; null: no answer came"),
                       ("value", BigInteger, "Duration, microseconds")),
    Kind.RENDER: (_NAME, ("value", BigInteger, "Duration, microseconds")),
    Kind.ERROR: (("category", String, "javascript | network | api | ..."), _SEVERITY,
                 ("fingerprint", String, "What groups errors"), _NAME, _MESSAGE, ("endpoint", String, "Endpoint")),
    Kind.FEEDBACK: (_NAME, ("value", BigInteger, "Score, millionths"), ("low", Integer, "Scale's low end, millionths"),
                    ("high", Integer, "Scale's high end, millionths"), ("comment", String, "Comment")),
    Kind.SUPPORT_TICKET: (_NAME, _SEVERITY, _STATE, _MESSAGE),
    Kind.CONVERSION: (_NAME, ("value", BigInteger, "Amount, millionths")),
    Kind.HEALTH_CHECK: (_NAME, ("ok", Boolean, "Passed"), _MESSAGE),
    Kind.SECURITY_ISSUE: (_NAME, _SEVERITY, _STATE, _MESSAGE),
    Kind.CUSTOM: (_NAME, ("value", BigInteger, "Value, millionths")),
}
"""Columns that only one kind has, after COMMON."""

_ROLLOUT: ColumnSpec = ("rollout", String, "Rollout; '' in rollups is the whole store, each event once")
_EPOCH: ColumnSpec = ("epoch", Integer, "Epoch; with inclusion: the stratum")
_INCLUSION: ColumnSpec = ("inclusion", Integer, "Of those compared, the chance of being in, buckets 0..100000")
_ARM: ColumnSpec = ("arm", String, "Arm of the span that covers the event, or why there is none")
_METRIC: ColumnSpec = ("metric", String, "Metric key of storage/accumulations.py")
_FLAG: ColumnSpec = ("flag", String, "Flag, '' where the kind has none")
_UNIT: ColumnSpec = ("unit", String, "Unit")
_KEY: ColumnSpec = ("subject_key", UBigInteger, "Subject key in that unit")
_HOUR: ColumnSpec = ("hour", TIMESTAMP, "Start of the hour, UTC")
_DAY: ColumnSpec = ("day", Date, "Day, in the store's reporting time zone (UTC)")
_BUCKET: ColumnSpec = ("bucket", UTinyInteger, "Cluster bucket 0..127")

DERIVED: Mapping[str, tuple[str, tuple[ColumnSpec, ...]]] = {
    "arm_span": ("Who stood on which side from when to when; built from believed exposures", (
        _ROLLOUT, _UNIT, _KEY, ("from_at", TIMESTAMP, "First exposure of the stretch"),
        ("to_at", TIMESTAMP, "Next stretch, or end of the epoch; the far future while open"), _ARM, _EPOCH, _INCLUSION,
        ("phase", String, "Phase of the plan"), ("variant", String, "Variant"),
        ("recorded_arm", String, "Arm as exposed; differs from arm where two arms met in one epoch"),
        _BUCKET, ("entered", Boolean, "The subject's first stretch in this epoch"))),
    "tail_span": ("Spans of those who did something in the last hours, with the time between them", (
        _ROLLOUT, _KEY, ("from_at", TIMESTAMP, "Begins"), ("to_at", TIMESTAMP, "Ends"), _ARM, _EPOCH, _INCLUSION,
        _BUCKET)),
    "subject_day": ("What one subject did on one day; read by adoption, retention, stickiness, covariates, erasure", (
        _UNIT, _KEY, _DAY, ("kind", String, "Kind of event"), ("what", String, "Flag, name, category; '' for the kind"),
        ("n", BigInteger, "How many"), ("x", BigInteger, "Sum, smallest unit"), ("first_at", TIMESTAMP, "First one"))),
    "agg_hour": ("Sums per hour and stratum", (
        _ROLLOUT, _HOUR, _EPOCH, _INCLUSION, _ARM, _FLAG, _METRIC, ("n", BigInteger, "How many"),
        ("w", BigInteger, "Sum of weights, thousandths"), ("s", HugeInteger, "Sum, smallest unit"),
        ("ss", HugeInteger, "Sum of squares"), ("mn", BigInteger, "Smallest"), ("mx", BigInteger, "Largest"))),
    "agg_bucket": ("Sums per day, stratum and cluster bucket, for variances; compared arms only", (
        _ROLLOUT, _DAY, _EPOCH, _INCLUSION, _ARM, _METRIC, _BUCKET, ("d", BigInteger, "Denominator"),
        ("x", HugeInteger, "Numerator"), ("x_capped", HugeInteger, "Numerator, each value capped (frozen_value)"),
        ("x2", HugeInteger, "Sum of squares of the capped values"))),
    "hist_day": ("Log histogram per day: floor(ln x / ln 1.02), -1 for zero", (
        _ROLLOUT, _DAY, _EPOCH, _INCLUSION, _ARM, _METRIC,
        ("slice", String, "'' everything; page:, device:, endpoint:, component: the most frequent of the day"),
        ("b", SmallInteger, "Bin"), ("n", BigInteger, "How many"))),
    "hist_hour": ("Log histogram per hour of everything, of the present day and the one before", (
        _ROLLOUT, _HOUR, _EPOCH, _INCLUSION, _ARM, _METRIC, ("b", SmallInteger, "Bin"),
        ("n", BigInteger, "How many"))),
    "rating_day": ("Counts of feedback scores per day", (
        _ROLLOUT, _DAY, _EPOCH, _INCLUSION, _ARM, _METRIC, ("low", Integer, "Scale's low end, millionths"),
        ("high", Integer, "Scale's high end, millionths"), ("k", Integer, "Score, rounded"),
        ("n", BigInteger, "How many"))),
    "exposure_hour": ("Subjects that entered an epoch, per hour and stratum", (
        _ROLLOUT, _HOUR, ("phase", String, "Phase of the plan"), _EPOCH, _INCLUSION, _ARM,
        ("entered", BigInteger, "Subjects whose first stretch in the epoch began"))),
    "subject_first": ("The first event of a sort per subject and epoch, after its exposure", (
        _ROLLOUT, _EPOCH, _KEY, _METRIC, _INCLUSION, _ARM, ("first_at", TIMESTAMP, "When"),
        ("value", BigInteger, "Its value, smallest unit"))),
    "error_group": ("Errors by fingerprint: what they are and when they were first and last seen", (
        ("fingerprint", String, "What groups errors"), ("category", String, "Category"), _SEVERITY, _NAME, _MESSAGE,
        ("release", String, "Build of the newest one"), ("first_at", TIMESTAMP, "First seen"),
        ("last_at", TIMESTAMP, "Last seen"))),
}
"""Tables made from events; windows delete and insert whole hours and days of them."""

LEDGER: Mapping[str, tuple[str, tuple[ColumnSpec, ...]]] = {
    "store_meta": ("Facts about this store", (("name", String, "Name"), ("value", String, "Value"))),
    "unit_slot": ("Which unit stands in which slot of the event tables", (
        ("slot", TinyInteger, "0..3"), _UNIT)),
    "watermark": ("How far jobs have come", (
        ("name", String, "windows | spans | tail | hours"),
        ("reached_at", TIMESTAMP, "Everything before is done; tail, hours: followed, kept from then on"),
        ("batch", BigInteger, "Everything up to this batch is done"))),
    "batch_token": ("Writes that were acknowledged: a repeated token is not written again", (
        ("token", String, "The writer's token; for imports file and offset"),
        ("batch", BigInteger, "Number of the write"),
        ("received_at", TIMESTAMP, "When"), ("stored", BigInteger, "Events stored"),
        ("duplicates", BigInteger, "Events known already"), ("rejected", BigInteger, "Events refused"))),
    "ingest_hour": ("What became of what was sent; rows of an hour add up", (
        _HOUR, ("kind", String, "Kind, '' when unreadable"), ("outcome", String, "stored | duplicate | why refused"),
        ("n", BigInteger, "How many"))),
    "dead_letter": ("Refused events with the reason", (
        ("batch", BigInteger, "Number of the write"), ("received_at", TIMESTAMP, "When"),
        ("reason", String, "metrics.event_checks.Refusal"),
        ("detail", String, "What was wrong"), ("event_id", String, "The sender's id, if readable"),
        ("kind", String, "Kind, if readable"), ("sender", String, "Who sent it"),
        ("raw", String, "What was sent, shortened"))),
    "dirty_hour": ("Closed hours that a late event touched; rebuilt by the next pass", (_HOUR,)),
    "day_aside": ("Days that could not be rebuilt; tried again later", (
        _DAY, ("failed_at", TIMESTAMP, "Newest attempt"), ("tries", Integer, "Attempts"),
        ("why", String, "What the database said"))),
    "day_stamp": ("Grows whenever a day's rollups are rebuilt", (
        _DAY, ("stamp", BigInteger, "Of the newest rebuild; on day 0001-01-01: of all days at once"))),
    "rollout_mirror": ("Rollouts as the control store knows them", (
        _ROLLOUT, _UNIT, ("lateness_s", Integer, "How long a window waits, seconds"),
        ("names", String, "Names its plan knows, JSON list; rollups keep them apart"))),
    "epoch_mirror": ("Epochs as the control store knows them", (
        _ROLLOUT, _EPOCH, ("began_at", TIMESTAMP, "Began"), ("ended_at", TIMESTAMP, "Next one began; null: in force"),
        ("phase", String, "Phase"), ("percentage", Integer, "Share, buckets"),
        ("thresholds", String, "Threshold per audience, JSON"), ("served", String, "Flags switched on, JSON"),
        ("cause", String, "Verb that opened it"))),
    "frozen_value": ("Caps and reference quantiles, fixed before the data they are applied to", (
        _ROLLOUT, _METRIC, ("purpose", String, "cap, or above...: the share of values above it is counted"),
        ("value", BigInteger, "Smallest unit"), ("from_at", TIMESTAMP, "Applied to events from then on"))),
}
"""What the store keeps about itself."""

ARROW: Mapping[type[TypeEngine[Any]], pa.DataType] = {
    String: pa.string(), BigInteger: pa.int64(), Integer: pa.int32(), SmallInteger: pa.int16(), Boolean: pa.bool_(),
    TIMESTAMP: pa.timestamp("us"), UBigInteger: pa.uint64(), UTinyInteger: pa.uint8(), Date: pa.date32(),
}


def event_table(kind: Kind | str) -> str:
    """The table of a kind."""
    return f"event_{Kind(kind).value}"


def columns_of(kind: Kind) -> tuple[ColumnSpec, ...]:
    """All columns of a kind's table, in order."""
    return COMMON + OWN[kind]


@cache
def arrow_schema(kind: Kind) -> pa.Schema:
    """The Arrow schema of a kind's table."""
    return pa.schema([(name, ARROW[column_type]) for name, column_type, _ in columns_of(kind)])


def _table(name: str, comment: str, columns: tuple[ColumnSpec, ...]) -> Table:
    return Table(name, METADATA, *(Column(key, kind, comment=text) for key, kind, text in columns), comment=comment)


EVENT_TABLES: Mapping[Kind, Table] = {
    kind: _table(event_table(kind), f"Events of kind {kind.value}, in order of arrival", columns_of(kind))
    for kind in Kind
}
TABLES: Mapping[str, Table] = {
    **{table.name: table for table in EVENT_TABLES.values()},
    **{name: _table(name, comment, columns) for name, (comment, columns) in {**DERIVED, **LEDGER}.items()},
}
