"""Commands that change a rollout: the seed's phase, set, pause and resume, and the other verbs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rollout_core.cli import verb_words
from rollout_core.cli.call import Call, shared
from rollout_core.cli.connection import Values
from rollout_core.errors import InvalidPercentage, InvalidRequest, TransitionRefused

RAISING = frozenset({"start", "advance", "set_percentage", "resume", "release_holdout"})
"""Verbs that may raise exposure: they carry the revision that the command saw a moment before."""


class Percentage(click.ParamType[float]):
    """A number from 0 to 100, with or without a % sign."""

    name = "percentage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises InvalidPercentage."""
        try:
            number = float(str(value).strip().removesuffix("%"))
        except ValueError:
            number = float("nan")
        if not 0 <= number <= 100:
            raise InvalidPercentage(f"{value!r} is not a percentage.", mend="Give a number from 0 to 100.", given=value)
        return number


PERCENTAGE = Percentage()
REASON = click.option("--reason", metavar="TEXT", help="Why; needed against an unmet criterion.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what would change and what stands in its way.")
REASON_WORD = click.argument("reason", required=False)
ACTOR = click.argument("actor", required=False, metavar="[ACTOR]")


def change(function: Callable[..., None]) -> Callable[..., Any]:
    """A command that changes a rollout: --dry-run, the trailing actor (the seed's form), and the shared options."""
    @DRY_RUN
    @ACTOR
    @shared
    @wraps(function)
    def run(call: Call, *, actor: str | None, **given: Any) -> None:
        call.speak_for(actor)
        function(call, **given)

    return run


def steer(call: Call, verb: str, *, dry_run: bool = False, **given: Any) -> None:
    """Looks first, then acts with the revision it saw: somebody else's change in between is never overwritten.

    A person in a terminal sees what a raise would overrule, and is asked; a script's reason is its answer.
    """
    asked = {"rollout": call.rollout, **given}
    if dry_run:
        call.show(call.connection.preview(verb, asked), verb_words.previewed)
        return
    if verb in RAISING:
        seen = call.connection.preview(verb, asked)
        person = sys.stdin.isatty() and sys.stdout.isatty() and not call.as_json
        if person and overrules(seen, given.get("reason")):
            click.echo(verb_words.previewed(seen), err=True)
            click.confirm("The written reason overrules what is not met. Go on?", abort=True, err=True)
        asked["revision"] = seen["revision"]
    call.show(call.connection.act(verb, asked), verb_words.changed)


def overrules(seen: Values, reason: str | None) -> bool:
    """True when the change would go on against conditions that are not met, on the strength of a reason."""
    return bool(seen["allowed"] and seen["needs_reason"] and seen["raises_exposure"] and (reason or "").strip())


def revision_of(call: Call) -> int:
    """The revision of the rollout that is meant, from the control store alone."""
    entries = call.ask("rollouts")["rollouts"]
    found = [entry for entry in entries if call.rollout in {None, entry["key"]}]
    if len(found) != 1:
        keys = ", ".join(entry["key"] for entry in entries)
        raise InvalidRequest("Which rollout is meant?", mend=f"Name one with --rollout (or ROLLOUT_KEY): {keys}.")
    return int(found[0]["revision"])


@click.command("prepare")
@change
def prepare(call: Call, dry_run: bool) -> None:
    """Says that a rollout is ready to be started."""
    steer(call, "prepare", dry_run=dry_run)


@click.command("start")
@click.option("--phase", metavar="KEY", help="The phase to begin with; the first one otherwise.")
@REASON
@change
def start(call: Call, phase: str | None, reason: str | None, dry_run: bool) -> None:
    """Starts a rollout; the checklist must be done or waived."""
    steer(call, "start", dry_run=dry_run, phase=phase, reason=reason)


@click.command("advance")
@click.option("--to", "phase", metavar="KEY", help="A later phase; the next one otherwise.")
@REASON
@change
def advance(call: Call, phase: str | None, reason: str | None, dry_run: bool) -> None:
    """Goes to the next phase."""
    steer(call, "advance", dry_run=dry_run, phase=phase, reason=reason)


