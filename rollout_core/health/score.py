"""The health score: 100 minus named deductions, each with its evidence (metrics.md, "Health score").

It is a glance for people and never acts: it has no known error rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_core.health.issue import Issue, IssuePriority, IssueState
from rollout_core.metrics.measured import Measured, Quality, counted
from rollout_core.rollouts.plan import HealthRules

HEALTHY_FROM = 80
FAIR_FROM = 60


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken for one reason. `points` 0 with `counted` False: the input had no data or is not counted yet.
    `fresh` False: it has no data of now, or fewer than say anything; `waits` True: data arrive, only too few so far."""

    key: str
    name: str
    points: float
    evidence: str
    counted: bool = True
    fresh: bool = True
    waits: bool = False


@dataclass(frozen=True, slots=True)
class HealthScore:
    """`score` 0..100; `coverage` = inputs with data / inputs that count now; provisional when some had none, too few or
    old ones. `measured` False: no measurement stands behind it, only the list of issues."""

    score: int
    word: str
    provisional: bool
    deductions: tuple[Deduction, ...]
    inputs: int
    inputs_with_data: int
    measured: bool = True

    @property
    def coverage(self) -> float:
        """Share of the inputs that had data, 0..1."""
        return self.inputs_with_data / self.inputs if self.inputs else 0.0


def error_impact(rate: float, rules: HealthRules) -> float:
    """0 up to the target rate, then linear to the full points (30 in both seeds) at the limit."""
    return _linear(rate, rules.error_target, rules.error_limit) * rules.error_points


def adoption_impact(rate: float, rules: HealthRules) -> float:
    """The full points (25) up to the floor, then linear down to 0 at the target."""
    return (1 - _linear(rate, rules.adoption_floor, rules.adoption_target)) * rules.adoption_points


def health_score(
    errors: Measured, adoption: Measured, issues: Sequence[Issue] | None, rules: HealthRules,
    *, grace_until_at: datetime | None, now: datetime,
) -> HealthScore:
    """The score with its deductions. `issues` None: the list of issues could not be read.

    `grace_until_at` is when adoption begins to count; None while nothing has started. A `note` of
    what is few says since when it is counted ("since the resume on …").
    """
    deductions = (
        _errors(errors, rules),
        _adoption(adoption, rules, grace_until_at, now),
        _issues("critical_issues", "Critical issues", IssuePriority.CRITICAL, rules.critical_points, issues),
        _issues("high_issues", "High-priority issues", IssuePriority.HIGH, rules.high_points, issues),
    )
    in_grace = grace_until_at is None or now < grace_until_at
    measures = [errors] if in_grace else [errors, adoption]
    had = [*(is_fresh(each) for each in measures), issues is not None]
    score = max(0, min(100, round(100 - sum(deduction.points for deduction in deductions))))
    return HealthScore(score=score, word=health_word(score), provisional=not all(had), deductions=deductions,
                       inputs=len(had), inputs_with_data=sum(had), measured=any(has_value(each) for each in measures))


def health_word(score: int) -> str:
    """Healthy (80 and above), Fair (60 to 79), Unhealthy (below 60)."""
    if score >= HEALTHY_FROM:
        return "Healthy"
    return "Fair" if score >= FAIR_FROM else "Unhealthy"


def has_value(measured: Measured) -> bool:
    """True when there is a number at all; a stale or small-sample number is one, no data and switched off are not."""
    return measured.value is not None and measured.quality not in (Quality.NO_DATA, Quality.OFF)


def says(measured: Measured) -> bool:
    """True when there is a number of enough to be deducted, of now or of before data stopped."""
    return has_value(measured) and measured.quality is not Quality.FEW


def is_fresh(measured: Measured) -> bool:
    """True when there is a number of enough and data still arrive: what was measured before they stopped is deducted as
    it was, and says nothing of now."""
    return says(measured) and measured.quality is not Quality.STALE


def _linear(value: float, low: float, high: float) -> float:
    if high <= low:
        return 1.0 if value > low else 0.0
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _unsaid(key: str, name: str, measured: Measured) -> Deduction:
    """What has no number, or one of too few, deducts nothing and says why."""
    if measured.quality is Quality.FEW:
        few = f"{counted(measured.n, measured.noun)} {measured.note or 'so far'}"
        words = f"{few}: too few to say, nothing is deducted"
        return Deduction(key, name, 0.0, words, counted=False, fresh=False, waits=True)
    return Deduction(key, name, 0.0, "no data: nothing is deducted", counted=False, fresh=False)


def _errors(errors: Measured, rules: HealthRules) -> Deduction:
    if errors.value is None or not says(errors):
        return _unsaid("error_rate", "Error rate", errors)
    points = error_impact(errors.value, rules)
    words = (f"{share(errors)} of {counted(errors.n, errors.noun)}{_old(errors)}; "
             f"counts from {rules.error_target:.1%}, full {rules.error_points} points at {rules.error_limit:.1%}")
    return Deduction("error_rate", "Error rate", points, words, fresh=is_fresh(errors))


def _adoption(adoption: Measured, rules: HealthRules, grace_until_at: datetime | None, now: datetime) -> Deduction:
    if grace_until_at is None:
        return Deduction("adoption_rate", "Adoption", 0.0, "not counted before the rollout starts", counted=False)
    if now < grace_until_at:
        return Deduction("adoption_rate", "Adoption", 0.0,
                         f"not counted until {grace_until_at:%-d %b, %H:%M} UTC, grace period", counted=False)
    if adoption.value is None or not says(adoption):
        return _unsaid("adoption_rate", "Adoption", adoption)
    points = adoption_impact(adoption.value, rules)
    words = (f"{share(adoption)} of {counted(adoption.n, adoption.noun)}{_old(adoption)}; full {rules.adoption_points} "
             f"points at {rules.adoption_floor:.0%} and below, none from {rules.adoption_target:.0%}")
    return Deduction("adoption_rate", "Adoption", points, words, fresh=is_fresh(adoption))


def _issues(key: str, name: str, priority: IssuePriority, each: int, issues: Sequence[Issue] | None) -> Deduction:
    if issues is None:
        return Deduction(key, name, 0.0, "no data: the list of issues could not be read", counted=False, fresh=False)
    open_ones = [issue for issue in issues if issue.state is IssueState.OPEN and issue.priority is priority]
    titles = "; ".join(issue.title for issue in open_ones[:3])
    more = f" and {len(open_ones) - 3} more" if len(open_ones) > 3 else ""
    words = f"{len(open_ones)} open: {titles}{more}" if open_ones else "none open"
    return Deduction(key, name, float(len(open_ones) * each), words)


def _old(measured: Measured) -> str:
    return "" if is_fresh(measured) else ", before data stopped arriving"


def share(measured: Measured) -> str:
    """A share with its interval, for evidence: `4.1% (3.7–4.5)`."""
    if measured.value is None:
        return "no data"
    around = "" if measured.low is None or measured.high is None else (
        f" ({measured.low * 100:.1f}–{measured.high * 100:.1f})")
    return f"{measured.value * 100:.1f}%{around}"
