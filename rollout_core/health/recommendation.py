"""What to do, in words tied to what was measured (the seeds' troubleshooting lists come from the plan's guides)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rollout_core.health.score import Deduction, HealthScore
from rollout_core.health.sighting import Sighting
from rollout_core.rollouts.plan import Guide, Severity

ORDER = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`topic`: features_not_seen | performance | errors | adoption | issues | data | share | wait | advance | keep."""

    topic: str
    severity: str
    title: str
    because: str
    steps: tuple[str, ...]


TOPIC_OF_KIND = {
    "critical_issue": "issues", "security_issue": "issues", "health_check": "errors", "overshoot": "share",
    "sample_ratio": "share", "missing_data": "data", "overdue_rollback": "issues", "phase_overdue": "advance",
}
"""Alert kinds other than metrics -> what they are about."""

TITLES = {
    "features_not_seen": "Find out why enabled subjects do not see the features",
    "performance": "Find what became slower, then fix it or roll back",
    "errors": "Find what fails, then fix it or roll back",
    "adoption": "Find out why it is not used",
    "issues": "Deal with what is open before anything else",
    "data": "Bring the data back: nothing can be judged without them",
    "share": "Check who is served",
    "wait": "Wait for enough data before you judge",
    "advance": "Decide about the next phase",
    "keep": "Go on as planned",
}

OWN_STEPS: dict[str, tuple[str, ...]] = {
    "data": ("Check that the application still sends events and with which key.",
             "Look at the refused events in Settings, Store: each has its reason.",
             "Hold the rollout until data arrive: unknown is not fine."),
    "share": ("Compare the planned and the real share, audience by audience.",
              "Look for overrides and environment variables that force a flag.",
              "Set the percentage again to refill from the register as it is now."),
    "wait": ("Nothing has to be mended: data arrive, too few of them so far.",
             "Raise nothing meanwhile: not known yet is not fine."),
    "issues": ("Open the issue and see whom it hits and since when.",
               "Roll back if treatment is hit and control is not.",
               "Resolve the issue here when it is fixed."),
    "advance": ("See what the phase waits for, and when each criterion is likely decided.",
                "Advance, complete, or roll back: a phase that only lasts decides nothing.",
                "Change the plan's time where it was too short for what had to be proven."),
    "features_not_seen": ("Explain one subject that should see it: every link of the chain is shown.",
                          "Check prerequisite, eligibility and percentage.",
                          "Enable it for that subject by an override, to test."),
}
"""What to do where the plan has no guide for it."""


TOPIC_OF_METRIC = {
    "rollout_duration": "advance", "checklist_completeness": "advance", "monitoring_coverage": "data",
    "data_loss": "data", "telemetry_ratio": "data", "availability": "errors", "community_activity": "adoption",
}
"""Metrics of the system, which have no group that says what they are about."""


def topic_of(metric_group: str | None, kind: str, metric: str = "") -> str:
    """What an alert is about, from its metric, the metric's group, or its kind."""
    if metric in TOPIC_OF_METRIC:
        return TOPIC_OF_METRIC[metric]
    by_group = {"adoption": "adoption", "errors": "errors", "vitals": "performance", "speed": "performance"}
    return by_group.get(metric_group or "", TOPIC_OF_KIND.get(kind, "issues"))


