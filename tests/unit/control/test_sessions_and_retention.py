"""Ending sessions and choosing what is kept: admins only, recorded, at once; a plan draft is looked at and not kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout_core.control.draft_plan import document_of, draft_plan
from rollout_core.control.sign_in import SignedIn, offer_link, sign_in_by_link
from rollout_core.control.who import actor_of_session
from rollout_core.errors import InvalidPlan, InvalidRequest, NotFound, NotPermitted, NotSignedIn, ReasonMissing
from rollout_core.insight import roster, sessions
from rollout_core.people.role import Role
from rollout_core.ports.keeping import BOUNDS, DEFAULT_KEEP_DAYS, keep_days
from tests.fakes.control_setting import ADMIN, KEY, OPERATOR, Setting


def signed_in(setting: Setting, name: str) -> SignedIn:
    setting.act("set_person", name=name, role=Role.OPERATOR)
    return sign_in_by_link(setting.room, offer_link(setting.room, ADMIN, timedelta(minutes=5), name))


def open_sessions(setting: Setting) -> list[str]:
    return [each.id for each in sessions.answer(setting.room, sessions.SessionsRequest()).sessions]


def test_one_session_is_ended_and_the_others_of_the_person_go_on(setting: Setting) -> None:
    phone, desk = signed_in(setting, "pam"), signed_in(setting, "pam")
    setting.act("end_sessions", session=phone.session.id, reason="phone lost")
    with pytest.raises(NotSignedIn):
        actor_of_session(setting.room, phone.session.id, "page")
    assert actor_of_session(setting.room, desk.session.id, "page").principal == "pam"
    assert open_sessions(setting) == [desk.session.id]
    entry = setting.trail()[0].entry
    assert (entry.verb, entry.reason, entry.after["person"]) == ("end_sessions", "phone lost", "pam")


def test_all_sessions_of_a_person_are_ended_and_nobody_elses(setting: Setting) -> None:
    for _ in range(2):
        signed_in(setting, "pam")
    other = signed_in(setting, "oli")
    assert setting.act("end_sessions", person="pam").result["sessions_ended"] == 2
    assert open_sessions(setting) == [other.session.id]


def test_only_admins_end_sessions_and_they_say_which(setting: Setting) -> None:
    one = signed_in(setting, "pam")
    with pytest.raises(NotPermitted):
        setting.act("end_sessions", OPERATOR, session=one.session.id)
    with pytest.raises(InvalidRequest):
        setting.act("end_sessions")
    with pytest.raises(InvalidRequest):
        setting.act("end_sessions", session=one.session.id, person="pam")
    with pytest.raises(NotFound):
        setting.act("end_sessions", session="unknown")
    assert open_sessions(setting) == [one.session.id]


def test_the_roster_tells_how_somebody_signs_in_and_no_hash(setting: Setting) -> None:
    setting.act("set_person", name="pam", role=Role.VIEWER, password="a long sentence is fine")
    signed_in(setting, "oli")
    people = roster.answer(setting.room, roster.PeopleRequest()).people
    assert [(each.name, each.has_password, each.sessions) for each in people] == [("oli", False, 1), ("pam", True, 0)]
    assert "argon2" not in str(people)


def test_the_bounds_hold_what_is_kept_by_default() -> None:
    assert all(bounds.least <= DEFAULT_KEEP_DAYS[kind] <= bounds.most for kind, bounds in BOUNDS.items())


def test_keeping_less_needs_a_reason_and_keeping_more_does_not(setting: Setting) -> None:
    with pytest.raises(ReasonMissing):
        setting.act("set_retention", kind="text", days=30)
    setting.act("set_retention", kind="text", days=30, reason="comments hold names")
    setting.act("set_retention", kind="error", days=500)
    with setting.control.read() as unit:
        chosen = keep_days(unit.meta)
    assert (chosen["text"], chosen["error"], chosen["session"]) == (30, 500, DEFAULT_KEEP_DAYS["session"])
    assert setting.trail()[1].entry.before == {"kind": "text", "days": 90}


@pytest.mark.parametrize(("kind", "days"), [
    ("text", 0), ("error", 89), ("error", 3_651), ("batch_token", 500), ("x", 9)])
def test_days_out_of_bounds_are_refused(setting: Setting, kind: str, days: int) -> None:
    with pytest.raises(InvalidRequest):
        setting.act("set_retention", kind=kind, days=days, reason="test")


def test_a_draft_is_looked_at_and_neither_kept_nor_served(setting: Setting) -> None:
    setting.running()
    before, served = setting.rollout(), setting.served()
    draft = draft_plan(setting.room, ADMIN, KEY, "version 2")
    assert (draft.newest, draft.becomes, draft.noted, draft.unchanged, draft.started) == (1, 2, True, False, True)
    assert draft.migrating is not None
    assert draft.migrating.to_percentage == draft.migrating.from_percentage
    assert draft.migrating.gained == 0
    assert (setting.rollout(), setting.served()) == (before, served)
    with setting.control.read() as unit:
        assert [each.version for each in unit.plans.versions(KEY)] == [1]


def test_a_draft_whose_version_was_not_raised_gets_the_next_one_and_says_so(setting: Setting) -> None:
    setting.running()
    draft = draft_plan(setting.room, ADMIN, KEY, "version 1 edited")
    assert (draft.becomes, draft.noted) == (2, False)
    assert draft_plan(setting.room, ADMIN, KEY, document_of(setting.room, KEY).text).unchanged


def test_a_draft_of_another_plan_is_refused_and_only_admins_draft(setting: Setting) -> None:
    setting.running()
    with pytest.raises(InvalidPlan):
        draft_plan(setting.room, ADMIN, KEY, "other")
    with pytest.raises(NotPermitted):
        draft_plan(setting.room, OPERATOR, KEY, "version 2")
