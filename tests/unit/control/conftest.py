"""The setting that tests of verbs act in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.control_setting import Setting


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)
