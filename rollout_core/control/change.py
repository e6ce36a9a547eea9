"""What a verb answers: what was, what is, for how many subjects, and where it stands in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rollout_core.rollouts.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Change:
    """`gained`, `lost`, `have` count subjects and are None when nobody could be counted. `result` holds what else a
    verb answers (a new token's secret, the number of rows imported); `before` and `after` are None for verbs that
    touch no rollout. `audit_seq` 0: nothing is in the trail; where it should be, `warnings` say what was kept instead.
    """

    verb: str
    rollout: str | None
    audit_seq: int
    before: Rollout | None = None
    after: Rollout | None = None
    gained: int | None = None
    lost: int | None = None
    have: int | None = None
    epoch: int | None = None
    revision: int | None = None
    warnings: tuple[str, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """False when the rollout already was as asked."""
        return self.before is not self.after
