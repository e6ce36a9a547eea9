"""Environment -> frozen Settings. Every variable is one row of VARIABLES and one row of docs/guide/settings.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rollout_core.errors import InvalidRequest, Problem
from rollout_core.people.identity import Trust
from rollout_core.people.role import OF_PEOPLE, Role

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: where data/, pages/ and dashboard.py lie."""

LOCAL_HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process was told at start. Sizes in bytes, times as timedelta."""

    root: Path
    store: Path
    plans: Path
    port: int = 8501
    address: str = "127.0.0.1"
    url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = LOCAL_HOSTS
    session_lifetime: timedelta = timedelta(hours=12)
    link_lifetime: timedelta = timedelta(minutes=30)
    queue_bytes: int = 64 * 1024 * 1024
    body_bytes: int = 8 * 1024 * 1024
    minimum_free_bytes: int | None = None
    sweep_every: timedelta = timedelta(minutes=1)
    timezone: str = "UTC"
    rollout: str | None = None
    act_as: str | None = None
    server: str | None = None
    token: str | None = field(default=None, repr=False)
    print_link: bool = True
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_secret_file: Path | None = None
    oidc_domains: tuple[str, ...] = ()
    oidc_claim: str = "groups"
    oidc_roles: tuple[tuple[str, Role], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The whole environment, in which plans look for their flag overrides."""

    @property
    def demo(self) -> bool:
        """True when the store is the simulated one, which every page marks."""
        return self.store == self.root / DEMO_STORE

    @property
    def trust(self) -> Trust:
        """Whom the identity provider may send."""
        return Trust(self.oidc_domains, dict(self.oidc_roles))

    @property
    def secure_cookie(self) -> bool:
        """The session cookie is only sent over TLS when people reach the app that way."""
        return bool(self.url and self.url.startswith("https://"))


STORE = Path("data/store")
DEMO_STORE = Path("data/demo/store")


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("not above 0")
    return number


def _port(text: str) -> int:
    number = _positive(text)
    if number > 65535:
        raise ValueError("above 65535")
    return number


def _megabytes(text: str) -> int:
    return _positive(text) * 1024 * 1024


