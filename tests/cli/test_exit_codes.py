"""Every error has an exit code that says what kind it is."""

from __future__ import annotations

import pytest

from rollout_core import errors
from rollout_core.cli.exit_codes import MEANINGS, exit_code_of
from rollout_core.errors import RolloutError


@pytest.mark.parametrize(("kind", "code"), [
    (errors.InvalidPlan, 3), (errors.RolloutNotFound, 4), (errors.NotPermitted, 5), (errors.NotSignedIn, 5),
    (errors.GateClosed, 6), (errors.StaleRollout, 6), (errors.StoreLocked, 7), (errors.DiskFull, 7),
    (errors.AppUnreachable, 8), (RolloutError, 1),
])
def test_an_error_ends_with_its_code(kind: type[RolloutError], code: int) -> None:
    assert exit_code_of(kind("so")) == code
    assert code in MEANINGS
