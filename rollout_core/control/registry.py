"""All verbs by name: what makes the faces generic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rollout_core.control import (
    acknowledge_alert,
    advance,
    backup,
    complete,
    copy_events,
    create_token,
    end_sessions,
    forget,
    hold,
    ignore_issue,
    import_file,
    migrate_plan,
    open_issue,
    pause,
    prepare,
    record_events,
    record_exposures,
    release_holdout,
    remove_question,
    rename_question,
    resolve_alert,
    resolve_issue,
    restore,
    resume,
    revoke_token,
    roll_back,
    save_question,
    set_autopilot,
    set_override,
    set_percentage,
    set_person,
    set_retention,
    setup,
    sign_criterion,
    snooze_alert,
    start,
    stop,
    sweep,
    tick_checklist,
    waive_checklist,
)
from rollout_core.control.change import Change
from rollout_core.control.verb_spec import VerbSpec
from rollout_core.control.weigh import RolloutVerb
from rollout_core.people.actor import Actor
from rollout_core.people.role import Role
from rollout_core.ports.room import Room


def _of(verb: RolloutVerb, act: Callable[[Room, Actor, Any], Change]) -> VerbSpec:
    return VerbSpec(verb.name, verb.request, act, verb.role, verb.summary, verb.raises)


_SPECS = (
    _of(prepare.VERB, prepare.prepare),
    _of(start.VERB, start.start),
    _of(advance.VERB, advance.advance),
    VerbSpec("set_percentage", set_percentage.SetPercentage, set_percentage.set_percentage, Role.OPERATOR,
             set_percentage.VERB.summary, raises_exposure=True),
    _of(hold.VERB, hold.hold),
    _of(pause.VERB, pause.pause),
    _of(resume.VERB, resume.resume),
    _of(roll_back.VERB, roll_back.roll_back),
    _of(complete.VERB, complete.complete),
    _of(migrate_plan.VERB, migrate_plan.migrate_plan),
    _of(release_holdout.VERB, release_holdout.release_holdout),
    _of(stop.VERB, stop.stop),
    VerbSpec("set_override", set_override.SetOverride, set_override.set_override, Role.OPERATOR,
             "Switch a feature on or off for one subject."),
    VerbSpec("set_autopilot", set_autopilot.SetAutopilot, set_autopilot.set_autopilot, Role.ADMIN,
             "Let the autopilot watch, advise or act."),
    VerbSpec("setup", setup.Setup, setup.setup, Role.ADMIN,
             "Create or update plans and rollouts from their documents; exposure stays."),
    VerbSpec("tick_checklist", tick_checklist.TickChecklist, tick_checklist.tick_checklist, Role.OPERATOR,
             "Tick an item of the checklist before the start."),
    VerbSpec("waive_checklist", waive_checklist.WaiveChecklist, waive_checklist.waive_checklist, Role.ADMIN,
             "Let items of the checklist go, with a reason."),
    VerbSpec("sign_criterion", sign_criterion.SignCriterion, sign_criterion.sign_criterion, Role.OPERATOR,
             "Sign a criterion that no number can prove."),
    VerbSpec("acknowledge_alert", acknowledge_alert.AcknowledgeAlert, acknowledge_alert.acknowledge_alert,
             Role.OPERATOR, "Say that an alert is in hand."),
    VerbSpec("snooze_alert", snooze_alert.SnoozeAlert, snooze_alert.snooze_alert, Role.OPERATOR,
             "Keep an alert quiet for a while, with a reason."),
    VerbSpec("resolve_alert", resolve_alert.ResolveAlert, resolve_alert.resolve_alert, Role.OPERATOR,
             "Close an alert by hand."),
    VerbSpec("open_issue", open_issue.OpenIssue, open_issue.open_issue, Role.OPERATOR,
             "Report something that is wrong."),
    VerbSpec("resolve_issue", resolve_issue.ResolveIssue, resolve_issue.resolve_issue, Role.OPERATOR,
             "Say that an issue is mended."),
    VerbSpec("ignore_issue", ignore_issue.IgnoreIssue, ignore_issue.ignore_issue, Role.ADMIN,
             "Let an issue no longer count, with a reason."),
    VerbSpec("create_token", create_token.CreateToken, create_token.create_token, Role.ADMIN,
             "Give a machine the right to act."),
    VerbSpec("revoke_token", revoke_token.RevokeToken, revoke_token.revoke_token, Role.ADMIN,
             "Take a machine's right away."),
    VerbSpec("set_person", set_person.SetPerson, set_person.set_person, Role.ADMIN,
             "Add a person, change a role or a password."),
    VerbSpec("end_sessions", end_sessions.EndSessions, end_sessions.end_sessions, Role.ADMIN,
             "Sign somebody out, in one browser or everywhere."),
    VerbSpec("set_retention", set_retention.SetRetention, set_retention.set_retention, Role.ADMIN,
             "Choose how long raw events are kept."),
    VerbSpec("forget", forget.Forget, forget.forget, Role.ADMIN, "Erase a subject everywhere."),
    VerbSpec("backup", backup.Backup, backup.backup, Role.ADMIN, "Copy both stores while the app runs."),
    VerbSpec("copy_events", copy_events.CopyEvents, copy_events.copy_events, Role.ADMIN,
             "Copy the event store for a notebook while the app runs."),
    VerbSpec("save_question", save_question.SaveQuestion, save_question.save_question, Role.OPERATOR,
             "Keep a question in SQL for the team."),
    VerbSpec("rename_question", rename_question.RenameQuestion, rename_question.rename_question, Role.OPERATOR,
             "Give a saved question another name."),
    VerbSpec("remove_question", remove_question.RemoveQuestion, remove_question.remove_question, Role.OPERATOR,
             "Take a saved question off the list."),
    VerbSpec("restore", restore.Restore, restore.restore, Role.ADMIN,
             "Go back to a backup; every running rollout is held."),
    sweep.SPEC,
    VerbSpec("record_events", record_events.RecordEvents, record_events.record_events, Role.SENDER,
             "Store a batch of events."),
    VerbSpec("record_exposures", record_exposures.RecordExposures, record_exposures.record_exposures, Role.SENDER,
             "Store who met a flag, with what they got."),
    VerbSpec("import_file", import_file.ImportFile, import_file.import_file, Role.ADMIN,
             "Read events or subjects from a file; the same file twice adds nothing."),
)
"""In the order of a rollout's life. `sweep` has its place here once the autopilot acts."""

VERBS: Mapping[str, VerbSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Verb name -> spec."""