def _free_megabytes(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("below 0")
    return number * 1024 * 1024


def _hours(text: str) -> timedelta:
    return timedelta(hours=_positive(text))


def _minutes(text: str) -> timedelta:
    return timedelta(minutes=_positive(text))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _yes_or_no(text: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return answers[text.strip().lower()]


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not a web address")
    return text.rstrip("/")


def _group_roles(text: str) -> tuple[tuple[str, Role], ...]:
    pairs = [pair.rpartition("=") for pair in _names(text)]
    if any(not group.strip() for group, _, _ in pairs):
        raise ValueError("no group")
    given = tuple((group.strip(), Role(role.strip())) for group, _, role in pairs)
    if any(role not in OF_PEOPLE for _, role in given):
        raise ValueError("no role of a person")
    return given


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("unknown zone") from error
    return text


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: the field it fills, how its text is read, and what would be right."""

    name: str
    field: str
    read: Callable[[str], Any]
    allowed: str


VARIABLES: tuple[Variable, ...] = (
    Variable("ROLLOUT_STORE", "store", Path, "a folder"),
    Variable("ROLLOUT_PLANS", "plans", Path, "a folder of plan documents"),
    Variable("ROLLOUT_PORT", "port", _port, "a number from 1 to 65535"),
    Variable("ROLLOUT_ADDRESS", "address", str, "an address of this machine"),
    Variable("ROLLOUT_URL", "url", _url, "the address people use, such as https://rollout.example.com"),
    Variable("ROLLOUT_TRUSTED_PROXIES", "trusted_proxies", _names, "addresses separated by commas"),
    Variable("ROLLOUT_ALLOWED_HOSTS", "allowed_hosts", _names, "host names separated by commas"),
    Variable("ROLLOUT_SESSION_HOURS", "session_lifetime", _hours, "a whole number of hours above 0"),
    Variable("ROLLOUT_LINK_MINUTES", "link_lifetime", _minutes, "a whole number of minutes above 0"),
    Variable("ROLLOUT_QUEUE_MB", "queue_bytes", _megabytes, "a whole number of megabytes above 0"),
    Variable("ROLLOUT_BODY_MB", "body_bytes", _megabytes, "a whole number of megabytes above 0"),
    Variable("ROLLOUT_MINIMUM_FREE_MB", "minimum_free_bytes", _free_megabytes, "a whole number of megabytes"),
    Variable("ROLLOUT_SWEEP_MINUTES", "sweep_every", _minutes, "a whole number of minutes above 0"),
    Variable("ROLLOUT_TIMEZONE", "timezone", _zone, "a zone name such as Europe/Berlin"),
    Variable("ROLLOUT_KEY", "rollout", str, "the key of a rollout"),
    Variable("ROLLOUT_AS", "act_as", str, "a name"),
    Variable("ROLLOUT_SERVER", "server", _url, "the address of a running app"),
    Variable("ROLLOUT_TOKEN", "token", str, "a token made by `rollout token create`"),
    Variable("ROLLOUT_PRINT_LINK", "print_link", _yes_or_no, "1 or 0"),
    Variable("ROLLOUT_OIDC_ISSUER", "oidc_issuer", _url, "the identity provider's issuer address"),
    Variable("ROLLOUT_OIDC_CLIENT_ID", "oidc_client_id", str, "the client id that the provider gave to this app"),
    Variable("ROLLOUT_OIDC_SECRET_FILE", "oidc_secret_file", Path, "a file that holds the client secret"),
    Variable("ROLLOUT_OIDC_DOMAINS", "oidc_domains", _names, "mail domains separated by commas"),
    Variable("ROLLOUT_OIDC_CLAIM", "oidc_claim", str, "the name of a claim"),
    Variable("ROLLOUT_OIDC_ROLES", "oidc_roles", _group_roles, "group=role pairs, roles viewer, operator, admin"),
)


def read_settings(environ: Mapping[str, str], root: Path = ROOT) -> Settings:
    """Settings from the environment; relative folders are under `root`.

    Raises InvalidRequest naming every variable that cannot be read.
    """
    values: dict[str, Any] = {"store": _default_store(root), "plans": root / "data" / "plans"}
    problems: list[Problem] = []
    for variable in VARIABLES:
        text = environ.get(variable.name, "").strip()
        if not text:
            continue
        try:
            values[variable.field] = variable.read(text)
        except (ValueError, KeyError):
            problems.append(Problem(variable.name, f"{text!r} cannot be used", variable.allowed))
    problems += _half_a_provider(values)
    if problems:
        raise InvalidRequest("The environment has unusable settings.", tuple(problems),
                             mend="docs/guide/settings.md lists every setting.")
    for folder in ("store", "plans"):
        values[folder] = (root / values[folder].expanduser()).resolve()
    return Settings(root=root, environment=dict(environ), **_with_url_host(values))


def _half_a_provider(values: Mapping[str, Any]) -> list[Problem]:
    """An identity provider is set up as a whole or not at all."""
    needed = {variable.field: variable.name for variable in VARIABLES
              if variable.field in ("oidc_issuer", "oidc_client_id", "oidc_secret_file")}
    given = {each for each in needed if each in values}
    missing = [Problem(needed[each], "is missing", "issuer, client id and secret file belong together")
               for each in needed if given and each not in given]
    secret = values.get("oidc_secret_file")
    if secret is not None and not secret.expanduser().is_file():
        missing.append(Problem(needed["oidc_secret_file"], f"there is no file {str(secret)!r}", "a readable file"))
    return missing


def _default_store(root: Path) -> Path:
    """The real store once there is one, else the demo's."""
    return STORE if (root / STORE / "control.sqlite").exists() else DEMO_STORE


def _with_url_host(values: dict[str, Any]) -> dict[str, Any]:
    """The host of ROLLOUT_URL is always allowed."""
    host = urlsplit(values["url"]).hostname if values.get("url") else None
    hosts = values.get("allowed_hosts", LOCAL_HOSTS)
    return {**values, "allowed_hosts": hosts if host is None or host in hosts else (*hosts, host)}
