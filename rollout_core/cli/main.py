"""`rollout`: the verbs and answers in a terminal. A command's module is imported when the command is called for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from rollout_core import __version__
from rollout_core.cli.exit_codes import UNFORESEEN, exit_code_of
from rollout_core.errors import RolloutError

MODULES: dict[str, str] = {
    "people": "token person signin-link",
    "procedure": "checklist sign alert issue override release-holdout migrate-plan autopilot",
    "reading": "status report monitor pause-check explain workspaces alerts health metrics decisions gates phases "
               "adoption errors vitals speed business verdicts",
    "rehearsing": "rehearse simulate",
    "running": "serve demo verify ask do completion",
    "steering": "prepare start advance phase set hold pause resume rollback complete stop",
    "store": "setup plan import export sql forget backup restore audit doctor",
}
"""Module of rollout_core.cli.commands -> the commands it brings; a test compares this with what each brings."""


class LazyGroup(click.Group):
    """Knows its commands by name and imports one when it is needed (click's documentation, "Complex Applications").

    `where`: command -> module, whose COMMANDS holds it.
    """

    def __init__(self, *args: Any, where: dict[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.where = where

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return sorted(self.where)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None when there is none."""
        if cmd_name not in self.commands and cmd_name in self.where:
            self.load(self.where[cmd_name])
        return self.commands.get(cmd_name)

    def load(self, module: str) -> None:
        """Adds every command of a module."""
        for command in import_module(f"rollout_core.cli.commands.{module}").COMMANDS:
            self.add_command(command)

    def whole(self) -> click.Group:
        """Itself with every command loaded, for whoever wants to see all of them."""
        for module in dict.fromkeys(self.where.values()):
            self.load(module)
        return self


@click.group(cls=LazyGroup, where={name: module for module, names in MODULES.items() for name in names.split()},
             context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rollout")
def rollout() -> None:
    """Phased feature rollouts: who has it, is it safe, may it advance.

    While the app runs, commands go through it; else they open the store's files. docs/guide/cli.md has the exit codes.
    """


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
