"""SQL of an evidence version: the epochs of a rollout whose subjects are compared, and the sides they stand on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rollout_core.storage.window_sources import quoted

SIDES = ("control", "treatment")
SIDE = "CASE arm WHEN 'holdout' THEN 'control' ELSE arm END"
COMPARED = "arm IN ('treatment', 'control', 'holdout')"
BY_CHANCE = "arm IN ('treatment', 'control', 'holdout', 'former') AND inclusion > 0"
"""Chance said which side, or would have: whoever was first seen formerly in is no newcomer later. Where nobody could be
in (inclusion 0) only some are told, so it is no beginning for anybody."""
EITHER = "arm IN ('treatment', 'control', 'holdout', 'former')"
"""What is compared, and what is by chance."""
SPAN = ("subject_key AS keys, epoch_us(from_at) AS from_at, epoch_us(to_at) AS to_at, epoch, "
        "coalesce(inclusion, 0) AS inclusion, (arm = 'treatment')::INTEGER AS treated, "
        "(arm = 'former')::INTEGER AS former")
"""Columns of a span, all of them integers; times in microseconds since 1970."""


class Version(NamedTuple):
    """A rollout and the epochs that are looked at together."""

    rollout: str
    epochs: tuple[int, ...]

    def sql(self) -> str:
        """The condition on a table."""
        return f"rollout = {quoted(self.rollout)} AND epoch IN ({epochs_sql(self.epochs)})"


def epochs_sql(numbers: Sequence[int]) -> str:
    """Integers as a list for IN; a list that is empty matches nothing."""
    return ", ".join(str(int(number)) for number in numbers) or "NULL"
