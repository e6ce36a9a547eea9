"""The control store cannot tell who asks: whoever was known gets down, everybody else is told the owner's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from rollout_core.bootstrap.control_room import ControlRoom
from rollout_core.control.sign_in import offer_link, sign_in_by_link
from rollout_core.errors import StoreCorrupt
from rollout_core.http.doorkeeper import Doorkeeper
from rollout_core.http.routes import api
from rollout_core.http.session_cookie import name_of
from rollout_core.people.role import Role
from rollout_core.settings import read_settings
from tests.fakes.control_setting import ADMIN, KEY, Setting

API = "/api/admin/rollout"
PAGE = b"a page"


class Served:
    """The doors over a running rollout in memory; what stands behind them answers every page alike."""

    def __init__(self, directory: Path) -> None:
        self.setting = Setting(directory).running()
        self.room = ControlRoom(self.setting.room, read_settings({"ROLLOUT_STORE": str(directory)}), "owner", "write")
        self.api = api(lambda: self.room)
        self.doors = Doorkeeper(self.behind, lambda: self.room)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request through the doors."""
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.doors)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **more)
        return asyncio.run(send())

    def get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, json: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        return self.request("POST", path, json=json, headers=headers)

    def opens_socket(self, headers: dict[str, str]) -> bool:
        """Whether Streamlit's WebSocket is accepted."""
        told: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            told.append(message)
        scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [
            (name.encode(), value.encode()) for name, value in headers.items()]}
        asyncio.run(self.doors(scope, None, send))
        return told[0]["type"] == "websocket.accept"

    async def behind(self, scope, receive, send) -> None:
        if scope["path"].startswith("/api"):
            await self.api({**scope, "root_path": "/api"}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": PAGE})

    def bearer(self, role: Role = Role.OPERATOR) -> dict[str, str]:
        """A token's header, used once."""
        made = self.setting.act("create_token", name="night watch", role=role).result
        headers = {"authorization": f"Bearer {made['secret']}"}
        assert self.get("/api/session", headers).status_code == 200
        return headers

    def browser(self) -> dict[str, str]:
        """An operator's cookie and CSRF token, used once."""
        self.setting.act("set_person", name="ana", role=Role.OPERATOR)
        link = offer_link(self.setting.room, ADMIN, timedelta(minutes=5), "ana")
        made = sign_in_by_link(self.setting.room, link)
        headers = {"cookie": f"{name_of(self.room)}={made.secret}", "x-csrf-token": made.session.csrf}
        assert self.get("/", headers).content == PAGE
        return headers

    @contextmanager
    def away(self):
        """The store can neither be read nor written."""
        control, gone = self.setting.control, StoreCorrupt("The control database was removed.", mend="Put one there.")

        def lost():
            raise gone

        control.read, control.fail_with = lost, gone
        yield
        del control.read
        control.fail_with = None


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.mark.parametrize("way", [Served.bearer, Served.browser])
@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_whoever_was_known_pauses_and_stops(served: Served, way: Callable, verb: str) -> None:
    headers = {**way(served), "idempotency-key": "k1"}
    with served.away():
        answer = served.post(f"{API}/{verb}", json={"rollout": KEY, "reason": "errors"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "could not record" in answer.json()["warnings"][0]
    assert served.setting.served().stopped


def test_whoever_was_not_known_is_told_the_owners_way_down(served: Served) -> None:
    with served.away():
        for headers in ({"authorization": "Bearer rollout_x"}, {"cookie": f"{name_of(served.room)}=guessed"}):
            answer = served.post(f"{API}/stop", json={"rollout": KEY}, headers=headers)
            assert answer.status_code == 503
            assert answer.json()["mend"].startswith("Put one there. To stop a rollout now, run `rollout stop")
    assert not served.setting.served().stopped


def test_a_viewer_and_a_cookie_without_its_csrf_token_stop_nothing(served: Served) -> None:
    viewer, browser = served.bearer(Role.VIEWER), served.browser()
    with served.away():
        assert served.post(f"{API}/stop", json={}, headers=viewer).status_code == 403
        assert served.post(f"{API}/stop", json={}, headers=browser | {"x-csrf-token": "x"}).status_code == 403
        evil = browser | {"origin": "http://evil.example"}
        assert served.post(f"{API}/stop", json={}, headers=evil).status_code == 403
    assert not served.setting.served().stopped


@pytest.mark.parametrize(("method", "path"), [
    ("POST", f"{API}/advance"), ("POST", f"{API}/hold"), ("POST", f"{API}/stop/preview"), ("PUT", f"{API}/percentage"),
    ("POST", f"{API}/sql"), ("GET", f"{API}/status"), ("GET", "/api/session"), ("GET", "/media/x.csv"),
    ("GET", "/component/x"), ("POST", "/api/v1/events")])
def test_memory_opens_nothing_else(served: Served, method: str, path: str) -> None:
    headers = served.bearer(Role.ADMIN)
    with served.away():
        answer = served.request(method, path, headers=headers, json={})
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("store-corrupt")


def test_a_browser_that_was_known_gets_to_the_page_that_offers_the_way_down(served: Served) -> None:
    headers = served.browser()
    with served.away():
        assert served.get("/rollout", headers=headers).content == PAGE
        assert served.opens_socket(headers)
        assert served.get("/rollout", headers={}).status_code == 303
        assert not served.opens_socket({})
        assert served.get("/rollout", headers={"cookie": f"{name_of(served.room)}=x"}).status_code == 503


def test_a_pause_is_not_hindered_by_answers_that_cannot_be_kept(served: Served) -> None:
    headers = {**served.bearer(), "idempotency-key": "k1"}
    served.setting.control.fail_with = StoreCorrupt("The control database was removed.")
    answer = served.post(f"{API}/pause", json={"rollout": KEY}, headers=headers)
    assert answer.status_code == 200, answer.text
    held = served.post(f"{API}/hold", json={"rollout": KEY}, headers=headers | {"idempotency-key": "k2"})
    assert held.status_code == 503
