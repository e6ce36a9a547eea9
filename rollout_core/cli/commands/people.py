"""Commands about who may do what: tokens, people, one-time links."""

from __future__ import annotations

import click

from rollout_core.bootstrap.app_file import read_app_file
from rollout_core.cli import tables, value_words
from rollout_core.cli.call import Call, shared
from rollout_core.cli.connection import Values

ROLE = click.Choice(["viewer", "operator", "admin"])


@click.group("token")
def token() -> None:
    """Tokens that machines sign in with."""


@token.command("create")
@click.argument("name")
@click.option("--role", type=ROLE, default="viewer", show_default=True)
@click.option("--days", type=click.IntRange(min=1), default=90, show_default=True, help="How long it can be used.")
@shared
def token_create(call: Call, name: str, role: str, days: int) -> None:
    """Makes a token and shows it once."""
    call.show(call.act("create_token", name=name, role=role, days=days), _new_token)


def _new_token(found: Values) -> str:
    result = found["result"]
    ends = value_words.moment(result["expires_at"])
    return f"{result['secret']}\nThis is shown once. Id {result['id']}, ends {ends}."


@token.command("list")
@click.option("--all", "everything", is_flag=True, help="Also revoked and expired ones.")
@shared
def token_list(call: Call, everything: bool) -> None:
    """Tokens, without their secrets."""
    call.show(call.ask("tokens", all=everything), lambda found: tables.table(
        ("id", "name", "role", "state", "last used", "expires"),
        [(line["id"], line["name"], line["role"], line["state"], value_words.moment(line["last_used_at"]),
          value_words.moment(line["expires_at"])) for line in found["tokens"]]))


@token.command("revoke")
@click.argument("identifier", metavar="ID|NAME")
@shared
def token_revoke(call: Call, identifier: str) -> None:
    """Makes a token useless at once."""
    call.show(call.act("revoke_token", id=identifier), lambda _: f"Token {identifier} is revoked.")


@click.command("person")
@click.argument("name")
@click.option("--role", type=ROLE, help="What they may do.")
@click.option("--password", is_flag=True, help="Asks for a password.")
@click.option("--off", is_flag=True, help="May no longer sign in; open sessions end.")
@click.option("--unlink", is_flag=True, help="Forgets their account at the identity provider.")
@shared
def person(call: Call, name: str, role: str | None, password: bool, off: bool, unlink: bool) -> None:
    """Adds or changes somebody who may sign in."""
    secret = click.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    given = {"name": name, "role": role, "password": secret, "active": False if off else None,
             "unlink": unlink or None}
    call.show(call.connection.act("set_person", given), lambda found: f"{found['result']['person']} is saved.")


@click.command("signin-link")
@click.option("--person", "name", metavar="NAME", help="For whom; the local admin otherwise.")
@shared
def signin_link(call: Call, name: str | None) -> None:
    """Prints a new one-time sign-in link."""
    found = call.connection.sign_in_link(name)
    app = read_app_file(call.settings.store)
    address = call.settings.url or (app.url if app else f"http://localhost:{call.settings.port}")
    call.show({"link": f"{address}/signin?link={found['secret']}", "minutes": found["minutes"]},
              lambda told: f"{told['link']}\nSigns in once, within {told['minutes']} minutes.")


COMMANDS = (token, person, signin_link)
