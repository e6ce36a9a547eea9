"""How fast flags are evaluated, against a bare bucket function; what importing them costs, over bare Python."""

from __future__ import annotations

import json
import subprocess
import sys
from _md5 import md5
from datetime import UTC, datetime

from rollout_core.flags.audience import Audience
from rollout_core.flags.evaluation import compile_rollout, evaluate, is_on
from rollout_core.flags.flag import Flag
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.flags.targeting import EVERYBODY, AllOf, Condition, Operator
from tests.bench.figures import Figure, at_most, ratio, report

SUBJECTS = 100_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ELIGIBLE = AllOf((
    Condition("tier", Operator.IN, ("professional", "enterprise", "premium")),
    Condition("status", Operator.IN, ("active", "trial")),
    Condition("roles", Operator.HAS_ANY, ("pharmacist", "pharmacy_manager", "super_admin"))))
SERVED = ServedRollout(
    key="bench", unit="workspace", plan="bench", plan_version=1, status="running", phase="half", epoch=3,
    epoch_began_at=NOW, revision=3, salt="5f0c1d2e3b4a59687f", eligibility=ELIGIBLE,
    audiences=(Audience("everyone", "Everyone", EVERYBODY),), thresholds={"everyone": 50_000},
    ever={"everyone": 50_000}, flags=(Flag("main", "Main"), Flag("part", "Part", prerequisite="main")),
    served=frozenset({"main", "part"}))
HEAVY = ("numpy", "pandas", "duckdb", "streamlit")
PROBE = """
import json, sys, time
{statement}
pages = int(open("/proc/self/statm").read().split()[1])
print(json.dumps([time.process_time(), pages * 4096 / 2**20, [name for name in {heavy!r} if name in sys.modules]]))
"""


def bare_bucket(salt: str, subject: str) -> int:
    """The yardstick: a bucket and nothing else, on CPython's own md5."""
    return int.from_bytes(md5(f"{salt}:{subject}".encode()).digest()[:8], "little") % 100_000


def evaluations() -> list[Figure]:
    """Boolean answers and full decisions, 100,000 subjects each; every second one is eligible, as many in as out."""
    compiled = compile_rollout(SERVED)
    people = [(f"workspace-{number}", {"tier": "premium", "status": "trial", "roles": ("cashier", "pharmacist")})
              for number in range(SUBJECTS)]

    def bare() -> None:
        salt = SERVED.salt
        for subject, _ in people:
            bare_bucket(salt, subject)

    def boolean() -> None:
        for subject, attributes in people:
            is_on(compiled, "part", subject, attributes, NOW)

    def full() -> None:
        for subject, attributes in people:
            evaluate(compiled, "part", subject, attributes, NOW)

    return [ratio("boolean evaluation, 3 conditions, against a bare bucket", 0.5, bare, boolean, rounds=31),
            ratio("full decision with reasons, against a bare bucket", 0.35, bare, full, rounds=31)]


def imports(rounds: int = 7) -> list[Figure]:
    """CPU time and memory of `import rollout_core.flags` over a Python that imports nothing."""
    times, sizes, heavy = [], [], set()
    for _ in range(rounds):
        bare, loaded = _probe("pass"), _probe("import rollout_core.flags")
        times.append((loaded[0] - bare[0]) * 1000)
        sizes.append(loaded[1] - bare[1])
        heavy |= set(loaded[2])
    note = f"HEAVY IMPORTS: {', '.join(sorted(heavy))}" if heavy else "none of numpy, pandas, duckdb, streamlit"
    return [at_most("import rollout_core.flags over bare Python", 60, "ms", times, note),
            at_most("its memory over bare Python", 10, "MB", sizes),
            at_most("heavy modules it pulls in", 0, "modules", [float(len(heavy))])]


def _probe(statement: str) -> tuple[float, float, list[str]]:
    """CPU seconds, megabytes and heavy modules of a fresh Python that runs one statement."""
    code = PROBE.format(statement=statement, heavy=HEAVY)
    seconds, megabytes, heavy = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True,
                                                          check=True).stdout)
    return seconds, megabytes, heavy


def main() -> int:
    """Prints the figures of this file beside their bars."""
    return report("Flags", [*imports(), *evaluations()])


if __name__ == "__main__":
    sys.exit(main())
