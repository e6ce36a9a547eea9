"""Errors as problem details."""

from __future__ import annotations

import inspect

import pytest

from rollout_core import errors
from rollout_core.errors import Problem, RolloutError
from rollout_core.http.problems import describe, headers_of, status_of

EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, RolloutError)]


@pytest.mark.parametrize(("kind", "status"), [
    (errors.RolloutNotFound, 404), (errors.InvalidPercentage, 422), (errors.NotSignedIn, 401),
    (errors.NotPermitted, 403), (errors.StaleRollout, 409), (errors.GateClosed, 409),
    (errors.TransitionRefused, 409), (errors.RevisionMissing, 428), (errors.ReasonMissing, 422),
    (errors.QueueFull, 429), (errors.DiskFull, 503), (errors.StoreLocked, 503), (errors.AppUnreachable, 502),
])
def test_each_error_has_its_status(kind: type[RolloutError], status: int) -> None:
    assert status_of(kind("so")) == status


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_can_be_described(kind: type[RolloutError]) -> None:
    found = describe(kind("What happened.", mend="What to do.", seen=3))
    assert found["type"].startswith("urn:rollout:problem:")
    assert (found["detail"], found["mend"], found["facts"]) == ("What happened.", "What to do.", {"seen": 3})
    assert found["status"] == status_of(kind("so"))


def test_every_wrong_field_is_named() -> None:
    error = errors.InvalidRequest("No.", (Problem("percentage", "is 101", "0 to 100"), Problem("reason", "is missing")))
    assert describe(error)["errors"] == [
        {"field": "percentage", "detail": "is 101", "allowed": "0 to 100"},
        {"field": "reason", "detail": "is missing", "allowed": ""}]


def test_a_full_disk_says_in_whole_seconds_when_to_come_again() -> None:
    assert headers_of(errors.DiskFull("full", retry_after_seconds=60)) == {"Retry-After": "60"}
    assert headers_of(errors.StoreUnavailable("away")) == {"Retry-After": "30"}


def test_a_full_queue_says_in_whole_seconds_when_to_come_again() -> None:
    assert headers_of(errors.QueueFull("Full.", retry_after_seconds=2.7)) == {"Retry-After": "2"}
    assert headers_of(errors.QueueFull("Full.")) == {"Retry-After": "1"}
    assert headers_of(errors.DiskFull("Full."))["Retry-After"].isdigit()
