"""Fixtures of the golden cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.made_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(tmp_path)
