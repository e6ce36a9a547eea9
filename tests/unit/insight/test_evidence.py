"""Sufficient statistics from the store's rows: strata, ordinals, sides, exceedance keys. Rows are written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rollout_core.analysis.evidence import MetricEvidence, Stratum
from rollout_core.analysis.references import Reference
from rollout_core.flags.bucketing import CLUSTER_BUCKETS
from rollout_core.insight.evidence import collect
from rollout_core.insight.evidence_sources import quantiles_of, source_of
from rollout_core.insight.evidence_version import Recent, crossings_of, entering, per_hour, recent_of, version_of
from rollout_core.insight.judgement import phase_epoch_of, restart_of
from rollout_core.insight.scene import Scene
from rollout_core.insight.scene import scene as scene_of
from rollout_core.ports.event_questions import Ratings, Rows
from rollout_core.ports.evidence_questions import (
    BucketSums,
    Crossing,
    FirstValues,
    Matured,
    Newcomers,
    RecentSums,
    SumsBefore,
    VersionFirsts,
)
from rollout_core.rollouts.policies import Known
from rollout_core.rollouts.rollout import Epoch
from tests.golden.made_world import PLAN, T0, World

DAY = timedelta(days=1)
SUMS = ("metric", "epoch", "inclusion", "side", "d", "x", "x_capped")
NONE: Mapping[type, Rows] = {
    Newcomers: Rows(("hour", "epoch", "inclusion", "arm", "entered"), []), BucketSums: Rows(SUMS, []),
    RecentSums: Rows(SUMS, []),
    SumsBefore: Rows(("kind", "what", "epoch", "inclusion", "side", "d", "x"), []),
    VersionFirsts: Rows(("metric", "hour", "epoch", "inclusion", "events_treatment", "events_control",
                         "at_risk_treatment", "at_risk_control"), []),
    FirstValues: Rows(("hour", "epoch", "inclusion", "arm", "n", "above"), []),
    Matured: Rows(("day", "epoch", "inclusion", "arm", "n", "x"), []), Ratings: Rows(("low",), []),
}


class Answers:
    """An event store that answers what it was given, and remembers what it was asked."""

    def __init__(self, rows: Mapping[type, Rows]) -> None:
        self.rows, self.asked = {**NONE, **rows}, []

    def measure(self, question: Any) -> Rows:
        """The rows for this kind of question."""
        self.asked.append(question)
        return self.rows[type(question)]


def epoch(number: int, days: float, percentage: int, version: int, cause: str = "advance", **thresholds: int) -> Epoch:
    given = thresholds or {"everyone": percentage}
    return Epoch("r", number, T0 + days * DAY, "one", percentage, given, given, frozenset({"f1"}), cause, version)


# The first version is over; the second has three epochs: 20 %, 50 %, and 50 % again after a change of flags.
EPOCHS = (epoch(1, 0, 10_000, 1, "start"), epoch(2, 3, 20_000, 2, "resume"), epoch(3, 5, 50_000, 2),
          epoch(4, 9, 50_000, 2))


@pytest.fixture
def here(tmp_path: Path) -> Scene:
    """The golden world's scene with these epochs."""
    found = scene_of(World(tmp_path).room, "r")
    rollout = replace(found.rollout, evidence_version=2, epoch=4, phase_entered_at=EPOCHS[2].began_at)
    return replace(found, epochs=EPOCHS, rollout=rollout)


def evidence(here: Scene, key: str, known: Known | None = None, **rows: Rows) -> tuple[MetricEvidence, Answers, Any]:
    """What is collected of one key; rows by the name of their question."""
    events = Answers({next(kind for kind in NONE if kind.__name__ == name): each for name, each in rows.items()})
    version = version_of(here, here.now)
    assert version is not None
    room = type("Room", (), {"events": events})()
    found = collect(room, here, version, [key], known or Known())
    return found.metrics[0], events, found


