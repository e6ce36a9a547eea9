"""Error rates, counted by the real store from events by hand."""

from __future__ import annotations

import pytest

from rollout_core.insight.measure import by_key
from rollout_core.metrics.measured import Quality
from tests.golden.made_world import World


def requests(world: World, who: str, hours: float, good: int, failed: int, unanswered: int = 0) -> None:
    for status, many in ((200, good), (503, failed), (None, unanswered)):
        for _ in range(many):
            world.add("api_request", hours, who, endpoint="/x", status=status, value=100.0)


@pytest.mark.parametrize("closed", [True, False], ids=["from rollups", "live"])
def test_error_rate_is_failed_requests_over_requests(world: World, closed: bool) -> None:
    world.expose("a", "treatment")
    world.expose("b", "control")
    requests(world, "a", 5.5, good=95, failed=3, unanswered=2)      # 5 of 100 failed: a request without answer counts
    requests(world, "b", 7, good=198, failed=2)                     # 2 of 200
    world.close() if closed else world.flush()
    if not closed:
        world.room.events.close_windows(world.at(2))                # spans are known, the requests are in the live tail
    treatment, control = (by_key(world.measuring(), "error_rate", arm) for arm in ("treatment", "control"))
    assert (treatment.value, treatment.n, treatment.noun) == (0.05, 100, "requests")
    assert (control.value, control.n) == (0.01, 200)
    # Wilson by hand, 5 of 100, z = 1.96: (0.05 + 0.0192 ± 1.96·sqrt(0.05·0.95/100 + 3.8415/40000)) / 1.0384
    #   = (0.069207 ± 0.046841) / 1.038415 = 0.02154 and 0.11175
    assert treatment.low == pytest.approx(0.02154, abs=1e-5)
    assert treatment.high == pytest.approx(0.11175, abs=1e-5)


def test_without_requests_the_error_rate_is_no_data_and_not_zero(world: World) -> None:
    world.expose("a", "treatment")
    world.close()
    measured = by_key(world.measuring(), "error_rate")
    assert (measured.value, measured.quality, measured.n) == (None, Quality.NO_DATA, 0)


def test_session_error_rates_count_sessions_not_errors(world: World) -> None:
    world.expose("a", "treatment")
    for place in range(10):
        world.add("session", 1, "a", session=f"s{place}", value=60_000.0)
    for severity in ("low", "low", "critical"):                     # three errors in session 0: one bad session
        world.add("error", 1.1, "a", session="s0", category="javascript", severity=severity, message="boom")
    world.add("error", 1.1, "a", session="s1", category="network", severity="low", message="away")
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "critical_error_rate").value == 0.1    # session 0 of 10
    assert by_key(measuring, "error_free_sessions").value == 0.8    # sessions 2..9 of 10


def test_events_before_the_exposure_are_left_out_of_treatment(world: World) -> None:
    requests(world, "a", 1, good=0, failed=10)                      # an hour before "a" was exposed
    world.expose("a", "treatment", 2)
    requests(world, "a", 3, good=10, failed=0)
    world.close()
    assert by_key(world.measuring(), "error_rate").value == 0.0
    assert by_key(world.measuring(), "error_rate", None).value == 0.5     # everybody attributed: 10 of 20
