"""The control store's tables. Most hold a value as JSON (`document`) beside the columns it is found by.

The values are small, read whole and belong to one class each, so columns for every field would only have to be kept in
step with that class. No foreign keys: the trail and the decisions outlive what they speak of.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

from rollout_core.storage.control_columns import UtcText

METADATA = MetaData()

META = Table("meta", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

PLANS = Table(
    "plans", METADATA,
    Column("key", Text, primary_key=True), Column("version", Integer, primary_key=True),
    Column("note", Text, nullable=False), Column("saved_at", UtcText, nullable=False),
    Column("saved_by", Text, nullable=False), Column("source", Text, nullable=False),
    Column("document", Text, nullable=False))

ROLLOUTS = Table(
    "rollouts", METADATA,
    Column("key", Text, primary_key=True), Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False), Column("document", Text, nullable=False))

EPOCHS = Table(
    "epochs", METADATA,
    Column("rollout", Text, primary_key=True), Column("number", Integer, primary_key=True),
    Column("began_at", UtcText, nullable=False), Column("document", Text, nullable=False))

AUDIT = Table(
    "audit", METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False), Column("at", UtcText, nullable=False),
    Column("rollout", Text), Column("verb", Text, nullable=False), Column("body", LargeBinary, nullable=False),
    Column("previous", Text, nullable=False), Column("hash", Text, nullable=False),
    Index("audit_by_rollout", "rollout", "seq"))

AUDIT_NAMES = Table(
    "audit_names", METADATA,
    Column("subject", Text, primary_key=True), Column("unit", Text, nullable=False), Column("id", Text, nullable=False))

DECISIONS = Table(
    "decisions", METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False), Column("rollout", Text, nullable=False),
    Column("epoch", Integer, nullable=False), Column("swept_at", UtcText, nullable=False),
    Column("document", Text, nullable=False),
    Index("decisions_once", "rollout", "epoch", "swept_at", unique=True),
    Index("decisions_by_rollout", "rollout", "number"))

ALERTS = Table(
    "alerts", METADATA,
    Column("id", Text, primary_key=True), Column("rollout", Text, nullable=False), Column("rule", Text, nullable=False),
    Column("scope", Text, nullable=False), Column("state", Text, nullable=False),
    Column("changed_at", UtcText, nullable=False), Column("document", Text, nullable=False),
    Index("alerts_once", "rollout", "rule", "scope", unique=True), Index("alerts_by_state", "state", "changed_at"))

ALERT_HISTORY = Table(
    "alert_history", METADATA,
    Column("alert", Text, primary_key=True), Column("number", Integer, primary_key=True),
    Column("document", Text, nullable=False))

ISSUES = Table(
    "issues", METADATA,
    Column("id", Text, primary_key=True), Column("rollout", Text, nullable=False), Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False), Column("state", Text, nullable=False),
    Column("changed_at", UtcText, nullable=False), Column("document", Text, nullable=False),
    Index("issues_by_source", "rollout", "kind", "source"), Index("issues_by_state", "state", "changed_at"))

TICKS = Table(
    "checklist_ticks", METADATA,
    Column("rollout", Text, primary_key=True), Column("item", Text, primary_key=True),
    Column("document", Text, nullable=False))

WAIVERS = Table(
    "checklist_waivers", METADATA,
    Column("rollout", Text, primary_key=True), Column("item", Text, primary_key=True),
    Column("document", Text, nullable=False))

SIGNOFFS = Table(
    "signoffs", METADATA,
    Column("rollout", Text, primary_key=True), Column("phase", Text, primary_key=True),
    Column("criterion", Text, primary_key=True), Column("number", Integer, primary_key=True),
    Column("document", Text, nullable=False))

OVERRIDES = Table(
    "overrides", METADATA,
    Column("rollout", Text, primary_key=True), Column("subject", Text, primary_key=True),
    Column("flag", Text, primary_key=True), Column("document", Text, nullable=False))

PEOPLE = Table(
    "people", METADATA, Column("name", Text, primary_key=True), Column("document", Text, nullable=False))

LINKS = Table(
    "sign_in_links", METADATA, Column("secret_hash", Text, primary_key=True), Column("document", Text, nullable=False))

SESSIONS = Table(
    "sessions", METADATA,
    Column("secret_hash", Text, primary_key=True), Column("id", Text, nullable=False, unique=True),
    Column("person", Text, nullable=False), Column("expires_at", UtcText, nullable=False),
    Column("document", Text, nullable=False), Index("sessions_by_person", "person"))

TOKENS = Table(
    "tokens", METADATA,
    Column("secret_hash", Text, primary_key=True), Column("id", Text, nullable=False, unique=True),
    Column("created_at", UtcText, nullable=False), Column("document", Text, nullable=False))

REGISTER = Table(
    "register", METADATA,
    Column("unit", Text, primary_key=True), Column("id", Text, primary_key=True),
    Column("attributes", Text, nullable=False), Column("change", BigInteger, nullable=False),
    Index("register_by_change", "change"), sqlite_with_rowid=False)

REGISTER_REMOVED = Table(
    "register_removed", METADATA,
    Column("change", BigInteger, primary_key=True, autoincrement=False), Column("unit", Text, nullable=False),
    Column("id", Text, nullable=False))

OUTBOX = Table(
    "outbox", METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False), Column("state", Text, nullable=False),
    Column("next_at", UtcText), Column("document", Text, nullable=False), Index("outbox_by_state", "state", "id"))

SAVED_QUESTIONS = Table(
    "saved_questions", METADATA,
    Column("id", Text, primary_key=True), Column("folded_name", Text, nullable=False, unique=True),
    Column("document", Text, nullable=False))

REPLAYS = Table(
    "replays", METADATA,
    Column("principal", Text, primary_key=True), Column("key", Text, primary_key=True),
    Column("answered_at", UtcText, nullable=False), Column("document", Text, nullable=False),
    Index("replays_by_time", "answered_at"))
