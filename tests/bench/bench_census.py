"""The register decided in SQL (eligibility, audiences, buckets), against a bare `md5_number` scan of the same ids.

BENCH_SUBJECTS (default 10,000,000) sets how many subjects; BENCH_THREADS (default 1) how many threads DuckDB uses.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from rollout_core.flags.anchors import Anchors
from rollout_core.flags.audience import Audience
from rollout_core.flags.holdout import NO_HOLDOUT
from rollout_core.flags.targeting import EVERYBODY, AllOf, Condition, Operator
from rollout_core.rollouts.census import Population
from rollout_core.storage.census import count_population
from rollout_core.storage.register_table import SEPARATOR, Kind, create_tables
from tests.bench.figures import Figure, cpu_seconds, ratio, report

SUBJECTS = int(os.environ.get("BENCH_SUBJECTS", "10000000"))
THREADS = int(os.environ.get("BENCH_THREADS", "1"))
SALT = "5f0c1d2e3b4a59687f"
AT = datetime(2026, 3, 1, tzinfo=UTC)
BARE = """SELECT sum((md5_number(? || id) & 18446744073709551615::UHUGEINT)::UBIGINT % 100000) FROM register"""
COLUMNS = (("tier", Kind.TEXT), ("status", Kind.TEXT), ("roles", Kind.LIST), ("created_at", Kind.INSTANT),
           ("last_active_at", Kind.INSTANT), ("segments", Kind.LIST))
FILL = """
INSERT INTO register BY NAME SELECT 'user' AS unit, 'user-' || i AS id, i::UBIGINT AS subject_key,
  ['free', 'professional', 'enterprise', 'premium'][1 + (hash(i, 1) % 4)::INT] AS s_tier,
  ['active', 'trial', 'suspended'][1 + (hash(i, 2) % 3)::INT] AS s_status,
  [$s || 'pharmacist' || $s, $s || 'cashier' || $s || 'pharmacy_manager' || $s,
   $s || 'technician' || $s][1 + (hash(i, 3) % 3)::INT] AS l_roles,
  TIMESTAMP '2026-03-01' - to_seconds((hash(i, 4) % 31536000)::BIGINT) AS t_created_at,
  TIMESTAMP '2026-03-01' - to_seconds((hash(i, 5) % 7776000)::BIGINT) AS t_last_active_at,
  CASE WHEN hash(i, 6) % 1000 = 0 THEN $s || 'qa' || $s WHEN hash(i, 6) % 20 = 1 THEN $s || 'beta_tester' || $s
       ELSE $s END AS l_segments
FROM range($first::BIGINT, $last::BIGINT) AS numbers(i)
"""
PATIENT = AllOf((
    Condition("tier", Operator.IN, ("professional", "enterprise", "premium")),
    Condition("status", Operator.IN, ("active", "trial")),
    Condition("roles", Operator.HAS_ANY, ("pharmacist", "pharmacy_manager", "super_admin"))))
EVERYONE = Audience("everyone", "Everyone", EVERYBODY)
EXERCISE = (
    Audience("internal", "Internal", Condition("segments", Operator.HAS_ANY, ("development", "qa"))),
    Audience("beta_testers", "Beta testers", Condition("segments", Operator.HAS_ANY, ("beta_tester",))),
    Audience("new_users", "New", Condition("created_at", Operator.NEWER_THAN_DAYS, (30,))),
    Audience("inactive_users", "Inactive", Condition("last_active_at", Operator.OLDER_THAN_DAYS, (30,))),
    EVERYONE)


def fill(cursor: duckdb.DuckDBPyConnection, subjects: int) -> None:
    """A register of so many subjects, as the mirror stores it."""
    create_tables(cursor)
    for attribute, kind in COLUMNS:
        sql = {Kind.INSTANT: "TIMESTAMP"}.get(kind, "VARCHAR")
        cursor.execute(f"ALTER TABLE register ADD COLUMN {kind.value}_{attribute} {sql}")
        cursor.execute("INSERT INTO register_column VALUES (?, ?, ?)", [attribute, kind.value, f"{kind}_{attribute}"])
    for first in range(0, subjects, 1_000_000):
        cursor.execute(FILL, {"s": SEPARATOR, "first": first, "last": min(first + 1_000_000, subjects)})
    cursor.execute("CHECKPOINT")


def figures(cursor: duckdb.DuckDBPyConnection) -> list[Figure]:
    """Both shipped plans' shapes: selective eligibility and one audience; everybody eligible and five audiences."""
    def bare() -> None:
        cursor.execute(BARE, [f"{SALT}:"]).fetchall()

    plans = {"three conditions, one audience": (PATIENT, (EVERYONE,)),
             "everybody eligible, five audiences": (EVERYBODY, EXERCISE)}
    found = []
    for name, (eligibility, audiences) in plans.items():
        population = Population("user", SALT, eligibility, audiences, (), NO_HOLDOUT, Anchors.at(AT))
        found.append(ratio(f"{SUBJECTS:,} subjects decided in SQL, {name}, against a bare scan", 0.5, bare,
                           lambda asked=population: count_population(cursor, asked), rounds=3,
                           note=f"{count_population(cursor, population).eligible():,} eligible; bare scan "
                                f"{cpu_seconds(bare) / SUBJECTS * 1e9:.0f} ns a subject"))
    return found


def main() -> int:
    """Prints the figures of this file beside their bars."""
    with TemporaryDirectory() as directory, duckdb.connect(str(Path(directory) / "census.duckdb")) as connection:
        connection.execute(f"SET threads = {THREADS}")
        connection.execute("SET TimeZone = 'UTC'")
        fill(connection, SUBJECTS)
        return report("Census", figures(connection))


if __name__ == "__main__":
    sys.exit(main())
