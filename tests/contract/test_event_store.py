"""What every adapter of the event-store port must do; run under a zone that is not UTC."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from rollout_core.errors import DiskFull, QueryRefused, StoreCorrupt, StoreTooNew, StoreUnavailable
from rollout_core.metrics.event import Kind
from rollout_core.metrics.event_checks import Refusal, Rejected
from rollout_core.metrics.subject_key import subject_key
from rollout_core.ports.event_questions import Kept
from rollout_core.ports.event_store import FrozenValue, MirroredEpoch, MirroredRollout
from rollout_core.ports.store_key import store_key
from rollout_core.storage.event_database import memory_limit
from rollout_core.storage.event_store import DuckdbEventStore
from rollout_core.storage.sql_sandbox import fetched
from tests.fakes.made_events import BROWSER, at, batch, exposed, made, request

SECRET = b"s" * 32
ROLLOUTS = [MirroredRollout("ex", "user")]
EPOCHS = [MirroredEpoch("ex", 1, at(0)), MirroredEpoch("ex", 2, at(10))]


LARGEST_OF_KIND: dict[Kind, dict[str, Any]] = {
    Kind.FEATURE_USE: {"flag": "F", "value": 86_400_000.0}, Kind.SESSION: {"session": "s", "value": 86_400_000.0},
    Kind.WEB_VITAL: {"name": "LCP", "value": 86_400_000.0, "load": "l"}, Kind.CUSTOM: {"name": "c", "value": -1e9},
    Kind.RENDER: {"name": "r", "value": 86_400_000.0}, Kind.FEEDBACK: {"value": 2_000.0, "scale": (-2_000.0, 2_000.0)},
    Kind.API_REQUEST: {"endpoint": "/", "value": 86_400_000.0, "status": 999},
}


@pytest.fixture(autouse=True)
def _in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def store() -> Iterator[DuckdbEventStore]:
    opened = DuckdbEventStore(None, SECRET)
    opened.mirror(ROLLOUTS, EPOCHS)
    yield opened
    opened.close()


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[DuckdbEventStore]:
    opened = DuckdbEventStore(tmp_path / "events.duckdb", SECRET)
    opened.mirror(ROLLOUTS, EPOCHS)
    yield opened
    opened.close()


def rows(store: DuckdbEventStore, sql: str) -> list[tuple[Any, ...]]:
    return store.query(sql).rows


def requests_by_arm(store: DuckdbEventStore) -> dict[str, tuple[int, int]]:
    """arm -> (requests, failed) of rollout ex."""
    found = rows(store, "SELECT arm, sum(n)::BIGINT, sum(s)::BIGINT FROM hours WHERE rollout = 'ex' "
                        "AND metric = 'request_errors' GROUP BY arm")
    return {arm: (n, failed) for arm, n, failed in found}


def whole_store(store: DuckdbEventStore, metric: str) -> list[tuple[Any, ...]]:
    """(n, s) of a metric over all hours and everybody."""
    return rows(store, "SELECT sum(n)::BIGINT, sum(s)::BIGINT FROM hours "
                       f"WHERE rollout = '' AND metric = '{metric}'")


class TestWriting:
    def test_an_event_is_stored_once_however_often_it_comes(self, store: DuckdbEventStore) -> None:
        event = request(1.0)
        assert store.write(batch(event, event)).stored == 1
        again = store.write(batch(event))
        assert (again.stored, again.duplicates) == (0, 1)
        assert again.known == {("api_request", event.event.event_id)}

    def test_a_repetition_with_another_clock_correction_is_still_the_same_event(self, store: DuckdbEventStore) -> None:
        first = made(Kind.PAGE_VIEW, 1.0, page="/p", event_id="same", sent_at=at(1.0), received=1.1)
        second = made(Kind.PAGE_VIEW, 1.0, page="/p", event_id="same", sent_at=at(1.0), received=1.4)
        assert first.occurred_at != second.occurred_at
        store.write(batch(first, received=1.1))
        assert store.write(batch(second, received=1.4)).stored == 0

    def test_late_events_of_several_days_are_deduplicated_too(self, store: DuckdbEventStore) -> None:
        events = [request(-24.0 * days) for days in range(4)]
        assert store.write(batch(*events)).stored == 4
        assert store.write(batch(*events, request(39.9))).stored == 1

    def test_the_same_token_is_written_once(self, store: DuckdbEventStore) -> None:
        assert store.write(batch(request(1.0), token="file:0")).stored == 1
        repeated = store.write(batch(request(2.0), token="file:0"))
        assert repeated.repeated
        assert rows(store, "SELECT count(*) FROM api_requests") == [(1,)]

    def test_times_are_stored_in_utc_whatever_the_machine_s_zone(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(2.5), request(3.5)))
        found = rows(store, "SELECT occurred_at FROM api_requests ORDER BY 1")
        assert [moment.isoformat() for moment, in found] == ["2026-03-08T02:30:00", "2026-03-08T03:30:00"]

    def test_a_refused_event_is_kept_with_its_reason(self, store: DuckdbEventStore) -> None:
        letter = Rejected(Refusal.TOO_LATE, "older than 7 days", "e-old", "error", "{}")
        assert store.write(batch(rejected=[letter])).rejected == 1
        assert store.condition().dead_letters == {"too_late": 1}

    def test_a_fifth_unit_is_refused_and_named(self, store: DuckdbEventStore) -> None:
        store.write(batch(made(Kind.PAGE_VIEW, 1.0, page="/", units={"a": "1", "b": "1", "c": "1", "d": "1"})))
        written = store.write(batch(made(Kind.PAGE_VIEW, 1.0, page="/", units={"e": "1"})))
        assert (written.stored, written.rejected) == (0, 1)
        assert written.refused[0].reason is Refusal.TOO_MANY_UNITS

    def test_a_full_disk_refuses_the_whole_batch(self, tmp_path: Path) -> None:
        free = [10 << 30]
        store = DuckdbEventStore(tmp_path / "events.duckdb", SECRET, free=lambda _: (free[0], 20 << 30))
        free[0] = 1 << 29
        with pytest.raises(DiskFull):
            store.write(batch(request(1.0)))
        free[0] = 10 << 30
        assert store.write(batch(request(1.0))).stored == 1
        store.close()

    def test_the_least_free_disk_that_was_set_is_all_that_counts(self, tmp_path: Path) -> None:
        free = [2 << 20]                                    # 2 MiB of a disk of 40 MiB; 1 MiB is to stay free
        store = DuckdbEventStore(tmp_path / "events.duckdb", SECRET, free=lambda _: (free[0], 40 << 20),
                                 minimum_free_bytes=1 << 20)
        assert store.write(batch(request(1.0))).stored == 1
        assert store.condition().problems == ()
        free[0] = (1 << 20) - 1
        with pytest.raises(DiskFull, match="1 MiB"):
            store.write(batch(request(2.0)))
        assert "events are refused below 1 MiB" in store.condition().problems[0]
        store.close()

    def test_accepted_minus_stored_is_zero(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(1.0), request(2.0)))
        assert store.condition().problems == ()


class TestArms:
    def test_an_outcome_counts_in_the_arm_whose_span_covers_it(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "t", "treatment"), exposed(1.0, "c", "control"), request(2.0, "t", 500),
                          request(2.0, "c"), request(2.1, "c")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (1, 1), "control": (2, 0)}

    def test_what_lies_before_exposure_or_has_none_is_counted_apart(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(3.0, "t", "treatment"), request(1.0, "t"), request(4.0, "t"), request(4.0, "nobody")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"before": (1, 0), "treatment": (1, 0), "unattributed": (1, 0)}

    def test_two_arms_within_one_epoch_are_in_no_comparison(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(1.5, "x"), exposed(2.0, "x", "control"),
                          request(3.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"mixed": (2, 0)}

    def test_control_in_one_epoch_and_treatment_in_the_next_is_normal(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "control"), request(2.0, "x"), exposed(11.0, "x", "treatment", 2),
                          request(12.0, "x")))
        store.close_windows(at(20))
        found = rows(store, "SELECT epoch, arm, n FROM hours WHERE rollout = 'ex' AND metric = 'request_errors'")
        assert sorted(found) == [(1, "control", 1), (2, "treatment", 1)]

    def test_a_span_ends_with_its_epoch(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "control"), request(9.0, "x"), request(10.5, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"control": (1, 0), "before": (1, 0)}

    def test_a_new_epoch_cuts_open_spans_and_recounts_what_was_closed(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(11.0, "x", "treatment", 2), request(12.0, "x"), request(14.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (2, 0)}
        store.mirror(ROLLOUTS, [*EPOCHS, MirroredEpoch("ex", 3, at(13))])
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (1, 0), "before": (1, 0)}

    def test_an_overridden_subject_is_left_out_from_then_on(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(1.5, "x"),
                          exposed(2.0, "x", "none", reason="subject_override"), exposed(3.0, "x", "treatment"),
                          request(4.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (1, 0), "overridden": (1, 0)}

    def test_a_flag_that_has_not_entered_does_not_move_anybody(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), exposed(2.0, "x", "none", reason="flag_not_entered"),
                          request(3.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (1, 0)}

    def test_an_arm_from_a_public_key_is_not_believed(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment", sender=BROWSER), request(2.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"unattributed": (1, 0)}

    def test_an_outcome_from_a_public_key_gets_the_arm_of_the_server_s_record(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "control"), exposed(1.1, "x", "treatment", sender=BROWSER),
                          request(2.0, "x", sender=BROWSER)))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"control": (1, 0)}

    def test_two_rollouts_with_different_units_both_get_the_outcome(self, store: DuckdbEventStore) -> None:
        store.mirror([*ROLLOUTS, MirroredRollout("pat", "workspace")], EPOCHS)
        both = {"user": "u", "workspace": "w"}
        store.write(batch(exposed(1.0, "u", "treatment"), made(
            Kind.EXPOSURE, 1.0, rollout="pat", unit="workspace", units={"workspace": "w"}, arm="control", epoch=7,
            inclusion=10_000), request(2.0, units=both)))
        store.close_windows(at(20))
        found = rows(store, "SELECT rollout, arm, epoch, n FROM hours WHERE metric = 'request_errors' ORDER BY 1")
        assert found == [("", "all", 0, 1), ("ex", "treatment", 1, 1), ("pat", "control", 7, 1)]

    def test_subjects_that_enter_are_counted_once_per_epoch(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), exposed(2.0, "x", "treatment"), exposed(1.2, "y", "control")))
        store.close_windows(at(20))
        found = rows(store, "SELECT arm, entered FROM entered ORDER BY arm")
        assert found == [("control", 1), ("treatment", 1)]


class TestWindows:
    def test_only_windows_that_are_due_are_closed(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(1.98, "x"), request(2.05, "x")))
        closed = store.close_windows(at(2.0) + timedelta(minutes=6))
        assert closed.until_at == at(2.0)
        assert requests_by_arm(store) == {"treatment": (1, 0)}

    def test_the_largest_believable_values_of_one_subject_close_their_windows(self, store: DuckdbEventStore) -> None:
        """10,000 conversions of 1e9 are 1e19 millionths for one subject and day: above 2^63 - 1 = 9.22e18."""
        largest = [made(Kind.CONVERSION, 2.0, "x", name="buy", value=1e9) for _ in range(10_000)]
        store.write(batch(exposed(1.0, "x", "treatment"), *largest,
                          *(made(kind, 2.0, "x", weight=1e6, **fields) for kind, fields in LARGEST_OF_KIND.items())))
        store.close_windows(at(20))
        assert rows(store, "SELECT x FROM subject_days WHERE kind = 'conversion'") == [(2**63 - 1,)]

    def test_closing_twice_changes_nothing(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(2.0, "x")))
        store.close_windows(at(20))
        before = rows(store, "SELECT * FROM hours ORDER BY ALL")
        assert store.close_windows(at(20)).days_rebuilt == 0
        assert rows(store, "SELECT * FROM hours ORDER BY ALL") == before

    def test_a_late_event_corrects_the_window_it_belongs_to(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(2.0, "x")))
        store.close_windows(at(20))
        store.write(batch(request(2.5, "x", 500)))
        assert store.close_windows(at(20)).days_rebuilt == 1
        assert requests_by_arm(store) == {"treatment": (2, 1)}

    def test_a_late_exposure_corrects_what_was_counted_without_it(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(2.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"unattributed": (1, 0)}
        store.write(batch(exposed(1.0, "x", "treatment")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (1, 0)}

    def test_a_second_arm_seen_later_takes_the_whole_epoch_out(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(2.0, "x")))
        store.close_windows(at(5))
        store.write(batch(exposed(6.0, "x", "control")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"mixed": (1, 0)}

    def test_the_watermark_never_goes_back_with_the_clock(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(2.0)))
        store.close_windows(at(20))
        assert store.close_windows(at(3)).until_at == at(19) + timedelta(minutes=55)

    def test_many_days_are_worked_off_in_several_passes_with_the_same_result(self, store: DuckdbEventStore) -> None:
        store.write(batch(*(request(24.0 * day) for day in range(-20, 0))))
        assert store.close_windows(at(20), days=8).behind == 12
        while store.close_windows(at(20), days=8).behind:
            pass
        assert whole_store(store, "request_errors") == [(20, 0)]

    def test_a_new_rollout_gets_its_history_counted(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(2.0, units={"workspace": "w"})))
        store.close_windows(at(20))
        store.mirror([*ROLLOUTS, MirroredRollout("pat", "workspace")], EPOCHS)
        store.close_windows(at(20))
        found = rows(store, "SELECT arm, n FROM hours WHERE rollout = 'pat' AND metric = 'request_errors'")
        assert found == [("unattributed", 1)]

    def test_a_measurement_sent_again_counts_once_with_its_largest_value(self, store: DuckdbEventStore) -> None:
        vital = {"name": "CLS", "metric_id": "m1", "page": "/p", "load": "l"}
        store.write(batch(made(Kind.WEB_VITAL, 2.0, value=0.05, **vital),
                          made(Kind.WEB_VITAL, 2.1, value=0.2, **vital)))
        store.close_windows(at(20))
        assert whole_store(store, "vital:CLS") == [(1, 200_000)]

    def test_a_session_has_an_error_when_an_error_names_it(self, store: DuckdbEventStore) -> None:
        store.write(batch(made(Kind.SESSION, 2.0, session="s1", value=60_000.0),
                          made(Kind.SESSION, 2.0, session="s2", value=60_000.0),
                          made(Kind.ERROR, 3.0, session="s2", category="network")))
        store.close_windows(at(20))
        found = rows(store, "SELECT metric, n, s::BIGINT FROM hours WHERE rollout = '' "
                            "AND metric IN ('session_errors', 'session_errors:network') ORDER BY 1")
        assert found == [("session_errors", 2, 1), ("session_errors:network", 0, 1)]

    def test_an_error_after_midnight_still_marks_yesterday_s_session(self, store: DuckdbEventStore) -> None:
        store.write(batch(made(Kind.SESSION, 23.9, session="s1", value=1.0, received=24.0)))
        store.close_windows(at(24.1))
        store.write(batch(made(Kind.ERROR, 24.2, session="s1", category="api")))
        store.close_windows(at(25))
        assert whole_store(store, "session_errors") == [(1, 1)]

    def test_a_page_load_is_good_when_all_its_vitals_are(self, store: DuckdbEventStore) -> None:
        for load, lcp in (("good", 2_500.0), ("slow", 2_501.0)):
            store.write(batch(*(made(Kind.WEB_VITAL, 2.0, load=load, page="/", name=name, value=value)
                                for name, value in (("LCP", lcp), ("CLS", 0.1), ("INP", 200.0)))))
        store.close_windows(at(20))
        assert whole_store(store, "good_loads") == [(2, 1)]

    def test_zero_has_a_bin_of_its_own(self, store: DuckdbEventStore) -> None:
        store.write(batch(made(Kind.WEB_VITAL, 2.0, name="CLS", value=0.0, load="l"), request(2.0, value=0.001)))
        store.close_windows(at(20))
        found = rows(store, "SELECT metric, b, n FROM histograms WHERE rollout = '' AND slice = '' ORDER BY 1")
        assert found == [("request_duration", 0, 1), ("vital:CLS", -1, 1)]       # 0.001 ms is 1 microsecond: ln 1 = 0

    def test_only_the_first_error_of_a_subject_in_an_epoch_is_its_first(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), made(Kind.ERROR, 2.0, "x", category="api"),
                          made(Kind.ERROR, 3.0, "x", category="api")))
        store.close_windows(at(20))
        store.write(batch(made(Kind.ERROR, 1.5, "x", category="api")))
        store.close_windows(at(20))
        with store.database.cursor() as cursor:
            found = cursor.execute("SELECT first_at FROM subject_first WHERE metric = 'error'").fetchall()
        assert [moment.hour + moment.minute / 60 for moment, in found] == [1.5]

    def test_a_frozen_reference_counts_what_lies_above_it_from_then_on(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "x", "treatment"), request(2.0, "x", value=500.0)))
        store.close_windows(at(5))
        store.mirror(ROLLOUTS, EPOCHS, [FrozenValue("ex", "request_duration", "above", 300_000)])
        store.write(batch(request(6.0, "x", value=200.0), request(6.0, "x", value=400.0)))
        store.close_windows(at(20))
        found = rows(store, "SELECT sum(d)::BIGINT, sum(x)::BIGINT FROM buckets "
                            "WHERE metric = 'above:request_duration'")
        assert found == [(2, 1)]


class TestLettingGo:
    def test_a_forgotten_subject_is_nowhere(self, store: DuckdbEventStore) -> None:
        store.write(batch(exposed(1.0, "gone", "treatment"), request(2.0, "gone"), request(2.0, "stays"), rejected=[
            Rejected(Refusal.TOO_LATE, "late", "e", "error", '{"units":{"user":"gone"}}')]))
        store.close_windows(at(20))
        forgotten = store.forget("user", "gone")
        emptied = {"event_exposure", "event_api_request", "arm_span", "subject_day", "dead_letter"}
        assert emptied <= forgotten.removed.keys()
        assert store.forget("user", "gone").removed == {}
        assert rows(store, "SELECT count(*) FROM api_requests") == [(1,)]

    def test_subjects_of_whom_only_the_key_is_known_are_forgotten_as_well(self, store: DuckdbEventStore) -> None:
        letters = [Rejected(Refusal.TOO_LATE, "late", "e", "error", f'{{"units":{{"user":"{who}"}}}}')
                   for who in ("gone", "stays")]
        store.write(batch(exposed(1.0, "gone", "treatment"), request(2.0, "gone"), request(2.0, "stays"),
                          rejected=letters))
        store.mirror_subjects("user", [("gone", {"tier": "pro"}), ("stays", {"tier": "pro"})])
        store.close_windows(at(20))
        removed = store.forget_keys([subject_key(SECRET, "user", "gone")])
        emptied = {"event_exposure", "event_api_request", "arm_span", "subject_day", "dead_letter", "register"}
        assert emptied <= removed.keys()
        assert store.forget("user", "gone").removed == {}
        assert rows(store, "SELECT count(*) FROM api_requests") == [(1,)]
        assert {"dead_letter", "register", "event_api_request"} <= store.forget("user", "stays").removed.keys()

    def test_forgetting_names_the_exports_that_still_hold_the_subject(self, tmp_path: Path) -> None:
        copies = tmp_path / "exports"
        store = DuckdbEventStore(tmp_path / "events.duckdb", SECRET, copies=[copies])
        store.write(batch(request(2.0, "gone")))
        files = store.export(copies, tables=["event_api_request", "event_error"])
        assert store.forget("user", "gone").still_in == (str(files[0]),)
        store.close()

    def test_old_days_are_exported_then_dropped_and_rollups_stay(self, filed: DuckdbEventStore, tmp_path: Path) -> None:
        filed.write(batch(request(2.0), request(26.0)))
        filed.close_windows(at(40))
        before = rows(filed, "SELECT * FROM hours ORDER BY ALL")
        kept = filed.retain({"api_request": 0}, at(30), tmp_path / "old")
        assert kept.dropped == {"api_request": 1}
        assert pq.read_table(kept.files[0]).num_rows == 1
        filed.write(batch(request(3.0)))        # not recounted: the day's events are no longer whole
        filed.close_windows(at(40))
        assert rows(filed, "SELECT * FROM hours ORDER BY ALL") == before

    def test_comments_and_error_texts_go_before_their_events(self, store: DuckdbEventStore) -> None:
        store.write(batch(made(Kind.ERROR, 2.0, category="api", message="secret")))
        store.retain({"text": 1}, at(24 * 3), None)
        assert rows(store, "SELECT category, message FROM errors") == [("api", None)]

    def test_what_is_said_to_go_is_what_goes(self, store: DuckdbEventStore) -> None:
        """Two days of requests and of error texts, kept for one day from the third on: one of each goes."""
        store.write(batch(request(2.0), request(26.0), made(Kind.ERROR, 2.0, category="api", message="secret"),
                          made(Kind.ERROR, 26.0, category="api", message="later")))
        store.close_windows(at(40))
        first_kept = at(24)
        asked = Kept(tuple((kind, first_kept) for kind in ("api_request", "text", "dead_letter", "subject_day")))
        told = {row["kind"]: (row["n"], row["goes"]) for row in store.measure(asked).records()}
        assert told["api_request"] == told["text"] == (2, 1)
        assert told["dead_letter"] == (0, 0)
        store.retain({"api_request": 1, "text": 1, "subject_day": 1}, at(50), None)
        left = {row["kind"]: (row["n"], row["goes"]) for row in store.measure(asked).records()}
        assert left["api_request"] == left["text"] == (1, 0)
        assert left["subject_day"] == (told["subject_day"][0] - told["subject_day"][1], 0)

    def test_days_of_single_subjects_are_forgotten_in_time(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(2.0)))
        store.close_windows(at(20))
        store.retain({"subject_day": 1}, at(24 * 3), None)
        assert rows(store, "SELECT count(*) FROM subject_days") == [(0,)]

    def test_an_export_of_days_holds_only_those(self, filed: DuckdbEventStore, tmp_path: Path) -> None:
        filed.write(batch(request(2.0), request(26.0)))
        file, = filed.export(tmp_path / "out", tables=["event_api_request"], since=date(2026, 3, 9))
        assert pq.read_table(file)["occurred_at"].to_pylist()[0].isoformat() == "2026-03-09T02:00:00"

    def test_a_snapshot_opens_as_a_store_with_the_same_rows(self, filed: DuckdbEventStore, tmp_path: Path) -> None:
        filed.write(batch(request(2.0)))
        copy = filed.snapshot(tmp_path / "backup" / "events.duckdb")
        filed.write(batch(request(3.0)))
        opened = DuckdbEventStore(copy, SECRET)
        assert rows(opened, "SELECT count(*) FROM api_requests") == [(1,)]
        opened.close()

    def test_copies_that_are_asked_for_at_once_are_made_one_after_the_other(self, filed: DuckdbEventStore,
                                                                            tmp_path: Path) -> None:
        filed.write(batch(request(2.0)))
        with ThreadPoolExecutor(4) as pool:
            copies = list(pool.map(lambda number: filed.snapshot(tmp_path / f"{number}.duckdb"), range(4)))
        assert len({each.stat().st_size for each in copies}) == 1


REFUSED_SQL = (
    "SELECT * FROM dead_letter", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
    "DELETE FROM api_requests", "SELECT 1; SELECT 2", "SELECT * FROM query('SELECT * FROM dead_letter')",
    "WITH dead_letter AS (SELECT 1) SELECT * FROM dead_letter", "ATTACH 'x.duckdb'", "SET threads = 4",
    "PRAGMA version",
    "COPY api_requests TO 'x.csv'", "SELECT (SELECT max(raw) FROM dead_letter)", "EXPLAIN SELECT * FROM dead_letter",
    "EXPLAIN DELETE FROM api_requests", "FROM duckdb_settings()", "SELECT * FROM information_schema.tables", "nonsense",
    "SELECT * FROM memory.main.dead_letter", "DESCRIBE api_requests", "CALL pragma_version()",
    "SELECT * FROM query_table('dead_letter')", "SELECT * FROM hours WHERE n IN (SELECT batch FROM dead_letter)",
    "SELECT * FROM hours UNION ALL BY NAME SELECT * FROM batch_token", "INSTALL httpfs",
    *(f"SELECT * FROM {name}, (WITH {name} AS (SELECT 1) SELECT * FROM {name})"
      for name in ("register", "sqlite_master", "duckdb_tables", '"/etc/passwd"', "pg_settings")),
    "SELECT length(repeat('x', 9))", "SELECT * FROM range(len(range(9)))", "SELECT main.lpad('x', 9, 'y')",
    "SELECT current_setting('temp_directory')", "SELECT pg_sleep(1)", "SELECT write_log('x')",
)


class TestUserSql:
    @pytest.mark.parametrize("sql", REFUSED_SQL)
    def test_nothing_but_reading_the_views_is_allowed(self, store: DuckdbEventStore, sql: str) -> None:
        with pytest.raises(QueryRefused):
            store.query(sql)

    def test_a_name_of_a_with_clause_opens_no_table_of_that_name(self, store: DuckdbEventStore) -> None:
        """The register's mirror holds subjects by name; the WITH clause made its name an allowed one everywhere."""
        store.mirror_subjects("user", [("ada@example.org", {})])
        with pytest.raises(QueryRefused, match="register"):
            store.query("SELECT * FROM register, (WITH register AS (SELECT 1) SELECT * FROM register) AS own")

    def test_an_answer_of_long_texts_is_cut_off_by_its_size(self, store: DuckdbEventStore) -> None:
        with store.database.cursor() as cursor:
            cursor.execute("SELECT repeat('x', 1000) FROM range(10000)")
            rows, cut = fetched(cursor, 5_000, most_bytes=400_000)
        assert cut
        assert len(rows) < 1_000

    @pytest.mark.parametrize(("machine", "limit"), [(32, 8), (4, 1), (3, 1), (1, 0.5)])
    def test_the_store_takes_a_quarter_of_the_memory_and_on_small_machines_up_to_half(
            self, machine: int, limit: float) -> None:
        assert memory_limit(machine * 2**30) == limit * 2**30

    def test_queries_may_take_that_memory_and_a_quarter_of_the_free_disk(self, filed: DuckdbEventStore) -> None:
        with filed.database.cursor() as cursor:
            setting = "SELECT current_setting('memory_limit'), current_setting('max_temp_directory_size')"
            memory, spill = cursor.execute(setting).fetchall()[0]
        assert float(memory.split()[0]) <= memory_limit() / 2**30 + 0.1
        assert "%" not in spill

    def test_reading_explaining_and_with_clauses_work(self, store: DuckdbEventStore) -> None:
        store.write(batch(request(2.0)))
        sql = "WITH r AS (SELECT endpoint FROM api_requests) SELECT r.endpoint, i FROM r, range(3) AS t(i)"
        assert store.query(sql, limit=2).capped
        assert store.query(f"EXPLAIN {sql}").rows

    def test_a_query_that_takes_too_long_is_stopped(self, store: DuckdbEventStore) -> None:
        with pytest.raises(QueryRefused, match=r"longer than 0\.2 s"):
            store.query("SELECT count(*) FROM range(1000000000000)", seconds=0.2)