@click.command("phase")
@click.argument("number", type=click.IntRange(min=1))
@REASON
@change
def phase_command(call: Call, number: int, reason: str | None, dry_run: bool) -> None:
    """Starts with phase NUMBER, or advances to it."""
    found = call.about("phases")
    verb, key = _towards(found, number, str(call.about("status")["status"]))
    if verb == "start" and call.about("status")["status"] == "draft" and not dry_run:
        call.connection.act("prepare", {"rollout": call.rollout})
    steer(call, verb, dry_run=dry_run, phase=key, reason=reason)


def _towards(found: Values, number: int, status: str) -> tuple[str, str]:
    """The verb and the phase's key. Raises InvalidRequest for a number there is not, TransitionRefused for going back.
    """
    by_number = {phase["number"]: phase for phase in found["phases"]}
    if number not in by_number:
        raise InvalidRequest(f"There is no phase {number}.", mend=f"Phases are 1 to {max(by_number)}.")
    key = str(by_number[number]["key"])
    if status in {"draft", "ready"}:
        return "start", key
    now = max((phase["number"] for phase in found["phases"] if phase["state"] == "now"), default=0)
    if number < now:
        raise TransitionRefused(f"The rollout is in phase {now}; `phase` does not go back to {number}.",
                                mend="Use `rollout rollback immediate|gradual|full`.", phase=now, asked=number)
    if number == now:
        raise TransitionRefused(f"The rollout is in phase {now} already.", mend="`rollout status` shows where it is.")
    return "advance", key


@click.command("set")
@click.argument("percentage", type=PERCENTAGE)
@REASON
@change
def set_command(call: Call, percentage: float, reason: str | None, dry_run: bool) -> None:
    """Sets the share that is served; `set 0` is the complete rollback."""
    steer(call, "set_percentage", dry_run=dry_run, percentage=percentage, reason=reason)


@click.command("hold")
@REASON
@change
def hold(call: Call, reason: str | None, dry_run: bool) -> None:
    """Keeps exposure as it is; nothing moves by itself."""
    steer(call, "hold", dry_run=dry_run, reason=reason)


@click.command("pause")
@REASON_WORD
@change
def pause(call: Call, reason: str | None, dry_run: bool) -> None:
    """Serves nobody (0 %) and remembers where it was. Never needs anything."""
    steer(call, "pause", dry_run=dry_run, reason=reason)


@click.command("resume")
@click.argument("percentage", type=PERCENTAGE, required=False)
@REASON
@change
def resume(call: Call, percentage: float | None, reason: str | None, dry_run: bool) -> None:
    """Goes on after a pause, hold or stop, at PERCENTAGE or where it was."""
    steer(call, "resume", dry_run=dry_run, percentage=percentage, reason=reason)


@click.command("rollback")
@click.argument("kind", type=click.Choice(["immediate", "gradual", "full"]))
@REASON_WORD
@change
def rollback(call: Call, kind: str, reason: str | None, dry_run: bool) -> None:
    """Goes back a phase (immediate), to half (gradual), or to the plan's safe state (full). Never raises exposure."""
    steer(call, "roll_back", dry_run=dry_run, kind=kind, reason=reason)


@click.command("complete")
@REASON
@change
def complete(call: Call, reason: str | None, dry_run: bool) -> None:
    """Says that the rollout has arrived."""
    steer(call, "complete", dry_run=dry_run, reason=reason)


@click.command("stop")
@REASON_WORD
@change
def stop(call: Call, reason: str | None, dry_run: bool) -> None:
    """The kill switch: nobody is served, whatever overrides say. Only an admin resumes."""
    steer(call, "stop", dry_run=dry_run, reason=reason)


COMMANDS = (prepare, start, advance, phase_command, set_command, hold, pause, resume, rollback, complete, stop)
