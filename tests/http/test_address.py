"""Which port a process answers at, from how it was started."""

from __future__ import annotations

import pytest

from rollout_core.http.address import listening_port


@pytest.mark.parametrize(("argv", "port"), [
    (["dashboard.py"], 8501),
    (["/venv/bin/streamlit", "run", "dashboard.py"], 8501),
    (["/venv/bin/uvicorn", "dashboard:app"], 8000),
    (["/venv/bin/uvicorn", "dashboard:app", "--port", "8600"], 8600),
    (["/venv/bin/uvicorn", "--port=8601", "dashboard:app"], 8601),
    (["/site-packages/uvicorn/__main__.py", "dashboard:app", "--port", "8602"], 8602),
    ([], 8501),
])
def test_the_port_follows_from_the_command_line(argv: list[str], port: int) -> None:
    assert listening_port(argv, 8501) == port
