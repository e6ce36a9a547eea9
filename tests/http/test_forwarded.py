"""X-Forwarded-For is believed only where a setting says so: limits by address cannot be walked around with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollout_core.http.attempts import ALLOWED_FROM_ADDRESS
from tests.fakes.running_app import RunningApp, running_app

pytestmark = pytest.mark.server
TRIES = ALLOWED_FROM_ADDRESS + 10


def noted_of(app: RunningApp) -> int:
    """Wrong links, each as if from another address: how many refusals were noted (one address fills no disk)."""
    with app.client() as stranger:
        for number in range(TRIES):
            claimed = {"x-forwarded-for": f"10.1.{number // 250}.{number % 250}"}
            stranger.post("/signin", data={"link": f"wrong{number}"}, headers=claimed)
    with app.owner() as owner:
        records = owner.get("/api/admin/rollout/audit", params={"limit": 1_000}).json()["records"]
    return sum((each["entry"]["verb"], each["entry"]["outcome"]) == ("sign_in", "refused") for each in records)


@pytest.mark.parametrize(("trusted", "noted"), [({}, ALLOWED_FROM_ADDRESS),
                                                ({"FORWARDED_ALLOW_IPS": "*"}, ALLOWED_FROM_ADDRESS),
                                                ({"ROLLOUT_TRUSTED_PROXIES": "127.0.0.1,::1"}, TRIES)])
def test_another_address_is_believed_from_a_trusted_proxy_only(
        tmp_path: Path, trusted: dict[str, str], noted: int) -> None:
    with running_app(tmp_path / "store", trusted) as app:
        assert noted_of(app) == noted
