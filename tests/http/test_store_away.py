"""The control store cannot tell who asks: the refusal names the way down that needs no store."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec

from rollout_core.errors import StoreCorrupt
from rollout_core.http.doorkeeper import Doorkeeper


class Gone:
    """A control store whose file was removed."""

    def read(self) -> Any:
        raise StoreCorrupt("The control database was removed.", mend="Put a store in its place.")


def test_an_operator_who_cannot_be_recognised_is_told_how_to_stop() -> None:
    room = SimpleNamespace(settings=SimpleNamespace(url=None), room=SimpleNamespace(
        control=Gone(), clock=SimpleNamespace(now=lambda: None)))
    scope = {"type": "http", "method": "POST", "path": "/api/admin/rollout/stop",
             "headers": [(b"authorization", b"Bearer rollout_x")]}
    answer = asyncio.run(Doorkeeper(None, lambda: room)._judge(scope))
    assert answer is not None
    assert answer.status_code == 503
    mend = msgspec.json.decode(answer.body)["mend"]
    assert mend.startswith("Put a store in its place. To stop a rollout now, run `rollout stop --rollout KEY`")
