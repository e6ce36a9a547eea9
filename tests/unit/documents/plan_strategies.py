"""Random valid plans for property tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st

from rollout_core.documents.metric_units import KNOWN_METRICS, is_bounded_share
from rollout_core.documents.plan_document import with_entries
from rollout_core.flags.audience import Audience
from rollout_core.flags.flag import Flag, Variant
from rollout_core.flags.holdout import Holdout
from rollout_core.flags.segment import Segment
from rollout_core.flags.targeting import EVERYBODY, AllOf, AnyOf, Condition, Operator, Rule
from rollout_core.metrics.catalog import CATALOG
from rollout_core.rollouts import plan as parts
from rollout_core.rollouts.phase import Comparison, Criterion, Phase
from rollout_core.rollouts.policies import PROVABLE

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
keys = st.text("abcXYZ019._-", min_size=1, max_size=6)
durations = st.timedeltas(timedelta(0), timedelta(days=1000))
percentages = st.integers(1, 100_000)
numbers = st.floats(-1e9, 1e9, allow_nan=False)
shares = st.floats(0, 1, allow_nan=False)
PROVEN = [key for key in KNOWN_METRICS if isinstance(CATALOG[key].formula, PROVABLE)]
ATTRIBUTES = tuple(parts.Attribute(key=f"{kind}_one", type=kind)
                   for kind in ("string", "number", "boolean", "time", "list"))


def _conditions() -> st.SearchStrategy[Condition]:
    text_values = st.lists(texts, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Condition, st.just("string_one"), st.sampled_from([Operator.IN, Operator.NOT_IN]), text_values),
        st.builds(Condition, st.just("list_one"), st.sampled_from([Operator.HAS_ANY, Operator.HAS_NONE]), text_values),
        st.builds(Condition, st.just("string_one"),
                  st.sampled_from([Operator.EQUALS, Operator.STARTS_WITH, Operator.CONTAINS]), st.tuples(texts)),
        st.builds(Condition, st.just("number_one"), st.sampled_from([Operator.AT_LEAST, Operator.LESS]),
                  st.tuples(numbers | st.integers(-9, 9))),
        st.builds(Condition, st.just("boolean_one"), st.just(Operator.EQUALS), st.tuples(st.booleans())),
        st.builds(Condition, st.just("time_one"), st.sampled_from([Operator.OLDER_THAN_DAYS, Operator.NEWER_THAN_DAYS]),
                  st.tuples(st.floats(0, 1000))),
        st.builds(Condition, st.just("list_one"), st.just(Operator.EXISTS), st.just(())),
    )


rules: st.SearchStrategy[Rule] = st.recursive(
    _conditions(),
    lambda inner: st.one_of(st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
                            st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))),
    max_leaves=5)


T = TypeVar("T")


def keyed(of: st.SearchStrategy[T], name: str = "key", at_least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(of, min_size=at_least, max_size=3, unique_by=lambda one: getattr(one, name)).map(tuple)


limits = st.sampled_from(Comparison)


@st.composite
def bound(draw: st.DrawFn, metrics: Sequence[str] = KNOWN_METRICS) -> tuple[str, Comparison, float] | None:
    """A metric with a limit it can have, or nothing."""
    metric = draw(st.none() | st.sampled_from(metrics))
    if metric is None:
        return None
    return metric, draw(limits), draw(shares if is_bounded_share(metric) else numbers)


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    metric, comparison, target = draw(bound()) or (None, None, None)
    lists = tuple(draw(st.lists(texts, max_size=2)))
    return Criterion(draw(keys), draw(texts), metric, comparison, target, None, lists)


@st.composite
def alerts(draw: st.DrawFn) -> parts.AlertRule:
    metric, comparison, threshold = draw(bound()) or (None, None, None)
    kind = "metric" if metric else draw(st.sampled_from(["critical_issue", "overshoot", "missing_data"]))
    return parts.AlertRule(
        draw(keys), draw(texts), draw(st.sampled_from(parts.Severity)), kind, metric, comparison, threshold,
        draw(st.none() | percentages), draw(st.none() | durations), draw(durations),
        tuple(draw(st.lists(texts, max_size=2))))


@st.composite
def pauses(draw: st.DrawFn) -> parts.PauseCondition:
    metric, comparison, threshold = draw(bound(PROVEN)) or (None, None, None)
    return parts.PauseCondition(
        draw(keys), draw(texts), "metric" if metric else "health_check", metric, comparison, threshold,
        draw(st.none() | percentages), draw(st.none() | durations), draw(st.sampled_from(["evidence", "threshold"])),
        draw(st.sampled_from(parts.Rung)))


@st.composite
def phases(draw: st.DrawFn, audiences: list[str], flags: list[str]) -> tuple[Phase, ...]:
    count = draw(st.integers(1, 4))
    shares_of = sorted(draw(st.lists(percentages, min_size=count, max_size=count)))
    phase_keys = draw(st.lists(keys, min_size=count, max_size=count, unique=True))
    places = [draw(st.integers(0, count - 1)) for _ in flags]
    return tuple(Phase(
        key, draw(texts), share, draw(st.sampled_from(audiences)),
        tuple(draw(st.lists(st.sampled_from(audiences), max_size=2, unique=True))),
        tuple(flag for flag, place in zip(flags, places, strict=True) if place == index),
        *draw(st.just((None, None)) | st.lists(durations, min_size=2, max_size=2).map(sorted)),
        criteria=draw(keyed(criteria())), target=draw(texts | st.just("")),
    ) for index, (key, share) in enumerate(zip(phase_keys, shares_of, strict=True)))


@st.composite
def plans(draw: st.DrawFn) -> parts.Plan:
    """A plan that fits together, with anything a plan can hold."""
    named = [one for one in draw(keyed(st.builds(Audience, keys, texts, rules, st.integers(0, 100_000))))
             if one.rule != EVERYBODY]
    audiences = (*named, Audience("last", draw(texts), EVERYBODY))
    flags = draw(keyed(st.builds(Flag, keys, texts, texts | st.just(""),
                                 st.lists(keys, max_size=2, unique=True).map(tuple),
                                 variants=keyed(st.builds(Variant, keys, texts | st.booleans() | st.integers(-9, 9)))),
                       at_least=1))
    plan = parts.Plan(
        key=draw(keys), name=draw(texts), version=draw(st.integers(1, 99)), note=draw(texts), unit=draw(keys),
        cluster=draw(st.none() | keys), description=draw(texts), eligibility=draw(rules), attributes=ATTRIBUTES,
        segments=draw(keyed(st.builds(Segment, keys, texts, rules))), audiences=audiences, flags=flags,
        phases=draw(phases([one.key for one in audiences], [flag.key for flag in flags])),
        safe_state=draw(st.integers(0, 100_000)),
        guardrails=draw(keyed(st.builds(
            parts.Guardrail, keys, texts, st.sampled_from(PROVEN), shares, st.floats(1, 9), st.booleans()))),
        pause_conditions=draw(keyed(pauses())), alerts=draw(keyed(alerts())),
        rollbacks=draw(keyed(st.builds(parts.RollbackProcedure, st.sampled_from(["immediate", "gradual", "full"]),
                                       texts, texts, durations, reduce_by=st.none() | shares), "kind")),
        checklist=draw(keyed(st.builds(parts.ChecklistItem, keys, texts, texts))),
        contacts=draw(keyed(st.builds(parts.Contact, texts, texts | st.just("")), "role")),
        alert_levels=draw(keyed(st.builds(parts.AlertLevel, st.sampled_from(parts.Severity),
                                          st.none() | durations, texts), "severity")),
        holdout=Holdout(draw(st.integers(0, 20_000))), review_every=draw(st.none() | durations),
    )
    return with_entries(plan)
