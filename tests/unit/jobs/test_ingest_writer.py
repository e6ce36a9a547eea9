"""The ingest queue: what comes together is written together, acknowledged afterwards, bounded, and outlives errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollout_core.errors import DiskFull, InvalidRequest, QueueFull, StoreUnavailable
from rollout_core.jobs.ingest_writer import IngestWriter, Waiting, answers, batch_of, rest_after
from rollout_core.metrics.event_checks import Refusal, Rejected
from rollout_core.ports.event_store import Batch, Written
from tests.fakes.made_events import at, request


class GatedStore:
    """A store that writes when its gate is open, and fails as often as told."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[Batch] = []
        self.fail_with: list[Exception] = []
        self.reopen_fails: list[Exception] = []
        self.reopened = 0
        self.usable = True
        self.opened = threading.Event()

    def write(self, batch: Batch) -> Written:
        self.gate.wait(10)
        if self.fail_with:
            raise self.fail_with.pop(0)
        self.batches.append(batch)
        return Written(len(batch.events), 0, len(batch.rejected))

    def reopen(self) -> None:
        self.reopened += 1
        if self.reopen_fails:
            raise self.reopen_fails.pop(0)
        self.usable = True
        self.opened.set()


@pytest.fixture
def store() -> GatedStore:
    return GatedStore()


@pytest.fixture
def ingest(store: GatedStore) -> Iterator[IngestWriter]:
    writer = IngestWriter(store, queue_bytes=1_000)
    writer.start()
    yield writer
    store.gate.set()
    writer.stop()


def test_an_answer_comes_after_the_commit_and_not_before(store: GatedStore, ingest: IngestWriter) -> None:
    store.gate.clear()
    answer = ingest.offer([request(1.0)], [], 100)
    assert not answer.done()
    store.gate.set()
    assert answer.result(10).stored == 1


def test_requests_that_wait_together_are_one_batch(store: GatedStore, ingest: IngestWriter) -> None:
    store.gate.clear()
    found = [ingest.offer([request(1.0)], [], 10) for _ in range(20)]
    store.gate.set()
    assert [answer.result(10).stored for answer in found] == [1] * 20
    assert len(store.batches) <= 3          # what came before the thread woke, and all the rest


def test_a_full_queue_is_refused_with_whole_seconds_to_wait(store: GatedStore, ingest: IngestWriter) -> None:
    store.gate.clear()
    first = ingest.offer([request(1.0)], [], 600)
    ingest.offer([request(1.0)], [], 400)
    with pytest.raises(QueueFull) as refused:
        ingest.offer([request(1.0)], [], 400)       # what is in the writer's hands still counts
    seconds = refused.value.facts["retry_after_seconds"]
    assert isinstance(seconds, int)
    assert seconds >= 1
    store.gate.set()
    assert first.result(10).stored == 1


def test_a_full_disk_is_refused_before_anything_waits(store: GatedStore, tmp_path: Path) -> None:
    writer = IngestWriter(store, directory=tmp_path, free=lambda _: (1 << 29, 100 << 30))
    with pytest.raises(DiskFull) as refused:
        writer.offer([request(1.0)], [], 10)
    assert refused.value.facts["retry_after_seconds"] == 60
    assert writer.waiting_bytes == 0


def test_five_percent_of_a_large_disk_are_kept_free_too(store: GatedStore, tmp_path: Path) -> None:
    writer = IngestWriter(store, directory=tmp_path, free=lambda _: (4 << 30, 100 << 30))
    with pytest.raises(DiskFull):
        writer.offer([request(1.0)], [], 10)


def test_a_setting_below_that_is_what_counts(store: GatedStore, tmp_path: Path) -> None:
    store.gate.set()
    writer = IngestWriter(store, directory=tmp_path, free=lambda _: (2 << 20, 100 << 30), minimum_free_bytes=1 << 20)
    writer.start()
    assert writer.offer([request(1.0)], [], 10).result(10).stored == 1
    writer.stop()


def test_what_keeps_events_out_is_told_before_any_is_sent(store: GatedStore, tmp_path: Path) -> None:
    free = [1 << 30]
    writer = IngestWriter(store, directory=tmp_path, minimum_free_bytes=1 << 20, free=lambda _: (free[0], 1 << 40))
    assert writer.refusal() is None
    free[0] = 1_000
    assert isinstance(writer.refusal(), DiskFull)


def test_a_folder_that_is_gone_is_said_in_words(store: GatedStore, tmp_path: Path) -> None:
    writer = IngestWriter(store, directory=tmp_path / "gone")
    with pytest.raises(StoreUnavailable, match="gone"):
        writer.offer([request(1.0)], [], 10)


def test_after_a_fatal_error_its_senders_hear_of_it_and_the_store_is_reopened(store: GatedStore,
                                                                           ingest: IngestWriter) -> None:
    store.fail_with = [StoreUnavailable("fatal")]
    with pytest.raises(StoreUnavailable):
        ingest.offer([request(1.0)], [], 10).result(10)
    assert ingest.offer([request(2.0)], [], 10).result(10).stored == 1
    assert store.reopened == 1


