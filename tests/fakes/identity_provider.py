"""A real OpenID Connect provider on this machine, and a browser without JavaScript that walks through a sign-in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
from oidc_provider_mock import run_server_in_thread

from tests.fakes.running_app import RunningApp


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Where it answers."""

    url: str

    def knows(self, email: str, *, verified: bool = True, groups: tuple[str, ...] = ()) -> None:
        """Somebody who can sign in there; the subject is the mail address."""
        claims = {"email": email, "email_verified": verified, "groups": list(groups)}
        httpx.put(f"{self.url}/users/{email}", json=claims, trust_env=False).raise_for_status()

    def environment(self, directory: Path, **more: str) -> dict[str, str]:
        """The app's settings for this provider."""
        secret = directory / "client-secret"
        secret.write_text("not checked by the mock\n")
        return {"ROLLOUT_OIDC_ISSUER": self.url, "ROLLOUT_OIDC_CLIENT_ID": "rollout",
                "ROLLOUT_OIDC_SECRET_FILE": str(secret), **more}


@dataclass(frozen=True, slots=True)
class Both:
    """The app and its identity provider."""

    app: RunningApp
    provider: IdentityProvider


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """The provider, stopped afterwards."""
    with run_server_in_thread() as server:
        yield IdentityProvider(f"http://localhost:{server.server_port}")


def consent(app: RunningApp, browser: httpx.Client, email: str, *, to: str = "/",
            change: Mapping[str, str] | None = None) -> str:
    """Begins a sign-in and consents at the provider; the address to come back to. `change`: what somebody in between
    does to the request."""
    left = browser.get("/signin/oidc", params={"next": to})
    assert left.status_code == 302, left.text
    parts = urlsplit(left.headers["location"])
    asked = {**dict(parse_qsl(parts.query)), **(change or {})}
    with httpx.Client(trust_env=False, verify=False) as provider:
        agreed = provider.post(urlunsplit(parts._replace(query=urlencode(asked))), data={"sub": email})
    assert agreed.status_code == 302, agreed.text
    back = urlsplit(agreed.headers["location"])
    assert f"{back.scheme}://{back.netloc}" == app.url
    return f"{back.path}?{back.query}"
