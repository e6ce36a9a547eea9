"""Commands that run things: serve, demo, verify; and `ask` and `do`, which reach whatever has no command of its own."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from rollout_core.cli import value_words, verb_words
from rollout_core.cli.call import Call, shared
from rollout_core.cli.exit_codes import FOUND_SOMETHING
from rollout_core.cli.progress import working
from rollout_core.settings import DEMO_STORE, STORE

if TYPE_CHECKING:
    from rollout_core.cli.walk import Step


@click.command("serve")
@click.option("--port", type=click.IntRange(1, 65535), help="8501, or ROLLOUT_PORT.")
@click.option("--address", help="The address to listen on: 127.0.0.1, or ROLLOUT_ADDRESS.")
@click.option("--demo/--no-demo", default=None, help="The simulated store, or an empty one for real data.")
@shared
def serve(call: Call, port: int | None, address: str | None, demo: bool | None) -> None:
    """Serves the pages and the interface; sets the shipped plans up where nothing is set up yet."""
    from rollout_core.bootstrap.opening import CONTROL
    from rollout_core.bootstrap.preparing import prepare_store

    settings = call.settings
    real = (settings.root / STORE / CONTROL).exists()
    if "ROLLOUT_STORE" not in os.environ and demo is not None and not real:
        settings = replace(settings, store=settings.root / (DEMO_STORE if demo else STORE))
    elif demo and not settings.demo:
        click.echo(not_the_demo(settings.store, named="ROLLOUT_STORE" in os.environ), err=True)
    with working("Preparing the store", quiet=call.as_json, total=1.0) as say:
        prepare_store(settings, progress=lambda words, done: say(done, words))
    environment = os.environ | {"ROLLOUT_STORE": str(settings.store), "ROLLOUT_PORT": str(port or settings.port),
                                "ROLLOUT_ADDRESS": address or settings.address}
    os.chdir(settings.root)
    os.execve(sys.executable, [sys.executable, str(settings.root / "dashboard.py")], environment)  # noqa: S606


def not_the_demo(store: Path, *, named: bool) -> str:
    """Why `--demo` opens another store than the simulated one, and how to get that."""
    if named:
        return f"ROLLOUT_STORE names {store}: that is served, not the simulated store. Leave it out to see the demo."
    return f"{store} holds real data: that is served. To see the simulated store: ROLLOUT_STORE={DEMO_STORE}"


@click.command("demo")
@click.option("--anew", is_flag=True, help="Deletes the simulated store first.")
@shared
def demo(call: Call, anew: bool) -> None:
    """Makes the simulated store, or brings it up to now."""
    from rollout_core.bootstrap.preparing import prepare_store

    settings = replace(call.settings, store=call.settings.root / DEMO_STORE)
    with working("Making the simulated store", quiet=call.as_json, total=1.0) as say:
        prepare_store(settings, anew=anew, progress=lambda words, done: say(done, words))
    call.show({"store": str(settings.store)}, lambda told: f"The simulated store lies in {told['store']}.")


@click.command("verify")
@click.option("--rollout", "-r", "key", metavar="KEY", help="The plan to walk; else the one with the fewest phases.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def verify(key: str | None, as_json: bool) -> None:
    """Walks setup, update, status, monitoring, enabled workspaces, report and rollback on a throw-away store."""
    from rollout_core.cli.walk import walk

    steps = walk(None if as_json else lambda step: click.echo(_line(step)), key=key)
    passed = all(step.passed for step in steps)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"passed": passed, "steps": steps}), indent=2))
    else:
        click.echo(f"{sum(step.passed for step in steps)} of {len(steps)} steps passed.")
    if not passed:
        raise click.exceptions.Exit(FOUND_SOMETHING)


def _line(step: Step) -> str:
    return f"{'passed' if step.passed else 'FAILED'}  {step.name}: {step.found}"


def read_pairs(pairs: tuple[str, ...]) -> dict[str, Any]:
    """`name=value` words; a value that is JSON is read as such. Raises click.BadParameter."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not of the form name=value")
        try:
            given[name] = msgspec.json.decode(text.encode())
        except msgspec.DecodeError:
            given[name] = text
    return given


@click.command("ask")
@click.argument("question")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@shared
def ask(call: Call, question: str, values: tuple[str, ...]) -> None:
    """Any question by its name."""
    call.show(call.connection.ask(question.replace("-", "_"), read_pairs(values)), value_words.tree)


@click.command("do")
@click.argument("verb")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@shared
def do(call: Call, verb: str, values: tuple[str, ...]) -> None:
    """Any verb by its name."""
    call.show(call.connection.act(verb.replace("-", "_"), read_pairs(values)), verb_words.changed)


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Prints what switches completion on: eval "$(rollout completion bash)"."""
    from click.shell_completion import get_completion_class

    from rollout_core.cli.main import rollout

    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(f"no completion for {shell}")
    click.echo(kind(rollout, {}, "rollout", "_ROLLOUT_COMPLETE").source())


COMMANDS = (serve, demo, verify, ask, do, completion)
