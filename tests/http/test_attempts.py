"""How often somebody may try to sign in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.http.attempts import Attempts, counted_address

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_after_the_allowed_failures_one_waits_until_the_oldest_is_old_enough() -> None:
    attempts = Attempts(allowed=2, within=timedelta(minutes=10))
    keys = "ada"
    assert attempts.wait(keys, NOON) == 0
    attempts.failed(keys, NOON)
    attempts.failed(keys, NOON + timedelta(minutes=1))
    # two failures, the older of them at 12:00: the next try is at 12:10, 8 minutes = 480 s after 12:02 (+1: rounded up)
    assert attempts.wait(keys, NOON + timedelta(minutes=2)) == 481
    assert attempts.wait(keys, NOON + timedelta(minutes=10)) == 0


def test_a_try_counts_from_its_start_so_that_many_at_once_do_not_slip_by() -> None:
    attempts = Attempts(allowed=2)
    assert [attempts.begin("ada", NOON) for _ in range(3)] == [0, 0, 601]
    attempts.succeeded("ada")
    assert attempts.begin("ada", NOON) == 0


def test_failures_of_others_do_not_count() -> None:
    attempts = Attempts(allowed=1)
    attempts.failed("ada", NOON)
    assert attempts.wait("ben", NOON) == 0
    assert attempts.wait("ada", NOON) > 0


@pytest.mark.parametrize(("one", "other", "same"), [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True), ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ("fe80::1%eth0", "fe80::2%eth1", True), ("::ffff:192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "192.0.2.2", False), ("unknown", "testclient", False)])
def test_tries_count_by_what_one_sender_cannot_change(one: str, other: str, same: bool) -> None:
    assert (counted_address(one) == counted_address(other)) is same
