"""A small world, with a fortnight of two arms in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.made_world import World, copied, template


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """A rollout that has started and of which nothing has been heard."""
    return World(tmp_path)


@pytest.fixture
def world(fortnight: Path, tmp_path: Path) -> Iterator[World]:
    """20 subjects in each arm, daily sessions, requests, vitals; treatment fails 2 of 40 requests a day, control 1."""
    with copied(fortnight, tmp_path) as own:
        yield own


@pytest.fixture(scope="session")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("fortnight"), fill)


def fill(empty: World) -> None:
    """What `world` says."""
    for place in range(20):
        for arm in ("treatment", "control"):
            who = f"{arm}{place}"
            for day in range(14):
                hour = 24 * day + 9 + place / 10
                empty.expose(who, arm, hour)
                empty.add("session", hour + 0.01, who, session=f"{who}-{day}", value=300_000.0)
                for number in range(2):
                    failed = number == 0 and place < (2 if arm == "treatment" else 1)
                    empty.add("api_request", hour + 0.02, who, endpoint="/plan", status=500 if failed else 200,
                              value=120.0 + place, session=f"{who}-{day}")
                empty.add("render", hour + 0.02, who, name="Search", value=20.0)
                empty.add("page_view", hour + 0.02, who, page="/plan", session=f"{who}-{day}")
                for name, value in (("LCP", 2000.0 + 50 * place), ("CLS", 0.05), ("INP", 150.0)):
                    empty.add("web_vital", hour + 0.03, who, name=name, value=value, page="/plan", device="phone",
                              session=f"{who}-{day}")
                if arm == "treatment" and place < 12 and day % 2 == 0:
                    empty.add("feature_use", hour + 0.05, who, flag="f1", value=60_000.0)
                if arm == "treatment" and place < 4 and day == 1:
                    empty.add("feature_use", hour + 0.06, who, flag="f2", value=30_000.0)
            empty.add("feedback", 100 + place, who, value=5.0 if place % 2 else 4.0)
    empty.add("error", 200, "treatment0", category="javascript", severity="high", message="boom",
              session="treatment0-8")
    empty.add("health_check", 14 * 24 - 0.1, name="database", ok=True)
    empty.close()
