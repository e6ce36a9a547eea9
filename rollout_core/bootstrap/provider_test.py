"""Does the identity provider answer, and is it the one in the settings? For the Settings page's test button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from rollout_core.settings import Settings

PATIENCE_SECONDS = 5.0
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class ProviderFound:
    """`problems` are sentences; empty when somebody can sign in that way."""

    problems: tuple[str, ...]


def look_up_provider(settings: Settings) -> ProviderFound:
    """Reads what the provider publishes about itself; nothing secret is sent."""
    try:
        answer = httpx.get(f"{settings.oidc_issuer}/.well-known/openid-configuration", timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        published = answer.json()
    except httpx.HTTPStatusError as error:
        return ProviderFound((f"It answers {error.response.status_code} when it is asked what it offers. Is "
                              "ROLLOUT_OIDC_ISSUER right?",))
    except httpx.HTTPError as error:
        return ProviderFound((f"It cannot be reached ({type(error).__name__}). Check the address and this machine's "
                              "network.",))
    except ValueError:
        return ProviderFound(("What it publishes about itself is not JSON. Is ROLLOUT_OIDC_ISSUER right?",))
    return ProviderFound(tuple(_wrong(published if isinstance(published, dict) else {}, settings)))


def _wrong(published: dict[str, Any], settings: Settings) -> list[str]:
    said = [f"It does not publish {name}." for name in NEEDED if name not in published]
    issuer = str(published.get("issuer", ""))
    if issuer.rstrip("/") != settings.oidc_issuer:
        said.append(f"It calls itself {issuer or 'nothing'}; ROLLOUT_OIDC_ISSUER must say the same.")
    if settings.oidc_secret_file is not None and not settings.oidc_secret_file.expanduser().is_file():
        said.append("The file of ROLLOUT_OIDC_SECRET_FILE is gone.")
    return said