def sums(*rows: tuple[str, int, int, str, int, int, int]) -> Rows:
    """(metric, epoch, inclusion, side, bucket, d, x)."""
    return Rows(SUMS, [(*row[:4], at(row[4], row[5]), at(row[4], row[6]), at(row[4], row[6])) for row in rows])


def at(bucket: int, value: int) -> NDArray[np.int64]:
    """A value in one cluster bucket, zero in all others."""
    found = np.zeros(CLUSTER_BUCKETS, np.int64)
    found[bucket] = value
    return found


def test_the_last_days_are_yesterday_and_today_and_are_counted_on_their_own(here: Scene) -> None:
    """The version began on day 3; on day 12, yesterday was its ninth day (3 is the first, 11 the ninth)."""
    noon = T0.replace(hour=0) + 12.5 * DAY
    began = T0.replace(hour=0) + 3 * DAY
    epochs = (EPOCHS[0], replace(EPOCHS[1], began_at=began), *EPOCHS[2:])
    version = version_of(replace(here, epochs=epochs), noon)
    assert version is not None
    assert recent_of(version) == Recent(9, noon.replace(hour=0, minute=0) - DAY)
    young = version_of(replace(here, epochs=epochs[:2]), began + 1.5 * DAY)
    assert young is not None
    assert recent_of(young) is None, "yesterday is the first day: that is all there is since the start"


