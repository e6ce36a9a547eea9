"""What one alert rule saw in one sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rollout_core.rollouts.plan import Severity


@dataclass(frozen=True, slots=True)
class Sighting:
    """`fires` None: the rule could not be judged, which neither opens nor calms anything.

    `proven` False with `fires` True: the limit is crossed with the minimum sample and not proven yet, so the alert is a
    warning whatever the rule's level.
    """

    rollout: str
    rule: str
    scope: str
    severity: Severity
    fires: bool | None
    title: str
    evidence: str
    proven: bool = True
    facts: Mapping[str, object] = field(default_factory=dict)
    advice: tuple[str, ...] = ()
    calm: timedelta = timedelta(minutes=15)

    @property
    def level(self) -> Severity:
        """The rule's level once proven; a warning (or info) before."""
        return self.severity if self.proven or self.severity is Severity.INFO else Severity.WARNING
