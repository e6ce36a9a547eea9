"""Commands that only read: status, phase timeline, metrics, health, alerts, report, explain and the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from rollout_core.cli import decision_words, explain_words, tables, value_words, words
from rollout_core.cli.call import Call, shared
from rollout_core.cli.connection import Values
from rollout_core.cli.default_group import DefaultGroup
from rollout_core.cli.exit_codes import FOUND_SOMETHING

WINDOW = click.option("--window", default="phase", show_default=True,
                      type=click.Choice(["hour", "day", "week", "month", "phase", "epoch", "rollout"]))


@click.command("status")
@shared
def status(call: Call) -> None:
    """Where a rollout is, in which store; without --rollout and with several rollouts: all of them in a line each."""
    if call.rollout is None and len(call.ask("rollouts")["rollouts"]) != 1:
        call.show({**call.ask("overview"), "store": call.store}, words.with_store(words.overview))
        return
    call.show({**call.about("status"), "store": call.store}, words.with_store(words.status))


@click.command("report")
@WINDOW
@click.option("--workspaces", type=click.IntRange(0, 1000), default=20, show_default=True,
              help="How many subjects the table holds.")
@shared
def report(call: Call, window: str, workspaces: int) -> None:
    """Everything about one rollout, as Markdown (or JSON)."""
    call.show(call.about("report", window=window, workspaces=workspaces), words.report)


def read_every(text: str) -> timedelta:
    """"30s", "15m", "1h", "1d". Raises ValueError."""
    sizes = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number = float(text[:-1])
    if number <= 0 or text[-1] not in sizes:
        raise ValueError(text)
    return timedelta(**{sizes[text[-1]]: number})


@click.command("monitor")
@click.option("--every", metavar="TIME", help="Go on for ever, with a pass every 30s, 15m, 1h.")
@click.option("--passes", type=click.IntRange(min=1), help="Stop after so many passes.")
@click.option("--look", is_flag=True, help="Only compute: no alert is opened, nothing is decided.")
@shared
def monitor(call: Call, every: str | None, passes: int | None, look: bool) -> None:
    """A sweep: evidence, health, alerts, pause conditions; acts only where the autopilot may."""
    try:
        pause = read_every(every) if every else None
    except ValueError as error:
        raise click.BadParameter("write for instance 30s, 15m or 1h", param_hint="--every") from error
    done = 0
    while True:
        call.show(one_pass(call, look), words.passed)
        done += 1
        if pause is None or (passes is not None and done >= passes):
            return
        call.close()          # between passes nobody is kept from the store
        time.sleep(pause.total_seconds())


def one_pass(call: Call, look: bool) -> Values:
    """What the sweep did (nothing when it only looks), and what the monitor sees of each rollout."""
    keys = [call.rollout] if call.rollout else [entry["key"] for entry in call.ask("rollouts")["rollouts"]]
    swept = [] if look else call.act("sweep", rollout=call.rollout)["swept"]
    return {"at": datetime.now(UTC).isoformat(), "swept": swept, "seen": [call.ask("monitor", rollout=k) for k in keys]}


@click.command("pause-check")
@shared
def pause_check(call: Call) -> None:
    """Would a pause condition fire now? Exit code 9 if so."""
    found = call.about("pause_check")
    call.show(found, words.pause_check)
    if found["should_pause"]:
        raise click.exceptions.Exit(FOUND_SOMETHING)


@click.command("explain")
@click.argument("subject")
@click.option("--flag", metavar="KEY", help="Only this flag.")
@click.option("--all", "whole", is_flag=True, help="Every step of every flag, and the plan's procedure.")
@shared
def explain(call: Call, subject: str, flag: str | None, whole: bool) -> None:
    """Why SUBJECT sees a feature or does not; --all and --flag show every step."""
    said = explain_words.whole_explanation if whole or flag else explain_words.explanation
    call.show(call.about("explain", subject=subject, flag=flag), said)


@click.command("workspaces")
@click.option("--search", default="", help="Ids that contain this.")
@click.option("--page", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--all", "everybody", is_flag=True, help="Also those that do not have it.")
@shared
def workspaces(call: Call, search: str, page: int, everybody: bool) -> None:
    """The enabled subjects, with what they did in the last 28 days."""
    enabled = "" if everybody else "true"
    call.show(call.about("workspaces", search=search, page=page, enabled=enabled), tables.workspaces)


@click.command("alerts")
@click.option("--state", default="unresolved", show_default=True,
              type=click.Choice(["unresolved", "all", "open", "acknowledged", "snoozed", "resolved"]))
@shared
def alerts(call: Call, state: str) -> None:
    """Alerts with their deadlines, worst first."""
    call.show(call.about("alerts", state=state), tables.alerts)


@click.command("health")
@shared
def health(call: Call) -> None:
    """The health score and every deduction."""
    call.show(call.about("health"), words.health)


@click.command("metrics")
@WINDOW
@click.option("--group", metavar="NAME", help="Only this group of the catalogue.")
@click.argument("names", nargs=-1)
@shared
def metrics(call: Call, window: str, group: str | None, names: tuple[str, ...]) -> None:
    """The catalogue's numbers, treatment against control."""
    call.show(call.about("metrics", window=window, group=group, metrics=list(names)), tables.metrics)


@click.command("gates")
@click.option("--phase", metavar="KEY", help="Looks ahead to this phase instead of the next one.")
@shared
def gates(call: Call, phase: str | None) -> None:
    """What stands before more exposure, and what the next phase can find."""
    call.show({**call.about("gates"), "foresight": call.about("foresight", phase=phase)}, words.gates)


@click.group("decisions", cls=DefaultGroup, default="list")
def decisions() -> None:
    """What the sweeps decided: list (default), show."""


@decisions.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@shared
def decisions_list(call: Call, limit: int) -> None:
    """The newest decisions."""
    call.show(call.about("decisions", limit=limit), tables.decisions)


@decisions.command("show")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--replay", is_flag=True, help="Computes it again from what it saw.")
@shared
def decisions_show(call: Call, number: int, replay: bool) -> None:
    """One decision with everything it saw."""
    if replay:
        call.show(call.ask("replay", number=number), decision_words.replayed)
    else:
        call.show(call.ask("decisions", number=number)["decisions"][0], decision_words.decision)


def simple(name: str, question: str, help_text: str, say: Callable[[Any], Any] = value_words.tree) -> click.Command:
    """A command that asks one question about the rollout and says the whole answer."""
    @click.command(name, help=help_text)
    @shared
    def command(call: Call) -> None:
        call.show(call.about(question), say)

    return command


COMMANDS = (
    status, report, monitor, pause_check, explain, workspaces, alerts, health, metrics, decisions, gates,
    simple("phases", "phases", "The phases, audiences and epochs."),
    simple("adoption", "adoption", "Adoption at fixed age, funnel, cohorts."),
    simple("errors", "errors", "Error rates and error groups."),
    simple("vitals", "vitals", "Core Web Vitals at p75."),
    simple("speed", "speed", "API and render times."),
    simple("business", "business", "Retention, sessions, satisfaction, conversion, support."),
    simple("verdicts", "verdicts", "What the evidence proves: guardrails, criteria, sample ratio.", words.verdicts),
)
