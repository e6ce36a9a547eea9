"""Real data, imported by the shipped mappings into a throw-away store: the product gives the known answers.

The files are not part of this repository: they are looked for under ROLLOUT_TEST_DATASETS (default: `shared/datasets`
beside the checkout). Where a file is missing its tests are skipped and say so.
"""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollout_core.control.import_file import ImportFile, import_file
from rollout_core.insight import QUESTIONS
from rollout_core.metrics.measured import Window
from rollout_core.ports.event_questions import DeadLetters, Ratings, Totals
from rollout_core.ports.event_store import MirroredRollout
from rollout_core.ports.room import Room
from tests.fakes.import_rooms import ADMIN, NOW, import_room

ROOT = Path(__file__).parents[2]
DATASETS = Path(os.environ.get("ROLLOUT_TEST_DATASETS", ROOT.parent / "shared" / "datasets"))

ALL_TIME = Window(datetime(1990, 1, 1, tzinfo=UTC), NOW)


def imported(directory: Path, file: str, mapping: str) -> tuple[Room, dict[str, object]]:
    """A room holding one imported file, and the result of the import."""
    path = DATASETS / file
    if not path.exists():
        pytest.skip(f"{file} is not under {DATASETS}; set ROLLOUT_TEST_DATASETS to the folder that has it")
    room = import_room(directory)
    change = import_file(room, ADMIN, ImportFile(str(path), str(ROOT / "data" / "mappings" / mapping)))
    return room, dict(change.result)


def ask(room: Room, sql: str) -> tuple[object, ...]:
    """The single row of a question in SQL, through the store's own sandbox."""
    (row,) = room.events.query(sql).rows
    return row


