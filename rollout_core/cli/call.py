"""What every command gets: the options all commands share, and a connection opened on first use."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from rollout_core.cli.connect import connect
from rollout_core.cli.connection import Connection, Values
from rollout_core.settings import Settings, read_settings

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(slots=True)
class Call:
    """One command's run. `claimed` is who they say they act for; it is recorded beside who they are."""

    settings: Settings
    rollout: str | None
    claimed: str | None
    as_json: bool
    opened: list[Connection] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """Opened on first use; says on stderr when it had to work without the event store."""
        if not self.opened:
            self.opened.append(connect(self.settings, self.claimed))
            if "alone" in self.opened[0].way:
                click.echo(f"Working {self.opened[0].way}.", err=True)
        return self.opened[0]

    @property
    def store(self) -> Values:
        """Which store answers: its folder (None: on another machine), and the way there."""
        return {"folder": None if self.settings.server else str(self.settings.store), "way": self.connection.way}

    def ask(self, question: str, **given: Any) -> Values:
        """A question about the rollout that is meant."""
        return self.connection.ask(question, given)

    def about(self, question: str, **given: Any) -> Values:
        """A question that names a rollout."""
        return self.connection.ask(question, {"rollout": self.rollout, **given})

    def act(self, verb: str, **given: Any) -> Values:
        """A verb that names no rollout."""
        return self.connection.act(verb, given)

    def speak_for(self, actor: str | None) -> None:
        """A trailing actor (the seed's form) counts as --as; --as wins."""
        if actor and not self.opened:
            self.claimed = self.claimed_by_option or actor

    claimed_by_option: str | None = None

    def show(self, found: Values, words: Callable[[Values], Any]) -> None:
        """The answer as JSON, or in words for people."""
        if self.as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
            return
        said = words(found)
        if isinstance(said, str):
            click.echo(said)
            return
        terminal().print(said)

    def close(self) -> None:
        """Lets go of the stores or the app."""
        while self.opened:
            self.opened.pop().close()


def terminal() -> Console:
    """Where words go: as wide as the terminal, or 120 characters where they are piped."""
    from rich.console import Console

    return Console(width=None if os.isatty(1) else 120)


def shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the shared options; the command's function gets a Call first."""
    @click.option("--rollout", "-r", metavar="KEY", help="Which rollout; not needed while there is only one.")
    @click.option("--as", "claimed", metavar="NAME", help="Whom you act for; recorded beside who you are.")
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    @click.option("--store", type=click.Path(file_okay=False, path_type=Path), help="The store's folder.")
    @wraps(function)
    def run(*, rollout: str | None, claimed: str | None, as_json: bool, store: Path | None, **more: Any) -> Any:
        settings = settings_for(os.environ, store)
        call = Call(settings, rollout or settings.rollout, claimed or settings.act_as or _user_name(), as_json,
                    claimed_by_option=claimed)
        try:
            return function(call, **more)
        finally:
            call.close()

    return run


def settings_for(environ: Mapping[str, str], store: Path | None) -> Settings:
    """The environment's settings; `--store` wins."""
    settings = read_settings(environ)
    return settings if store is None else replace(settings, store=store.expanduser().resolve())


def _user_name() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
