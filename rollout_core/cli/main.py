"""`rollout`: the verbs and answers in a terminal."""

from __future__ import annotations

import sys

import click

from rollout_core.cli.commands import people, procedure, reading, rehearsing, running, steering, store
from rollout_core.cli.exit_codes import UNFORESEEN, exit_code_of
from rollout_core.errors import RolloutError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rollout-control-room", prog_name="rollout")
def rollout() -> None:
    """Phased feature rollouts: who has it, is it safe, may it advance.

    While the app runs, commands go through it; else they open the store's files. docs/guide/cli.md has the exit codes.
    """


for module in (reading, steering, procedure, store, people, running, rehearsing):
    for command in module.COMMANDS:
        rollout.add_command(command)


def run() -> None:
    """The console script: errors in words on stderr, and an exit code that says what kind."""
    try:
        code = rollout(standalone_mode=False)
    except RolloutError as error:
        click.echo(str(error), err=True)
        sys.exit(exit_code_of(error))
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(UNFORESEEN)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
