"""Anybody may send any name; rollups keep the frequent and the known ones apart and lose nobody's events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Accepted
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import Totals
from rollout_core.ports.event_store import MirroredEpoch, MirroredRollout
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.rare_names import KEPT_AN_HOUR
from tests.fakes.made_events import at, batch, exposed, made

MANY = 4 * KEPT_AN_HOUR


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    """Rollout ex, whose plan knows flag F and "checkout"; a is treated."""
    opened = DuckdbEventStore(None, b"s" * 32)
    opened.mirror([MirroredRollout("ex", "user", names=frozenset({"F", "checkout"}))], [MirroredEpoch("ex", 1, at(0))])
    opened.write(batch(exposed(0.1, "a", "treatment")))
    yield opened
    opened.close()


def rolled(store: DuckdbEventStore, prefix: str, rollout: str = "ex") -> dict[str, tuple[int, int]]:
    """name -> (n, s) of the metrics with a prefix, all hours of the treatment (or of the whole store)."""
    store.close_windows(at(5))
    arm = "treatment" if rollout else "all"
    found = store.query(f"SELECT metric, sum(n)::BIGINT, sum(s)::BIGINT FROM hours WHERE rollout = '{rollout}' "
                        f"AND arm = '{arm}' AND starts_with(metric, '{prefix}') GROUP BY 1").rows
    return {metric.removeprefix(prefix): (n, s) for metric, n, s in found}


def conversion(name: str, hour: float = 1.5) -> Accepted:
    return made(Kind.CONVERSION, hour, "a", name=name, value=2.0)


def test_an_hour_has_no_more_rows_than_are_kept_and_the_total_stays(store: DuckdbEventStore) -> None:
    events = [conversion(f"n{number:04}") for number in range(MANY)]
    store.write(batch(*events, *(conversion("often") for _ in range(3))))
    found = rolled(store, "conversion:")
    assert len(found) == KEPT_AN_HOUR + 1
    assert found["often"] == (3, 6_000_000)
    # 200 names once each, 49 of them kept beside "often": 151 are others.
    assert found["other"] == (MANY - (KEPT_AN_HOUR - 1), (MANY - (KEPT_AN_HOUR - 1)) * 2_000_000)
    assert sum(n for n, _ in found.values()) == MANY + 3 == rolled(store, "conversions")[""][0]


def test_a_name_that_the_plan_knows_is_kept_however_rare(store: DuckdbEventStore) -> None:
    often = [conversion(f"n{number:04}") for number in range(MANY) for _ in range(2)]
    store.write(batch(*often, conversion("checkout")))
    found = rolled(store, "conversion:")
    assert found["checkout"] == (1, 2_000_000)
    assert len(found) == KEPT_AN_HOUR + 2       # 50 made-up ones, "checkout" beside them, "other"


def test_every_hour_has_its_own_most_frequent_names(store: DuckdbEventStore) -> None:
    store.write(batch(*(conversion(f"n{number:04}") for number in range(MANY)), conversion("n0199", 2.5)))
    # In hour 1 all are equally frequent and the first by name are kept; in hour 2 n0199 is alone.
    assert rolled(store, "conversion:")["n0199"] == (1, 2_000_000)


def test_few_names_are_kept_as_they_are(store: DuckdbEventStore) -> None:
    store.write(batch(*(conversion(f"n{number:04}") for number in range(KEPT_AN_HOUR))))
    assert "other" not in rolled(store, "conversion:")


def test_made_up_flags_end_too_and_the_plan_s_flag_keeps_its_uses(store: DuckdbEventStore) -> None:
    uses = [made(Kind.FEATURE_USE, 1.5, "a", flag=f"f{number:04}") for number in range(MANY) for _ in range(2)]
    store.write(batch(*uses, made(Kind.FEATURE_USE, 1.5, "a", flag="F")))
    store.close_windows(at(5))
    rows = store.measure(Totals(Window(at(0), at(5)), ("feature_use",), "ex", ("flag",))).records()
    by_flag = {row["flag"]: row["n"] for row in rows}
    assert by_flag["F"] == 1
    assert len(by_flag) == KEPT_AN_HOUR + 2
    assert sum(by_flag.values()) == 2 * MANY + 1


def test_a_session_with_many_rare_categories_counts_once_among_the_others(store: DuckdbEventStore) -> None:
    errors = [made(Kind.ERROR, 1.5, "a", category=f"c{number:04}", severity="low", session=f"s{number % 2}",
                   message="x", name="E") for number in range(MANY)]
    sessions = [made(Kind.SESSION, 1.4, "a", session=name, value=1.0) for name in ("s0", "s1")]
    store.write(batch(*sessions, *errors))
    found = rolled(store, "session_errors:")
    assert found["other"] == (0, 2)
    assert rolled(store, "errors:")["other"][0] == MANY - KEPT_AN_HOUR
    assert rolled(store, "session_errors", "")[""] == (2, 2)