class TestOpening:
    def test_a_file_says_what_its_columns_mean_and_a_store_in_memory_does_not(
            self, filed: DuckdbEventStore, store: DuckdbEventStore) -> None:
        """439 statements that a file's reader is owed; in memory they are two thirds of opening the store."""
        def explained(opened: DuckdbEventStore) -> int:
            with opened.database.cursor() as cursor:
                found = cursor.execute("SELECT count(*) FROM duckdb_columns() WHERE comment IS NOT NULL").fetchone()
            return int(found[0]) if found else 0
        assert explained(filed) > 400
        assert explained(store) == 0

    def test_another_key_is_refused_with_the_way_back(self, tmp_path: Path) -> None:
        """A new store.key would make every subject somebody else, in silence."""
        path = tmp_path / "events.duckdb"
        DuckdbEventStore(path, SECRET).close()
        with pytest.raises(StoreCorrupt, match=r"store\.key"):
            DuckdbEventStore(path, b"n" * 32)
        DuckdbEventStore(path, SECRET).close()

    def test_a_key_that_is_gone_beside_its_events_is_not_made_anew(self, tmp_path: Path) -> None:
        store_key(tmp_path)
        (tmp_path / "events.duckdb").touch()
        (tmp_path / "store.key").unlink()
        with pytest.raises(StoreCorrupt, match="gone"):
            store_key(tmp_path)
        assert not (tmp_path / "store.key").exists()
        (tmp_path / "store.key").mkdir()
        with pytest.raises(StoreCorrupt, match="cannot be read"):
            store_key(tmp_path)

    def test_nothing_is_acknowledged_into_a_file_that_was_deleted_or_replaced(
            self, filed: DuckdbEventStore, tmp_path: Path) -> None:
        path = tmp_path / "events.duckdb"
        filed.write(batch(request(1.0)))
        path.rename(tmp_path / "aside")
        for _ in ("deleted", "replaced"):
            with pytest.raises(StoreCorrupt, match="removed or replaced"):
                filed.write(batch(request(1.0)))
            assert any("removed or replaced" in each for each in filed.condition().problems)
            path.touch()
        copy = filed.snapshot(tmp_path / "copy" / "events.duckdb")
        saved = DuckdbEventStore(copy, SECRET)
        assert rows(saved, "SELECT count(*) FROM api_requests") == [(1,)]
        saved.close()
        path.unlink()
        (tmp_path / "aside").rename(path)
        assert filed.write(batch(request(1.0))).stored == 1

    def test_a_second_process_is_told_who_holds_the_store(self, filed: DuckdbEventStore, tmp_path: Path) -> None:
        program = ("import sys; from pathlib import Path\n"
                   "from rollout_core.errors import StoreLocked\n"
                   "from rollout_core.storage.event_store import DuckdbEventStore\n"
                   "try: DuckdbEventStore(Path(sys.argv[1]), b's' * 32, wait_seconds=0)\n"
                   "except StoreLocked as error: print(error.facts['holder_pid'])\n")
        told = subprocess.run([sys.executable, "-c", program, str(tmp_path / "events.duckdb")], text=True,
                              capture_output=True, check=True, cwd=Path(__file__).parents[2])
        assert told.stdout.strip() == str(os.getpid())

    def test_a_store_of_a_newer_version_is_refused_untouched(self, tmp_path: Path) -> None:
        path = tmp_path / "events.duckdb"
        store = DuckdbEventStore(path, SECRET)
        with store.database.cursor() as cursor:
            cursor.execute("UPDATE store_meta SET value = '999' WHERE name = 'schema_version'")
        store.close()
        with pytest.raises(StoreTooNew, match="999"):
            DuckdbEventStore(path, SECRET)

    def test_a_file_that_is_no_store_is_called_corrupt_with_a_way_out(self, tmp_path: Path) -> None:
        path = tmp_path / "events.duckdb"
        path.write_bytes(b"not a database" * 1_000)
        with pytest.raises(StoreCorrupt, match="backup"):
            DuckdbEventStore(path, SECRET)

    def test_whoever_is_at_work_while_it_is_closed_is_told_so(self, filed: DuckdbEventStore) -> None:
        """A count that was too slow is left behind and may meet the end of the process, or a reopening."""
        def count() -> None:
            with filed.database.transaction() as cursor:
                filed.close()
                cursor.execute("SELECT 1")

        with pytest.raises(StoreUnavailable, match="closed meanwhile"):
            count()

    def test_whoever_was_at_work_before_it_was_reopened_does_not_spoil_the_new_instance(
            self, filed: DuckdbEventStore) -> None:
        def work() -> None:
            with filed.database.cursor():
                filed.reopen()
                raise duckdb.FatalException("of the instance before")

        with pytest.raises(StoreUnavailable, match="closed meanwhile"):
            work()
        assert filed.usable
        assert rows(filed, "SELECT 1") == [(1,)]

    def test_events_slots_and_watermark_survive_reopening(self, tmp_path: Path) -> None:
        path = tmp_path / "events.duckdb"
        store = DuckdbEventStore(path, SECRET)
        store.mirror(ROLLOUTS, EPOCHS)
        store.write(batch(exposed(1.0, "x", "treatment"), request(2.0, "x")))
        store.close_windows(at(20))
        store.close()
        store = DuckdbEventStore(path, SECRET)
        store.write(batch(request(3.0, "x")))
        store.close_windows(at(20))
        assert requests_by_arm(store) == {"treatment": (2, 0)}
        store.close()
