"""The envelope of everything that is recorded: `Event` as it comes over the wire, and the table of its kinds.

Exposures carry an arm; every other kind is an outcome: it names its units (`{"workspace": W, "user": U}`), never an
arm. The arm of an outcome is found when a window is closed, by the recorded exposure of one of its units.
What makes an event acceptable is in `event_checks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

MAX_UNITS = 4
"""A store knows at most four units, so that every event has a fixed slot for each."""

ARMS = ("treatment", "control", "holdout", "former", "none")
"""What an exposure may say; the values of `flags.decision.Arm` (a test holds them equal)."""

SEVERITIES = ("critical", "high", "medium", "low")
VITALS = ("LCP", "INP", "CLS", "FCP", "TTFB", "FID")


class Kind(StrEnum):
    """What was seen. One table per kind."""

    EXPOSURE = "exposure"
    FEATURE_USE = "feature_use"
    SESSION = "session"
    PAGE_VIEW = "page_view"
    TASK = "task"
    WEB_VITAL = "web_vital"
    API_REQUEST = "api_request"
    RENDER = "render"
    ERROR = "error"
    FEEDBACK = "feedback"
    SUPPORT_TICKET = "support_ticket"
    CONVERSION = "conversion"
    HEALTH_CHECK = "health_check"
    SECURITY_ISSUE = "security_issue"
    CUSTOM = "custom"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One event as sent. Times are aware (or ISO 8601 with an offset); which fields a kind needs is in KINDS.

    `value` is in the unit KINDS names: milliseconds for durations and vitals (CLS: its own number), the score of a
    feedback, an amount of a conversion. `cluster` names whom the subject belongs to when that is not itself. `load`
    names the page load that vitals belong to (absent: session and page together).
    """

    event_id: str
    kind: Kind
    occurred_at: datetime
    units: dict[str, str] = {}
    sent_at: datetime | None = None
    cluster: str | None = None
    session: str | None = None
    load: str | None = None
    page: str | None = None
    device: str | None = None
    endpoint: str | None = None
    release: str | None = None
    value: float | None = None
    weight: float = 1.0
    attributes: dict[str, Any] = {}
    # exposure (flag: feature_use too)
    rollout: str | None = None
    unit: str | None = None
    subject: str | None = None
    flag: str | None = None
    arm: str | None = None
    reason: str | None = None
    variant: str | None = None
    phase: str | None = None
    epoch: int | None = None
    inclusion: int | None = None
    # what it is called: the vital, component, task, conversion, check, ticket or feedback question
    name: str | None = None
    metric_id: str | None = None
    state: str | None = None
    status: int | None = None
    category: str | None = None
    severity: str | None = None
    fingerprint: str | None = None
    message: str | None = None
    comment: str | None = None
    scale: tuple[float, float] | None = None
    ok: bool | None = None


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What `value` means: its unit for people, how many stored integers make one of it, and what is believable."""

    unit: str
    stored_per_unit: int
    low: float = 0.0
    high: float = 86_400_000.0
    required: bool = True


@dataclass(frozen=True, slots=True)
class KindRule:
    """What an event of a kind must bring. `states` and `names` are closed lists where they are not empty."""

    needs: tuple[str, ...] = ()
    value: ValueRule | None = None
    units_needed: bool = True
    states: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


MICROSECONDS = ValueRule("ms", 1_000)
OPTIONAL_MICROSECONDS = ValueRule("ms", 1_000, required=False)
MILLIONTHS = ValueRule("number", 1_000_000, low=-1e9, high=1e9, required=False)
"""A billion squared is 1e30 as stored: 170 million of them in one hour still fit into the sum of squares (128 bits)."""

CLS = ValueRule("number", 1_000_000, high=10_000)
SCORE = ValueRule("score", 1_000_000, low=-1e6, high=1e6)

KINDS: Mapping[Kind, KindRule] = {
    Kind.EXPOSURE: KindRule(needs=("rollout", "unit")),
    Kind.FEATURE_USE: KindRule(needs=("flag",), value=OPTIONAL_MICROSECONDS),
    Kind.SESSION: KindRule(needs=("session",), value=OPTIONAL_MICROSECONDS),
    Kind.PAGE_VIEW: KindRule(needs=("page",)),
    Kind.TASK: KindRule(needs=("name", "state"), states=("started", "completed")),
    Kind.WEB_VITAL: KindRule(needs=("name",), value=MICROSECONDS, names=VITALS),
    Kind.API_REQUEST: KindRule(needs=("endpoint",), value=OPTIONAL_MICROSECONDS),
    Kind.RENDER: KindRule(needs=("name",), value=MICROSECONDS),
    Kind.ERROR: KindRule(needs=("category",)),
    Kind.FEEDBACK: KindRule(value=SCORE),
    Kind.SUPPORT_TICKET: KindRule(units_needed=False, states=("opened", "resolved")),
    Kind.CONVERSION: KindRule(needs=("name",), value=MILLIONTHS),
    Kind.HEALTH_CHECK: KindRule(needs=("name", "ok"), units_needed=False),
    Kind.SECURITY_ISSUE: KindRule(needs=("severity",), units_needed=False, states=("opened", "resolved")),
    Kind.CUSTOM: KindRule(needs=("name",), value=MILLIONTHS, units_needed=False),
}
"""Every kind and what it needs. `status` absent in an api_request means: no answer came."""


def value_rule(kind: Kind, name: str | None) -> ValueRule | None:
    """How the value of this event is to be read; CLS is a number of its own, the other vitals are milliseconds."""
    return CLS if kind is Kind.WEB_VITAL and name == "CLS" else KINDS[kind].value


def stored_values(kind: Kind, names: Sequence[str | None], values: Sequence[float | None]) -> list[int | None]:
    """Values as the store keeps them: integers of the kind's smallest unit (microseconds, millionths)."""
    factors = {name: rule.stored_per_unit if (rule := value_rule(kind, name)) else 0 for name in set(names)}
    return [None if value is None else round(value * factors[name]) for name, value in zip(names, values, strict=True)]