def test_the_last_days_sums_stand_beside_those_since_the_start(here: Scene) -> None:
    later = replace(here, now=EPOCHS[3].began_at + 5 * DAY)
    rows = [("request_errors", 3, 50_000, "treatment", 4, 100, 2), ("request_errors", 3, 50_000, "control", 5, 90, 1)]
    lately = [(*row[:5], row[5] // 10, row[6]) for row in rows]
    found, events, everything = evidence(later, "error_rate", BucketSums=sums(*rows), RecentSums=sums(*lately))
    assert found.sums is not None
    assert found.recent is not None
    assert (found.sums.d_treatment[0][4], found.recent.d_treatment[0][4]) == (100, 10)
    assert [sum(each.d_buckets) for each in found.recent_treatment] == [10]
    asked = next(each for each in events.asked if isinstance(each, RecentSums))
    assert asked.since_day == (later.now - DAY).date()
    assert everything.recent_day > 1


def test_a_version_counts_its_own_epochs_from_one(here: Scene) -> None:
    version = version_of(here, here.now)
    assert version is not None
    assert (version.epochs, version.ordinal(2), version.ordinal(4)) == ((2, 3, 4), 1, 3)
    assert version.window.since_at == EPOCHS[1].began_at
    assert version_of(replace(here, epochs=()), here.now) is None


def test_only_a_reduction_restarts_the_evidence(here: Scene) -> None:
    assert restart_of(here) is None
    lowered = (*EPOCHS, epoch(5, 10, 25_000, 2, "roll_back"), epoch(6, 11, 40_000, 2, "set_percentage"))
    assert restart_of(replace(here, epochs=lowered)) == 5
    by_hand = (*EPOCHS, epoch(5, 10, 25_000, 2, "set_percentage"))
    assert restart_of(replace(here, epochs=by_hand)) is None
    version = version_of(replace(here, epochs=lowered), here.now, 5)
    assert version is not None
    assert version.restart == 4, "the fourth epoch of the version"


def test_a_phase_counts_from_the_epoch_it_was_entered_with(here: Scene) -> None:
    version = version_of(here, here.now)
    assert version is not None
    assert phase_epoch_of(here, version) == 2
    older = replace(here, rollout=replace(here.rollout, phase_entered_at=T0))
    assert phase_epoch_of(older, version) == 1, "what a person resumed counts from the resume on"


def test_crossings_say_when_sides_may_change() -> None:
    moves = list(crossings_of((epoch(1, 0, 20_000, 1), epoch(2, 5, 50_000, 1), epoch(3, 8, 10_000, 1))))
    assert moves == [Crossing(1, "treatment", T0 + 8 * DAY), Crossing(1, "control", T0 + 5 * DAY),
                     Crossing(2, "treatment", T0 + 8 * DAY)]
    refilled = [epoch(1, 0, 20_000, 1, new=100_000, old=5_000), epoch(2, 5, 20_000, 1, new=60_000, old=9_000)]
    assert [each.side for each in crossings_of(refilled)] == ["treatment", "control"], "one audience up, another down"


def test_sums_stand_in_their_stratum_side_and_bucket(here: Scene) -> None:
    found, _, _ = evidence(here, "error_rate", BucketSums=sums(
        ("request_errors", 2, 20_000, "treatment", 0, 10, 1), ("request_errors", 2, 20_000, "control", 0, 40, 2),
        ("request_errors", 2, 20_000, "control", 0, 5, 0), ("request_errors", 3, 50_000, "treatment", 127, 8, 3),
        ("request_errors", 3, 100_000, "treatment", 5, 100, 50),          # taken whole: nothing to compare with
        ("request_errors", 1, 20_000, "treatment", 0, 999, 999)))         # another version
    assert found.strata == (Stratum(1, 20_000), Stratum(2, 50_000))
    assert found.sums is not None
    assert (found.sums.d_treatment[0][0], found.sums.x_treatment[0][0]) == (10, 1)
    assert (found.sums.d_control[0][0], found.sums.x_control[0][0]) == (45, 2)
    assert (found.sums.d_treatment[1][127], sum(found.sums.d_control[1])) == (8, 0)
    assert [(each.epoch, sum(each.d_buckets), sum(each.x_buckets)) for each in found.treatment] == [
        (1, 10, 1), (2, 108, 53)], "its own level counts audiences taken whole too"


def test_good_outcomes_are_counted_as_the_rest(here: Scene) -> None:
    found, events, _ = evidence(here, "availability", BucketSums=sums(
        ("request_errors", 2, 20_000, "treatment", 3, 10, 1), ("request_errors", 2, 20_000, "control", 3, 10, 4)))
    assert found.sums is not None
    assert (found.sums.x_treatment[0][3], found.sums.x_control[0][3]) == (9, 6)
    assert not [each for each in events.asked if isinstance(each, VersionFirsts)]


def test_first_errors_speak_for_error_rates_and_never_for_their_complement(here: Scene) -> None:
    first = {key: getattr(source_of(key, here.plan), "first", None)
             for key in ("error_rate", "critical_error_rate", "error_free_sessions", "availability")}
    assert first == {"error_rate": "request_error", "critical_error_rate": "critical_error",
                     "error_free_sessions": None, "availability": None}


LCP = Reference("vital:LCP", 0.75, 2_000_000, 500, T0 + 3 * DAY, {100: 0.08, 300: 0.2})


def test_beyond_a_part_treatment_is_held_against_the_moved_value_and_control_against_the_reference(here: Scene) -> None:
    rows = sums(("above:vital:LCP", 2, 20_000, "treatment", 1, 40, 12),
                ("above:vital:LCP", 2, 20_000, "control", 1, 80, 20),
                ("above_300:vital:LCP", 2, 20_000, "treatment", 1, 40, 5),
                ("above_300:vital:LCP", 2, 20_000, "control", 1, 80, 9))
    plainly, _, _ = evidence(here, "lcp_p75", BucketSums=rows)
    far, _, _ = evidence(here, "lcp_p75@300", BucketSums=rows)
    assert plainly.sums is not None
    assert far.sums is not None
    assert (plainly.sums.x_treatment[0][1], plainly.sums.x_control[0][1]) == (12, 20)
    assert (far.sums.x_treatment[0][1], far.sums.x_control[0][1]) == (5, 20)
    assert (far.sums.d_treatment[0][1], far.sums.d_control[0][1]) == (40, 80)


def test_a_limit_in_milliseconds_is_counted_by_its_own_frozen_value(here: Scene) -> None:
    found, events, _ = evidence(here, "api_response_p95#500000", BucketSums=sums(
        ("above_at_500000:request_duration", 2, 20_000, "treatment", 1, 60, 6)))
    assert [sum(each.x_buckets) for each in found.treatment] == [6]
    asked = next(each for each in events.asked if isinstance(each, BucketSums))
    assert asked.metrics == ("above_at_500000:request_duration",)


def test_first_values_wait_for_their_reference(here: Scene) -> None:
    rows = Rows(("hour", "epoch", "inclusion", "arm", "n", "above"), [
        (T0 + 3.5 * DAY, 2, 20_000, "treatment", 7, 2), (T0 + 3.5 * DAY, 2, 20_000, "control", 20, 4)])
    counted = sums(("above:vital:LCP", 2, 20_000, "treatment", 1, 40, 12))
    found, events, _ = evidence(here, "lcp_p75", Known({"vital:LCP": LCP}), BucketSums=counted, FirstValues=rows)
    assert found.blocks_in_epoch is not None
    assert (found.blocks_in_epoch.x_treatment, found.blocks_in_epoch.n_treatment) == ((2,), (7,))
    assert (found.blocks_in_epoch.x_control, found.blocks_in_epoch.n_control) == ((4,), (20,))
    asked = next(each for each in events.asked if isinstance(each, FirstValues))
    assert (asked.reference, asked.since_at) == (2_000_000, LCP.applies_from_at)
    assert evidence(here, "lcp_p75", BucketSums=counted)[0].blocks_in_epoch is None


def test_the_covariate_ends_with_the_day_before_the_start(here: Scene) -> None:
    begun = replace(EPOCHS[1], began_at=T0 + 3.4 * DAY)
    here = replace(here, epochs=(EPOCHS[0], begun, *EPOCHS[2:]))
    _, events, _ = evidence(here, "error_rate", BucketSums=sums(
        ("request_errors", 2, 20_000, "treatment", 0, 10, 1), ("request_errors", 2, 20_000, "control", 0, 10, 1)))
    asked = next(each for each in events.asked if isinstance(each, SumsBefore))
    assert asked.window.until_at == T0 + 3 * DAY, "the day of the start holds what came after it"
    assert asked.window.since_at == T0 - 11 * DAY


def test_newly_exposed_are_split_by_hour_and_stratum(here: Scene) -> None:
    rows = Rows(("hour", "epoch", "inclusion", "arm", "entered"), [
        (T0 + 4 * DAY, 2, 20_000, "treatment", 3), (T0 + 4 * DAY, 2, 20_000, "control", 11),
        (T0 + 6 * DAY, 3, 50_000, "control", 2), (T0 + 6 * DAY, 3, 100_000, "treatment", 70)])
    _, _, found = evidence(here, "error_rate", Newcomers=rows)
    assert (found.exposures.new_treatment, found.exposures.new_control) == ((3, 0), (11, 2))
    assert found.exposures.inclusion == (20_000, 50_000)
    assert (found.epoch, found.restart_epoch) == (3, 1)


def test_adoption_counts_the_plans_own_flags_and_retention_any_visit(here: Scene) -> None:
    _, events, _ = evidence(here, "adoption_rate")
    _, retention, _ = evidence(here, "retention_day_7")
    asked = [next(each for each in store.asked if isinstance(each, Matured)) for store in (events, retention)]
    assert (asked[0].whats, asked[0].within_hours) == (("f1", "f2"), 168)
    assert (asked[1].whats, asked[1].on_day) == ((), 7)
    assert asked[0].crossings == (Crossing(2, "control", T0 + 5 * DAY),)


def test_what_is_switched_on_later_is_judged_by_those_who_came_since(here: Scene) -> None:
    # f2 carries the tag "social" and is served in the last epoch only; before that in none.
    later = (*EPOCHS[:-1], replace(EPOCHS[-1], served=frozenset({"f1", "f2"})))
    _, events, _ = evidence(replace(here, epochs=later), "social_adoption")
    (asked,) = [each for each in events.asked if isinstance(each, Matured)]
    assert asked.epochs == (EPOCHS[-1].number,)
    never, silent, _ = evidence(here, "social_adoption")
    assert not [each for each in silent.asked if isinstance(each, Matured)]
    assert (never.treatment, never.blocks) == ((), None), "nothing to judge by, which is not zero"


def test_the_inflow_is_that_of_the_newest_epoch_once_it_has_lasted_a_day(here: Scene) -> None:
    # Epoch 4 began on day 9, the clock stands at day 14: 240 requests in 120 hours.
    found, _, _ = evidence(here, "error_rate", BucketSums=sums(
        ("request_errors", 2, 20_000, "treatment", 0, 1_000, 1), ("request_errors", 4, 50_000, "treatment", 0, 240, 1)))
    assert found.treatment_per_hour == pytest.approx(2.0)


def test_an_outcome_s_inflow_is_over_the_hours_in_which_one_could_enter_and_be_known_by_now(here: Scene) -> None:
    # Adoption is known 168 hours after entering. On day 14 it is known of who entered before day 7: epoch 2 lasted 48
    # hours (day 3 to 5), epoch 3 has 48 of its 96 (day 5 to 7), epoch 4 none (it began on day 9): (48 + 96) / 96 = 1.5.
    rows = matured((T0 + 11 * DAY, 2, 20_000, 48, 30), (T0 + 13 * DAY, 3, 50_000, 96, 60))
    assert evidence(here, "adoption_rate", Matured=rows)[0].treatment_per_hour == pytest.approx(144 / 96)
    # On day 17.5 of who entered before day 10.5: 36 hours of the newest epoch, more than a day: 72 / 36 = 2.
    rows = matured((T0 + 11 * DAY, 2, 20_000, 48, 30), (T0 + 17 * DAY, 4, 50_000, 72, 60))
    later = replace(here, now=T0 + 17.5 * DAY)
    assert evidence(later, "adoption_rate", Matured=rows)[0].treatment_per_hour == pytest.approx(72 / 36)


def test_a_visit_on_a_day_is_known_of_those_who_entered_before_a_midnight(here: Scene) -> None:
    # At noon of day 17 the seventh day after entering is over for whoever entered before midnight of day 10, not for
    # those of that morning, 168 hours ago: 24 hours of epoch 4. 240 / 24 = 10.
    rows = matured((T0 + 11 * DAY, 2, 20_000, 120, 30), (T0 + 17 * DAY, 4, 50_000, 240, 60))
    later = replace(here, now=T0 + 17.5 * DAY)
    assert evidence(later, "retention_day_7", Matured=rows)[0].treatment_per_hour == pytest.approx(240 / 24)


def test_while_nobody_s_outcome_can_be_known_the_inflow_is_unknown(here: Scene) -> None:
    # The version began on day 3; on day 10 the first who entered is just 168 hours old.
    version = version_of(replace(here, epochs=EPOCHS), T0 + 10 * DAY)
    assert version is not None
    hours = entering(version, version.epochs, lambda at: at - 7 * DAY)
    assert hours == {1: 0.0, 2: 0.0, 3: 0.0}
    assert per_hour({1: 0}, hours) is None
    assert per_hour({1: 0}, {1: 5.0}) is None, "hours in which nobody came say nothing of those to come"


def test_those_who_may_be_moved_count_only_if_they_are_known_before(here: Scene) -> None:
    # Half from day 3 on, a tenth from day 9. Of the first epoch those count who are known by day 9: after 7 days they
    # entered before day 2, which nobody did; after 2 days before day 7. Of the second on day 17: before day 10 and 15.
    epochs = (epoch(1, 3, 50_000, 2, "start"), epoch(2, 9, 10_000, 2, "roll_back"))
    version = version_of(replace(here, epochs=epochs), T0 + 17 * DAY)
    assert version is not None
    assert entering(version, (1, 2), lambda at: at - 7 * DAY) == {1: 0.0, 2: 24.0}
    assert entering(version, (1, 2), lambda at: at - 2 * DAY) == {1: 96.0, 2: 144.0}
    assert entering(version, (2,), lambda at: at - 2 * DAY) == {2: 144.0}, "epochs that do not serve it are left out"


def matured(*rows: tuple[datetime, int, int, int, int]) -> Rows:
    """(day, epoch, inclusion, n, x) of treatment."""
    return Rows(("day", "epoch", "inclusion", "arm", "n", "x"), [
        (day, epoch, inclusion, "treatment", n, x) for day, epoch, inclusion, n, x in rows])


def test_quantiles_name_everything_that_has_to_be_frozen(tmp_path: Path) -> None:
    rules = PLAN.replace("pause_conditions:\n", "pause_conditions:\n  - {key: slow, name: Slower, metric: "
                         "performance_degradation, above: 30 %}\n").replace(
        "alerts:\n", "alerts:\n  - {key: api, name: API above 500 ms, severity: warning, metric: api_response_p95, "
        "above: 500}\n")
    plan = scene_of(World(tmp_path, rules).room, "r").plan
    found = {each.metric: (each.share, each.beyond, each.limits) for each in quantiles_of(plan)}
    assert found == {"vital:LCP": (0.75, (300,), ()), "vital:INP": (0.75, (300,), ()),
                     "request_duration": (0.95, (300,), (500_000,))}


BY_SESSIONS = PLAN.replace("error_basis: requests", "error_basis: sessions")
FIRSTS = Rows(NONE[VersionFirsts].columns, [("error", T0 + 4 * DAY, 2, 20_000, 3, 1, 20, 80)])


def counted(treatment: int, control: int, *, hits: int = 0) -> Rows:
    """100 sessions in each arm, `hits` of control's with an error, and so many errors."""
    return sums(("session_errors", 2, 20_000, "treatment", 0, 100, 0),
                ("session_errors", 2, 20_000, "control", 0, 100, hits),
                ("session_critical_errors", 2, 20_000, "treatment", 0, 100, 0),
                ("session_critical_errors", 2, 20_000, "control", 0, 100, 0),
                ("errors", 2, 20_000, "treatment", 0, treatment, 0), ("errors", 2, 20_000, "control", 0, control, 0))


@pytest.fixture
def sessions(here: Scene, tmp_path: Path) -> Scene:
    """The same with an error rate of sessions."""
    (tmp_path / "sessions").mkdir()
    return replace(here, plan=scene_of(World(tmp_path / "sessions", BY_SESSIONS).room, "r").plan)


@pytest.mark.parametrize("key", ["error_rate", "critical_error_rate", "error_free_sessions"])
@pytest.mark.parametrize("many", [(10, 20), (30, 0)], ids=["both arms together", "one arm"])
def test_sessions_that_no_error_names_are_no_evidence(sessions: Scene, key: str, many: tuple[int, int]) -> None:
    found, events, _ = evidence(sessions, key, BucketSums=counted(*many))
    assert (found.unnamed, found.sums, found.treatment, found.control) == (True, None, (), ())
    assert len([each for each in events.asked if isinstance(each, BucketSums)]) == 1, "errors are asked for with them"


@pytest.mark.parametrize("rows", [counted(10, 19), counted(20, 500, hits=1)], ids=["few errors", "errors name them"])
def test_a_zero_of_sessions_is_evidence_where_errors_name_theirs(sessions: Scene, rows: Rows) -> None:
    found, _, _ = evidence(sessions, "error_rate", BucketSums=rows)
    assert found.sums is not None
    assert not found.unnamed


def test_how_many_sessions_there_were_needs_no_error(sessions: Scene) -> None:
    found, events, _ = evidence(sessions, "telemetry_ratio", BucketSums=counted(500, 500))
    assert found.sums is not None
    asked = next(each for each in events.asked if isinstance(each, BucketSums))
    assert "errors" not in asked.metrics


def test_first_errors_of_people_stay_evidence_whatever_session_they_were_in(sessions: Scene) -> None:
    found, _, _ = evidence(sessions, "error_rate", BucketSums=counted(500, 500), VersionFirsts=FIRSTS)
    assert found.firsts is not None
    assert (found.firsts.events_treatment, found.strata) == ((3,), (Stratum(1, 20_000),))
