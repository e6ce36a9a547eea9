"""Every verb's request can be read from JSON and described to others; every verb refuses a viewer."""

from __future__ import annotations

import msgspec
import pytest

from rollout_core.control import VERBS
from rollout_core.errors import NotPermitted, RolloutError
from rollout_core.people.role import Role
from tests.fakes.control_setting import VIEWER, Setting

FIELDS = {
    "set_percentage": {"percentage": 1.0}, "set_override": {"subject": "u1", "value": False}, "set_autopilot": {
        "mode": "off"}, "tick_checklist": {"item": "tests"}, "sign_criterion": {"criterion": "works", "evidence": "x"},
    "acknowledge_alert": {"alert": "a"}, "snooze_alert": {"alert": "a", "reason": "x"}, "resolve_alert": {"alert": "a"},
    "open_issue": {"title": "x"}, "resolve_issue": {"issue": "x"}, "ignore_issue": {"issue": "x", "reason": "x"},
    "create_token": {"name": "x"}, "revoke_token": {"id": "x"}, "set_person": {"name": "x", "role": "viewer"},
    "forget": {"unit": "user", "subject": "u1"}, "restore": {"directory": "/nowhere", "reason": "x"},
    "record_exposures": {"flag": "core", "subjects": ["u1"]}, "import_file": {"file": "x", "mapping": "y"},
    "save_question": {"name": "x", "sql": "SELECT 1"}, "rename_question": {"id": "q", "name": "x"},
    "remove_question": {"id": "q"}, "set_retention": {"kind": "text", "days": 30},
    "record_events": {"events": [{"event_id": "e"}]},
}
"""What a request cannot do without."""


@pytest.mark.parametrize("name", VERBS)
def test_a_request_is_read_from_json_and_has_a_schema(name: str) -> None:
    request = msgspec.convert(FIELDS.get(name, {}), VERBS[name].request)
    assert type(request) is VERBS[name].request
    assert msgspec.json.schema(VERBS[name].request)


@pytest.mark.parametrize("name", VERBS)
def test_a_viewer_may_use_no_verb(setting: Setting, name: str) -> None:
    if VERBS[name].role is Role.VIEWER:
        pytest.skip("reads only")
    setting.running()
    before = setting.rollout()
    request = msgspec.convert(FIELDS.get(name, {}), VERBS[name].request)
    with pytest.raises(RolloutError) as caught:
        VERBS[name].act(setting.room, VIEWER, request)
    assert isinstance(caught.value, NotPermitted)
    assert setting.rollout() == before
