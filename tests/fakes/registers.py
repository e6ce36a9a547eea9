"""Made registers and plans for tests of filling, decisions and the census: small, plain and counted in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from rollout_core.flags.anchors import Looks
from rollout_core.flags.audience import Audience
from rollout_core.flags.bucketing import bucket_of, holdout_salt
from rollout_core.flags.evaluation import compile_rollout, is_on
from rollout_core.flags.flag import Flag
from rollout_core.flags.matching import compile_rule
from rollout_core.flags.snapshot import ServedRollout
from rollout_core.flags.targeting import EVERYBODY, AllOf, Condition, Operator, Rule
from rollout_core.rollouts.census import Census, Difference, Moved, Population, Served
from rollout_core.rollouts.phase import Criterion, Phase
from rollout_core.rollouts.plan import ChecklistItem, Plan

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Subjects = Sequence[tuple[str, Mapping[str, Any]]]


def has(segment: str) -> Rule:
    """The subjects of a segment."""
    return Condition("segments", Operator.HAS_ANY, (segment,))


AUDIENCES = (
    Audience("internal", "Internal", has("internal")),
    Audience("beta", "Beta testers", has("beta")),
    Audience("fresh", "New users", has("fresh")),
    Audience("idle", "Inactive users", has("idle")),
    Audience("everyone", "Everyone", EVERYBODY),
)

PHASES = (
    Phase("inside", "Inside", 1_000, "internal", adds=("core",), minimum_duration=timedelta(days=3),
          criteria=(Criterion("works", "Everything works"),)),
    Phase("beta", "Beta", 5_000, "beta", adds=("tracking",), criteria=(Criterion("errors", "Errors", "error_rate"),)),
    Phase("limited", "Limited", 20_000, "everyone", fill_first=("fresh",), adds=("video",),
          criteria=(Criterion("errors", "Errors", "error_rate"),)),
    Phase("wide", "Wide", 50_000, "everyone", fill_first=("idle",)),
    Phase("full", "Full", 100_000, "everyone", adds=("coach",)),
)

FLAGS = (Flag("core", "Core"), Flag("tracking", "Tracking", prerequisite="core"),
         Flag("video", "Video", prerequisite="core"), Flag("coach", "Coach", prerequisite="core"))


def plan_of(**fields: Any) -> Plan:
    """Five phases over five audiences, some of which only `fill_first` reaches early; fields as given."""
    given: dict[str, Any] = {
        "key": "made", "name": "Made", "version": 1, "note": "", "unit": "user", "cluster": None, "description": "",
        "eligibility": EVERYBODY, "attributes": (), "segments": (), "audiences": AUDIENCES, "flags": FLAGS,
        "phases": PHASES, "safe_state": "inside", "checklist": (ChecklistItem("tests", "Testing", "Tests pass"),)}
    return Plan(**{**given, **fields})


def one_audience(*percentages: int, **fields: Any) -> Plan:
    """A plan with a phase per percentage (buckets) that all fill the one audience of everybody."""
    phases = tuple(Phase(f"p{number}", f"Phase {number}", percentage, "everyone",
                         adds=("core",) if number == 1 else ())
                   for number, percentage in enumerate(percentages, start=1))
    return plan_of(audiences=AUDIENCES[-1:], phases=phases, flags=FLAGS[:1], safe_state=0, **fields)


def census_of(population: Population, subjects: Subjects) -> Census:
    """The census counted in Python by the same rules, subject by subject."""
    eligible = compile_rule(population.eligibility, population.anchors.eligibility)
    rules = [(audience.key, compile_rule(audience.rule, population.anchors.audience(audience.key)))
             for audience in population.audiences]
    named = population.holdout.audiences or tuple(audience.key for audience in population.audiences[-1:])
    tallies = []
    for subject, attributes in subjects:
        if eligible is None or eligible(attributes):
            member = frozenset(key for key, matches in rules if matches is None or matches(attributes))
            held = bool(member & set(named)) and (
                bucket_of(holdout_salt(population.salt), subject) < population.holdout.buckets)
            tallies.append((member, held, bucket_of(population.salt, subject), 1))
    return Census.of_tallies(tallies)


def those_in(thresholds: Mapping[str, int], salt: str, subjects: Subjects, plan: Plan) -> frozenset[str]:
    """Who is in under these thresholds: any matching audience whose threshold is above the bucket."""
    rules = [(compile_rule(audience.rule, Looks.at(NOW)), thresholds.get(audience.key, 0))
             for audience in plan.audiences]
    return frozenset(
        subject for subject, attributes in subjects
        if any(bucket_of(salt, subject) < threshold and (matches is None or matches(attributes))
               for matches, threshold in rules))


def those_served(served: Served, subjects: Subjects) -> frozenset[str]:
    """Who is in by evaluation, one subject after the other, the holdout taken out."""
    asked = served.population
    ready = compile_rollout(ServedRollout(
        "r", asked.unit, "p", 1, "running", "one", 1, NOW, 1, asked.salt, eligibility=asked.eligibility,
        audiences=asked.audiences, thresholds=served.thresholds, holdout=asked.holdout, anchors=asked.anchors,
        flags=(Flag("f", "F"),), served=frozenset({"f"})))
    return frozenset(subject for subject, attributes in subjects if is_on(ready, "f", subject, attributes, NOW))


def moved_between(difference: Difference, subjects: Subjects) -> Moved:
    """Who enters and who leaves, by evaluation."""
    was_in, is_in = those_served(difference.before, subjects), those_served(difference.after, subjects)
    return Moved(len(is_in - was_in), len(was_in - is_in))


@st.composite
def registers(draw: st.DrawFn, most: int = 60) -> Subjects:
    """Some subjects, each in some segments; overlapping, skewed, sometimes empty ones."""
    size = draw(st.integers(0, most))
    segments = st.lists(st.sampled_from(["internal", "beta", "fresh", "idle"]), unique=True, max_size=3)
    return [(f"u{number}", {"segments": tuple(draw(segments))}) for number in range(size)]


ELIGIBLE_PREMIUM = AllOf((Condition("tier", Operator.EQUALS, ("premium",)),))
