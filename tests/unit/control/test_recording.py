"""Events and exposures that are sent to a verb: judged one by one, stored in one batch, attributed as served."""

from __future__ import annotations

import pytest

from rollout_core.errors import FlagNotFound, InvalidRequest, NotPermitted, RolloutNotFound, StoreUnavailable
from tests.fakes.control_setting import KEY, OPERATOR, VIEWER, Setting


def session_event(setting: Setting, id: str) -> dict[str, object]:
    return {"event_id": id, "kind": "session", "occurred_at": setting.clock.at.isoformat(), "units": {"user": "u1"},
            "session": "s1", "value": 1000.0}


def test_a_bad_event_does_not_sink_the_others(setting: Setting) -> None:
    setting.running()
    bad = {"event_id": "e2", "kind": "rumour", "occurred_at": setting.clock.at.isoformat()}
    result = setting.act("record_events", OPERATOR, events=[session_event(setting, "e1"), bad]).result
    assert (result["stored"], result["rejected"]) == (1, 1)
    assert result["reasons"][0].event_id == "e2"


def test_the_same_token_stores_once(setting: Setting) -> None:
    setting.running()
    events = [session_event(setting, "e1")]
    setting.act("record_events", OPERATOR, events=events, token="t1")
    again = setting.act("record_events", OPERATOR, events=events, token="t1").result
    assert (again["stored"], again["repeated"]) == (0, True)


def test_exposures_carry_the_arm_that_was_served(setting: Setting) -> None:
    setting.running()
    everybody = tuple(f"u{number}" for number in range(1_000))
    result = setting.act("record_exposures", OPERATOR, flag="core", subjects=everybody).result
    arms = [each.event.arm for each in setting.events.batches[-1].events]
    # 1 % of 1,000 internal subjects are 10; everybody else of the audience is out by bucket: control.
    assert (arms.count("treatment"), arms.count("control")) == (10, 990)
    assert sum(result["values"].values()) == 10
    event = setting.events.batches[-1].events[0].event
    assert (event.rollout, event.unit, event.epoch, event.phase) == (KEY, "user", 1, "inside")


def test_nothing_is_recorded_without_a_right_a_subject_a_flag_or_a_rollout(setting: Setting) -> None:
    setting.running()
    cases = [(VIEWER, {"flag": "core", "subjects": ("u1",)}, NotPermitted),
             (OPERATOR, {"flag": "core"}, InvalidRequest),
             (OPERATOR, {"flag": "nobody", "subjects": ("u1",)}, FlagNotFound),
             (OPERATOR, {"flag": "core", "subjects": ("u1",), "rollout": "nobody"}, RolloutNotFound)]
    for actor, fields, error in cases:
        with pytest.raises(error):
            setting.act("record_exposures", actor, **fields)
    with pytest.raises(InvalidRequest):
        setting.act("record_events", OPERATOR, events=[])
    with pytest.raises(NotPermitted):
        setting.act("record_events", VIEWER, events=[session_event(setting, "e1")])
    assert setting.events.batches == []


def test_events_wait_outside_while_the_event_store_is_away(setting: Setting) -> None:
    setting.running()
    setting.events.away = True
    with pytest.raises(StoreUnavailable):
        setting.act("record_events", OPERATOR, events=[session_event(setting, "e1")])
