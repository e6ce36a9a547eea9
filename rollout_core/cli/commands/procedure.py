"""Commands about the procedure: checklist, criteria, alerts, issues, overrides, holdout, autopilot, plan migration."""

from __future__ import annotations

import click

from rollout_core.cli import tables, value_words
from rollout_core.cli.call import Call, shared
from rollout_core.cli.commands.steering import DRY_RUN, REASON, revision_of, steer
from rollout_core.cli.connection import Values


def _saved(found: Values) -> str:
    return f"Done. Audit entry {found['audit_seq']}."


@click.group("checklist")
def checklist() -> None:
    """The pre-rollout checklist."""


@checklist.command("show")
@shared
def checklist_show(call: Call) -> None:
    """What is ticked, waived and open."""
    call.show(call.about("checklist"), value_words.tree)


@checklist.command("tick")
@click.argument("item")
@click.option("--note", default="", help="The evidence in words.")
@shared
def checklist_tick(call: Call, item: str, note: str) -> None:
    """Ticks an item."""
    call.show(call.act("tick_checklist", rollout=call.rollout, item=item, note=note), _saved)


@checklist.command("waive")
@click.argument("item", required=False)
@click.option("--reason", required=True, metavar="TEXT", help="Why it may be left out.")
@shared
def checklist_waive(call: Call, item: str | None, reason: str) -> None:
    """Lets an item go (without a name: all that are open), for a written reason."""
    call.show(call.act("waive_checklist", rollout=call.rollout, item=item, reason=reason), _saved)


@click.command("sign")
@click.argument("criterion")
@click.argument("evidence")
@click.option("--phase", metavar="KEY", help="The phase; the present one otherwise.")
@click.option("--not-met", is_flag=True, help="Signs that it is not met.")
@shared
def sign(call: Call, criterion: str, evidence: str, phase: str | None, not_met: bool) -> None:
    """Signs a criterion that only a person can judge."""
    call.show(call.act("sign_criterion", rollout=call.rollout, criterion=criterion, phase=phase, met=not not_met,
                       evidence=evidence), _saved)


@click.group("alert")
def alert() -> None:
    """What to do about an alert (`rollout alerts` lists them)."""


@alert.command("acknowledge")
@click.argument("identifier", metavar="ID")
@shared
def alert_acknowledge(call: Call, identifier: str) -> None:
    """Says that somebody looks into it."""
    call.show(call.act("acknowledge_alert", alert=identifier), _saved)


@alert.command("snooze")
@click.argument("identifier", metavar="ID")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="How long.")
@click.option("--reason", required=True, metavar="TEXT")
@shared
def alert_snooze(call: Call, identifier: str, hours: float, reason: str) -> None:
    """Silences it for a while, for a written reason."""
    call.show(call.act("snooze_alert", alert=identifier, hours=hours, reason=reason), _saved)


@alert.command("resolve")
@click.argument("identifier", metavar="ID")
@REASON
@shared
def alert_resolve(call: Call, identifier: str, reason: str | None) -> None:
    """Says that it is over."""
    call.show(call.act("resolve_alert", alert=identifier, reason=reason), _saved)


@click.group("issue")
def issue() -> None:
    """Critical and high-priority issues: they cost health and can pause."""


@issue.command("list")
@click.option("--state", type=click.Choice(["open", "resolved", "ignored", "all"]), default="open", show_default=True)
@shared
def issue_list(call: Call, state: str) -> None:
    """Issues, worst first."""
    call.show(call.about("issues", state=state), lambda found: tables.table(
        ("id", "priority", "state", "kind", "title"),
        [(line["id"], line["priority"], line["state"], line["kind"], line["title"]) for line in found["issues"]]))


@issue.command("open")
@click.argument("title")
@click.option("--priority", type=click.Choice(["critical", "high"]), default="high", show_default=True)
@shared
def issue_open(call: Call, title: str, priority: str) -> None:
    """Opens an issue by hand."""
    call.show(call.act("open_issue", rollout=call.rollout, title=title, priority=priority), _saved)


@issue.command("resolve")
@click.argument("identifier", metavar="ID")
@REASON
@shared
def issue_resolve(call: Call, identifier: str, reason: str | None) -> None:
    """Says that it is fixed."""
    call.show(call.act("resolve_issue", issue=identifier, reason=reason), _saved)


@issue.command("ignore")
@click.argument("identifier", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT")
@shared
def issue_ignore(call: Call, identifier: str, reason: str) -> None:
    """Says that it does not matter, and why."""
    call.show(call.act("ignore_issue", issue=identifier, reason=reason), _saved)


@click.command("override")
@click.argument("subject")
@click.argument("value", type=click.Choice(["on", "off", "none"]))
@click.option("--flag", metavar="KEY", help="Only this flag.")
@click.option("--reason", required=True, metavar="TEXT")
@shared
def override(call: Call, subject: str, value: str, flag: str | None, reason: str) -> None:
    """Switches SUBJECT on or off whatever the percentage says; none takes that back."""
    states = {"on": True, "off": False, "none": None}
    given = {"rollout": call.rollout, "subject": subject, "flag": flag, "reason": reason}
    raises = {"revision": revision_of(call)} if value == "on" else {}
    call.show(call.connection.act("set_override", given | raises | {"value": states[value], "remove": value == "none"}),
              _saved)


@click.command("release-holdout")
@DRY_RUN
@REASON
@shared
def release_holdout(call: Call, dry_run: bool, reason: str | None) -> None:
    """Enrols those who were kept out for comparison."""
    steer(call, "release_holdout", dry_run=dry_run, reason=reason)


@click.command("migrate-plan")
@DRY_RUN
@REASON
@shared
def migrate_plan(call: Call, dry_run: bool, reason: str | None) -> None:
    """Moves a running rollout to the newest version of its plan; never raises exposure."""
    steer(call, "migrate_plan", dry_run=dry_run, reason=reason)


@click.command("autopilot")
@click.argument("mode", type=click.Choice(["off", "advise", "act"]))
@REASON
@shared
def autopilot(call: Call, mode: str, reason: str | None) -> None:
    """What a sweep may do by itself."""
    call.show(call.act("set_autopilot", rollout=call.rollout, mode=mode, reason=reason), _saved)


COMMANDS = (checklist, sign, alert, issue, override, release_holdout, migrate_plan, autopilot)