@pytest.fixture(scope="module")
def rum(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return imported(tmp_path_factory.mktemp("rum"), "adobe-rum-bundles/cruncher.fixture.json.gz",
                    "adobe_rum_bundles.yaml")[0]


class TestRumBundles:
    """Adobe's rum-distiller: 969 bundles of a month, each standing for 1, 10 or 100 page loads.

    The library's own tests (test/series.test.js) give 89,322 page views, 27,006 visits, 16,304 bounces; p75 LCP 1134
    (nearest rank 1134.6, rounded down), INP 24, TTFB 333, CLS 0.00.
    """

    @pytest.mark.parametrize(("metric", "weight"), [
        ("page_views", 89_322), ("session_errors", 27_006), ("custom:bounce", 16_304)])
    def test_weights_add_up_to_the_known_traffic(self, rum: Room, metric: str, weight: int) -> None:
        """Every visit is one session; the sum of weights is kept in thousandths."""
        (found,) = rum.events.measure(Totals(ALL_TIME, (metric,), by=("metric",))).records()
        assert found["w"] == weight * 1_000

    @pytest.mark.parametrize(("vital", "microseconds_from", "microseconds_to"), [
        ("LCP", 1_134_000, 1_135_000), ("INP", 24_000, 24_000), ("TTFB", 333_000, 333_000), ("CLS", 0, 4_999)])
    def test_the_75th_percentile_of_each_vital_is_the_known_one(
            self, rum: Room, vital: str, microseconds_from: int, microseconds_to: int) -> None:
        """Nearest rank over the largest value of each metric id; CLS is kept in millionths, so 0.00 is below 5,000."""
        (p75,) = ask(rum, "SELECT quantile_disc(v, 0.75) FROM (SELECT max(value) AS v FROM web_vitals "
                           f"WHERE name = '{vital}' GROUP BY metric_id)")
        assert microseconds_from <= int(str(p75)) <= microseconds_to


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Room:
    room, result = imported(tmp_path_factory.mktemp("heartsteps"), "heartsteps/suggestions.csv.gz", "heartsteps.yaml")
    assert result["read"] == 8_274
    room.events.mirror([MirroredRollout("heartsteps", "decision")], [])
    room.events.close_windows(NOW)
    return room


class TestHeartSteps:
    """A micro-randomised trial that brings its own arms: 8,274 decision points of 37 users, one of them without a time.

    Among available decision points a suggestion raises log steps by about 12.4 % (adjusted for the steps before).
    """

    def test_every_decision_point_is_stored_or_a_dead_letter_with_its_reason(self, trial: Room) -> None:
        stored = ask(trial, "SELECT count(*) FROM exposures")
        letters = trial.events.measure(DeadLetters()).records()
        assert (stored, [letter["detail"] for letter in letters]) == ((8_273,), ["occurred_at: there is no time"])

    def test_the_recorded_arms_are_kept(self, trial: Room) -> None:
        found = trial.events.query("SELECT arm, count(*) FROM exposures GROUP BY arm ORDER BY arm").rows
        assert found == [("control", 2_675), ("none", 1_683), ("treatment", 3_915)]

    def test_answers_are_feedback_on_a_scale_from_0_to_1(self, trial: Room) -> None:
        assert ask(trial, "SELECT count(*), sum(value) // 1000000, min(low), max(high) // 1000000 "
                          "FROM feedback WHERE name = 'suggestion'") == (2_027, 1_458, 0, 1)

    def test_decision_points_belong_to_37_users(self, trial: Room) -> None:
        (users,) = ask(trial, f"SELECT count(DISTINCT {_slot(trial, 'user')}) FROM exposures")
        assert users == 37

    def test_a_suggestion_raises_steps_by_12_4_percent(self, trial: Room) -> None:
        """Analysis of covariance on ln(steps + 0.5), missing steps as 0, arms from the store's own spans:
        effect = (mean after, treatment - control) - slope x (mean before, treatment - control)."""
        key = _slot(trial, "decision")
        rows = trial.events.query(
            f"WITH steps AS (SELECT {key} AS subject, name, ln(coalesce(value, 0) / 1e6 + 0.5) AS v "
            "FROM custom_events WHERE name LIKE 'steps_%'), "
            "pairs AS (SELECT s.arm, a.v AS after, b.v AS before FROM spans AS s JOIN steps AS a "
            "ON a.subject = s.subject_key AND a.name = 'steps_30_minutes_after' JOIN steps AS b "
            "ON b.subject = s.subject_key AND b.name = 'steps_30_minutes_before' "
            "WHERE s.rollout = 'heartsteps' AND s.arm IN ('treatment', 'control')) "
            "SELECT arm, count(*), avg(after), avg(before), covar_pop(after, before) * count(*), "
            "var_pop(before) * count(*) FROM pairs GROUP BY arm ORDER BY arm").rows
        control, treatment = rows
        slope = (control[4] + treatment[4]) / (control[5] + treatment[5])
        effect = treatment[2] - control[2] - slope * (treatment[3] - control[3])
        assert (control[1], treatment[1]) == (2_675, 3_915)
        assert math.expm1(effect) == pytest.approx(0.124, abs=0.0005)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> tuple[Room, dict[str, object]]:
    return imported(tmp_path_factory.mktemp("reviews"), "elastic-examples/anonreviews.csv.bz2",
                    "anonymous_reviews.yaml")


class TestReviews:
    """Elastic's anonymous reviews: 578,805 ratings in one import, mean 4.680, 530 zeros on a scale from 0 to 5."""

    def test_all_ratings_arrive_in_one_import(self, reviews: tuple[Room, dict[str, object]]) -> None:
        assert {name: reviews[1][name] for name in ("read", "stored", "duplicates", "rejected")} == {
            "read": 578_805, "stored": 578_805, "duplicates": 0, "rejected": 0}

    def test_the_mean_counts_530_zeros_as_ratings(self, reviews: tuple[Room, dict[str, object]]) -> None:
        counts = reviews[0].events.measure(Ratings(ALL_TIME, by=())).records()
        total = sum(row["n"] for row in counts)
        assert round(sum(row["k"] * row["n"] for row in counts) / total, 3) == 4.680
        assert sum(row["n"] for row in counts if row["k"] == 0) == 530


@pytest.fixture(scope="module")
def purchases(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return imported(tmp_path_factory.mktemp("cdnow"), "cdnow/CDNOW_master.txt", "cdnow.yaml")[0]


class TestPurchases:
    """CDNOW: of 23,570 customers 17.46, 29.22 and 45.86 % bought again within 30, 90 and 365 days of the first time."""

    @pytest.mark.parametrize(("days", "percent"), [(30, 17.46), (90, 29.22), (365, 45.86)])
    def test_the_known_share_of_customers_came_back(self, purchases: Room, days: int, percent: float) -> None:
        key = _slot(purchases, "customer")
        (share,) = ask(
            purchases, f"WITH first AS (SELECT {key} AS c, min(occurred_at) AS f FROM conversions GROUP BY 1) "
            f"SELECT count(DISTINCT c) FILTER (date_diff('day', f, occurred_at) BETWEEN 1 AND {days}) "
            f"/ count(DISTINCT c) FROM conversions JOIN first ON first.c = {key}")
        assert round(100 * float(str(share)), 2) == percent

    def test_customers_are_in_the_register(self, purchases: Room) -> None:
        with purchases.control.read() as unit:
            assert unit.register.count("customer") == 23_570


class TestAggregates:
    """ASOS: sums instead of events, kept unchanged."""

    def test_every_row_is_kept_with_its_exact_sums(self, tmp_path: Path) -> None:
        room, result = imported(tmp_path, "asos-dev/asos_dev.csv", "asos_aggregates.yaml")
        assert (result["stored"], result["rejected"]) == (5_940, 0)
        assert ask(room, "SELECT count(*), min(occurred_at) >= TIMESTAMP '2020-01-01' FROM custom_events "
                         "WHERE name = 'aggregate'") == (5_940, True)


    def test_the_product_finds_what_is_known_of_these_experiments(self, tmp_path: Path) -> None:
        """75 usable streams; 45 have |z| > 1.96 at some look, 15 at the last; 12 cross the always-valid bound."""
        room, _ = imported(tmp_path, "asos-dev/asos_dev.csv", "asos_aggregates.yaml")
        question = QUESTIONS["aggregates"]
        found = question.answer(room, question.request())
        assert (found.usable, found.naive_any, found.naive_last, found.differs) == (75, 45, 15, 12)


SERIES = (*(f"application-crash-rate-2/app2-{number:02}.csv" for number in range(1, 11)),
          "service-unavailable/unavail-01.csv")


class TestWatchedSeries:
    """Microsoft's cloud monitoring: 67 labelled incidents in 10 hourly series, and 15,840 healthy minutes."""

    def test_found_missed_and_false_are_those_of_the_documentation(self, tmp_path: Path) -> None:
        """docs/statistics.md: 32 found, 35 missed, 42 false alerts in ten times 46 days, none in the healthy series."""
        room = import_room(tmp_path)
        for file in SERIES:
            path = DATASETS / "ms-cloud-dev" / file
            if not path.exists():
                pytest.skip(f"{file} is not under {DATASETS}; set ROLLOUT_TEST_DATASETS to the folder that has it")
            import_file(room, ADMIN, ImportFile(str(path), str(ROOT / "data" / "mappings" / "series.yaml")))
        question = QUESTIONS["watched_series"]
        found = question.answer(room, question.request())
        assert (found.incidents, found.found, found.missed, found.false) == (67, 32, 35, 42)
        (healthy,) = [each for each in found.series if each.name == "unavail-01"]
        assert (healthy.values, healthy.alerts) == (15_840, ())


def _slot(room: Room, unit: str) -> str:
    """The column that holds the keys of a unit in this store."""
    (slot,) = ask(room, f"SELECT slot FROM units WHERE unit = '{unit}'")
    return f"k{slot}"


def test_the_clock_of_these_tests_is_after_all_of_the_data() -> None:
    assert datetime(2024, 6, 1, tzinfo=UTC) < NOW