def recommend(firing: Iterable[tuple[Sighting, str]], score: HealthScore, guides: Sequence[Guide], *,
              exposed: int | None, enabled: int | None, may_advance: bool) -> tuple[Recommendation, ...]:
    """What to do now, most urgent first; never empty. `firing` are sightings with their topics.

    `exposed` and `enabled` subjects: enabled and hardly exposed is the seeds' "users not seeing features".
    """
    found = [_for_sighting(sighting, topic, guides) for sighting, topic in firing if sighting.fires]
    if enabled and exposed is not None and exposed < enabled / 10:
        found.append(Recommendation(
            "features_not_seen", Severity.WARNING.value, TITLES["features_not_seen"],
            f"{enabled:,} have it; {exposed:,} of them have come and were shown it since the shares last changed",
            _steps("features_not_seen", guides)))
    gone = [each.name.lower() for each in score.deductions if not each.fresh and not each.waits]
    if gone:
        found.append(Recommendation("data", Severity.WARNING.value, TITLES["data"], f"no data for: {', '.join(gone)}",
                                    _steps("data", guides)))
    early = [f"{each.name}: {each.evidence.rpartition(': ')[0]}" for each in score.deductions if each.waits]
    if early:
        found.append(Recommendation("wait", Severity.INFO.value, TITLES["wait"], "; ".join(early),
                                    _steps("wait", guides)))
    found += [_for_deduction(each, guides) for each in score.deductions
              if each.points >= WORTH_A_WORD and DEDUCTION_TOPICS[each.key] not in {one.topic for one in found}]
    if not found:
        found.append(_go_on(score, may_advance))
    return tuple(sorted(_once(found), key=lambda each: ORDER[Severity(each.severity)]))


WORTH_A_WORD = 10.0
"""Points of a deduction from which on it is worth a recommendation of its own: half of what makes a score unhealthy.
Less is within the noise of an hour, and "roll back" is no advice for a healthy rollout."""

DEDUCTION_TOPICS = {"error_rate": "errors", "adoption_rate": "adoption", "critical_issues": "issues",
                    "high_issues": "issues"}


def _for_deduction(deduction: Deduction, guides: Sequence[Guide]) -> Recommendation:
    topic = DEDUCTION_TOPICS[deduction.key]
    because = f"{deduction.name} takes {deduction.points:.0f} points of the health score: {deduction.evidence}"
    return Recommendation(topic, Severity.WARNING.value, TITLES[topic], because, _steps(topic, guides))


def _for_sighting(sighting: Sighting, topic: str, guides: Sequence[Guide]) -> Recommendation:
    return Recommendation(topic, sighting.level.value, TITLES[topic], f"{sighting.title}: {sighting.evidence}",
                          sighting.advice or _steps(topic, guides))


WORDS_OF_TOPIC = {"errors": ("error",), "performance": ("performance", "slow", "degradation"),
                  "adoption": ("adoption",), "features_not_seen": ("not_seeing", "not seeing")}


def _steps(topic: str, guides: Sequence[Guide]) -> tuple[str, ...]:
    """The plan's guide on a topic, by its key or name; else our own steps."""
    words = WORDS_OF_TOPIC.get(topic, ())
    guide = next((guide for guide in guides if any(word in guide.key or word in guide.name.lower() for word in words)),
                 None)
    return guide.steps if guide is not None else OWN_STEPS.get(topic, OWN_STEPS["issues"])


def _go_on(score: HealthScore, may_advance: bool) -> Recommendation:
    if may_advance:
        return Recommendation("advance", Severity.INFO.value, TITLES["advance"], "every criterion of this phase is met",
                              ("Look at the preview of the next phase.", "Advance, or complete the rollout."))
    return Recommendation("keep", Severity.INFO.value, TITLES["keep"], f"the health score is {score.score} of 100",
                          ("Wait for the criteria that are not met yet.",))


def _once(found: Sequence[Recommendation]) -> list[Recommendation]:
    """One recommendation per topic: the most severe, with all reasons."""
    by_topic: dict[str, list[Recommendation]] = {}
    for each in found:
        by_topic.setdefault(each.topic, []).append(each)
    return [_merged(sorted(group, key=lambda each: ORDER[Severity(each.severity)])) for group in by_topic.values()]


def _merged(group: Sequence[Recommendation]) -> Recommendation:
    first = group[0]
    reasons = "; ".join(dict.fromkeys(each.because for each in group))
    steps = tuple(dict.fromkeys(step for each in group for step in each.steps))
    return Recommendation(first.topic, first.severity, first.title, reasons, steps)