def test_a_full_disk_is_no_reason_to_open_the_store_anew(store: GatedStore, ingest: IngestWriter) -> None:
    store.fail_with = [DiskFull("The disk is full.")]
    with pytest.raises(DiskFull):
        ingest.offer([request(1.0)], [], 10).result(10)
    assert ingest.offer([request(2.0)], [], 10).result(10).stored == 1
    assert store.reopened == 0


def test_a_store_that_somebody_else_broke_is_opened_again_though_nobody_sends(store: GatedStore) -> None:
    store.usable, store.reopen_fails = False, [DiskFull("The disk is full.")]
    writer = IngestWriter(store)
    writer.idle_seconds = 0.01
    writer.start()
    assert store.opened.wait(10)
    assert writer.offer([request(1.0)], [], 10).result(10).stored == 1
    writer.stop()
    assert store.reopened == 2, "once in vain"


def test_an_unknown_error_reaches_the_sender_as_one_it_can_act_on(store: GatedStore, ingest: IngestWriter) -> None:
    store.fail_with = [RuntimeError("what")]
    with pytest.raises(StoreUnavailable, match="could not be stored"):
        ingest.offer([request(1.0)], [], 10).result(10)


def test_events_that_no_table_holds_sink_nobody_elses_and_do_not_reopen_the_store() -> None:
    class Picky(GatedStore):
        def write(self, batch: Batch) -> Written:
            if any(accepted.event.page == "/poison" for accepted in batch.events):
                raise OverflowError("value 99999 is too large")
            return super().write(batch)

    store = Picky()
    writer = IngestWriter(store)
    good, bad, other = (writer.offer([request(1.0, page=where)], [], 10) for where in ("/a", "/poison", "/b"))
    writer.start()
    assert (good.result(10).stored, other.result(10).stored) == (1, 1)
    with pytest.raises(InvalidRequest, match="cannot be stored as they are"):
        bad.result(10)
    writer.stop()
    assert store.reopened == 0


def test_a_sender_that_went_away_does_not_stop_the_writer(store: GatedStore, ingest: IngestWriter) -> None:
    store.gate.clear()
    blocking = ingest.offer([request(1.0)], [], 10)
    ingest.offer([request(1.0)], [], 10).cancel()
    store.gate.set()
    assert blocking.result(10).stored == 1
    assert ingest.offer([request(2.0)], [], 10).result(10).stored == 1


def test_the_longer_a_large_flush_takes_the_more_the_next_one_gathers_within_a_second() -> None:
    # 10 ms: the usual 0.2 s; 50 ms: 8 * 0.05 = 0.4 s; a flush that waited 5 s for the disk: 0.8 s and no more
    assert [rest_after(seconds, 10_000) for seconds in (0.01, 0.05, 5.0)] == [0.2, 0.4, 0.8]


def test_few_events_are_acknowledged_soon_however_slow_the_disk_is() -> None:
    assert rest_after(5.0, 10) == 0.2


def test_stopping_writes_what_waits_and_refuses_what_comes(store: GatedStore) -> None:
    writer = IngestWriter(store)
    answer = writer.offer([request(1.0)], [], 10)
    writer.start()
    writer.stop()
    assert answer.result(0).stored == 1
    with pytest.raises(StoreUnavailable):
        writer.offer([request(1.0)], [], 10)


def test_each_request_hears_of_its_own_events_only() -> None:
    known, twice, fresh, homeless = request(1.0), request(1.0), request(1.0), request(1.0)
    flush = [Waiting([known, twice], [], 10, at(1), "a"), Waiting([twice, fresh, homeless], [], 10, at(2), "b")]
    refused = Rejected(Refusal.TOO_MANY_UNITS, "", homeless.event.event_id, "api_request")
    written = Written(2, 2, 1, False, (refused,), frozenset({("api_request", known.event.event_id)}))
    first, second = answers(flush, written)
    assert (first.stored, first.duplicates, first.rejected) == (1, 1, 0)
    assert (second.stored, second.duplicates, second.rejected) == (1, 1, 1)
    assert batch_of(flush).sender == "a, b"


@dataclass(frozen=True)
class Made:
    """Prepared events by their names."""

    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.ids)

    def names(self) -> list[tuple[str, str]]:
        return [("api_request", name) for name in self.ids]


def test_prepared_events_are_written_with_the_others_and_heard_of_by_their_sender() -> None:
    loose = request(1.0, event_id="c")
    flush = [Waiting([], [], 10, at(1), "a", [Made(("a", "b"))]), Waiting([loose], [], 10, at(2), "b", [Made(("b",))])]
    assert [part.count for part in batch_of(flush).prepared] == [2, 1]
    assert [(own.stored, own.duplicates) for own in answers(flush, Written(4, 0, 0))] == [(2, 0), (2, 0)]
    known = Written(2, 2, 0, known=frozenset({("api_request", "a")}))
    assert [(own.stored, own.duplicates) for own in answers(flush, known)] == [(1, 1), (1, 1)]
