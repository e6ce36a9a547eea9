"""Checklist, signatures, alerts, issues and the autopilot's mode."""

from __future__ import annotations

import pytest

from rollout_core.errors import InvalidRequest, NotFound, NotPermitted, ReasonMissing
from rollout_core.health.alert import Alert, AlertState
from rollout_core.health.issue import IssuePriority, IssueState
from rollout_core.rollouts.plan import Severity
from tests.fakes.control_setting import KEY, OPERATOR, VIEWER, Setting
from tests.fakes.registers import NOW


def with_alert(setting: Setting) -> None:
    setting.running()
    with setting.control.write() as unit:
        unit.alerts.save(Alert("a1", KEY, "errors", "", Severity.ERROR, AlertState.OPEN, "Errors", NOW, NOW))


def test_a_tick_names_who_and_when_and_can_be_taken_back(setting: Setting) -> None:
    setting.set_up()
    setting.act("tick_checklist", OPERATOR, item="tests", note="run 4711 is green")
    with setting.control.read() as unit:
        tick = unit.checklist.ticks(KEY)[0]
    assert (tick.by, tick.at, tick.note) == ("oli", NOW, "run 4711 is green")
    setting.act("tick_checklist", OPERATOR, item="tests", done=False)
    with setting.control.read() as unit:
        assert unit.checklist.ticks(KEY) == ()


def test_an_unknown_item_names_the_known_ones(setting: Setting) -> None:
    setting.set_up()
    with pytest.raises(InvalidRequest) as caught:
        setting.act("tick_checklist", item="nobody")
    assert "tests" in caught.value.mend


def test_a_waiver_needs_an_admin_and_a_reason_and_spares_what_is_ticked(setting: Setting) -> None:
    setting.set_up()
    with pytest.raises(NotPermitted):
        setting.act("waive_checklist", OPERATOR, reason="x")
    with pytest.raises(ReasonMissing):
        setting.act("waive_checklist", reason=" ")
    setting.act("tick_checklist", item="tests")
    assert setting.act("waive_checklist", reason="x").result["waived"] == ()
    assert setting.act("waive_checklist", item="tests", reason="x").result["waived"] == ("tests",)


def test_a_signature_needs_its_evidence_and_a_criterion_that_people_sign(setting: Setting) -> None:
    setting.running()
    with pytest.raises(ReasonMissing):
        setting.act("sign_criterion", criterion="works", evidence=" ")
    with pytest.raises(InvalidRequest):
        setting.act("sign_criterion", criterion="errors", phase="beta", evidence="looks fine")
    with pytest.raises(InvalidRequest):
        setting.act("sign_criterion", criterion="works", phase="nobody", evidence="looks fine")
    setting.act("sign_criterion", OPERATOR, criterion="works", evidence="walked through")
    with setting.control.read() as unit:
        signed = unit.signoffs.of(KEY)[0]
    assert (signed.phase, signed.by, signed.met, signed.evidence) == ("inside", "oli", True, "walked through")


def test_an_alert_is_acknowledged_snoozed_and_resolved_with_its_history(setting: Setting) -> None:
    with_alert(setting)
    setting.act("acknowledge_alert", OPERATOR, alert="a1", note="on it")
    setting.act("snooze_alert", OPERATOR, alert="a1", hours=2, reason="waiting for the fix")
    setting.act("resolve_alert", OPERATOR, alert="a1", reason="fixed")
    with setting.control.read() as unit:
        assert unit.alerts.get("a1").state is AlertState.RESOLVED
        assert [(step.what, step.by) for step in unit.alerts.history("a1")] == [
            ("acknowledged", "oli"), ("snoozed", "oli"), ("resolved", "oli")]
    assert setting.verbs()[-3:] == [("acknowledge_alert", "done"), ("snooze_alert", "done"), ("resolve_alert", "done")]


def test_a_snooze_needs_a_reason_and_an_end_within_a_week(setting: Setting) -> None:
    with_alert(setting)
    with pytest.raises(ReasonMissing):
        setting.act("snooze_alert", alert="a1")
    for hours in (0, -1, 169):
        with pytest.raises(InvalidRequest):
            setting.act("snooze_alert", alert="a1", hours=hours, reason="x")
    with pytest.raises(NotPermitted):
        setting.act("acknowledge_alert", VIEWER, alert="a1")
    with pytest.raises(NotFound):
        setting.act("acknowledge_alert", alert="a2")


def test_the_same_source_opens_the_same_issue_and_a_resolved_one_again_as_a_regression(setting: Setting) -> None:
    setting.running()
    fields = {"title": "White page", "kind": "error_group", "source": "f00", "priority": IssuePriority.CRITICAL}
    first = setting.act("open_issue", OPERATOR, **fields).result["issue"]
    again = setting.act("open_issue", OPERATOR, **fields).result["issue"]
    assert (again.id, again.regression) == (first.id, False)
    setting.act("resolve_issue", OPERATOR, issue=first.id, reason="2.4.1")
    back = setting.act("open_issue", OPERATOR, **fields).result["issue"]
    assert (back.id, back.state, back.regression) == (first.id, IssueState.OPEN, True)


def test_two_reports_without_a_source_are_two_issues(setting: Setting) -> None:
    setting.running()
    one = setting.act("open_issue", title="Slow").result["issue"]
    two = setting.act("open_issue", title="Slow").result["issue"]
    assert one.id != two.id


def test_ignoring_an_issue_is_an_admins_decision_with_a_reason(setting: Setting) -> None:
    setting.running()
    issue = setting.act("open_issue", title="Slow").result["issue"].id
    with pytest.raises(NotPermitted):
        setting.act("ignore_issue", OPERATOR, issue=issue, reason="x")
    with pytest.raises(ReasonMissing):
        setting.act("ignore_issue", issue=issue)
    setting.act("ignore_issue", issue=issue, reason="known and harmless")
    with setting.control.read() as unit:
        assert unit.issues.get(issue).state is IssueState.IGNORED


@pytest.mark.parametrize("fields", [{"title": " "}, {"title": "x", "kind": "rumour"}])
def test_an_issue_has_a_title_and_a_known_kind(setting: Setting, fields: dict) -> None:
    setting.running()
    with pytest.raises(InvalidRequest):
        setting.act("open_issue", **fields)


def test_the_autopilots_mode_is_an_admins_and_changes_no_exposure(setting: Setting) -> None:
    setting.running()
    before = setting.rollout()
    with pytest.raises(NotPermitted):
        setting.act("set_autopilot", OPERATOR, mode="off")
    change = setting.act("set_autopilot", mode="act", reason="weekend")
    assert (change.after.autopilot, change.after.thresholds, change.epoch) == ("act", before.thresholds, before.epoch)
    assert setting.act("set_autopilot", mode="act").changed is False
