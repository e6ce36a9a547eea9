"""A day that cannot be summed up is named by doctor and in the health of the events."""

from __future__ import annotations

from datetime import timedelta

from rollout_core.insight.registry import QUESTIONS
from tests.golden.made_world import World


def test_a_broken_day_is_named_where_people_look(empty: World) -> None:
    empty.expose("a", "treatment", 1)
    empty.add("api_request", 25, "a", endpoint="/plan", status=200, value=1.0)
    empty.flush()
    store = empty.room.events
    with store.database.transaction() as cursor:        # type: ignore[attr-defined]
        cursor.execute("INSERT INTO event_api_request SELECT r.* REPLACE ('broken' || i AS event_id, ? AS value) "
                       "FROM event_api_request AS r, range(4) AS n(i)", [2**63 - 1])
    store.close_windows(empty.at(72))
    broken = (empty.at(25)).date()
    spec = QUESTIONS["doctor"]
    found = spec.answer(empty.room, spec.request())
    (check,) = [check for check in found.checks if check.key == "days"]
    assert (check.state, found.sound) == ("broken", False)
    assert str(broken) in check.found
    assert "tried 1 time:" in check.found
    health = QUESTIONS["events_health"]
    assert [each.day for each in health.answer(empty.room, health.request()).aside] == [broken]
    with store.database.transaction() as cursor:        # type: ignore[attr-defined]
        cursor.execute("DELETE FROM event_api_request WHERE starts_with(event_id, 'broken')")
    store.close_windows(empty.at(72) + timedelta(minutes=2))
    (check,) = [check for check in spec.answer(empty.room, spec.request()).checks if check.key == "days"]
    assert (check.state, check.mend) == ("ok", "")
