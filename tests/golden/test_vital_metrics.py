"""Web vitals, the performance score and speed. Percentiles by hand, with the histogram's 1 %."""

from __future__ import annotations

from math import erfc, log

import pytest

from rollout_core.insight.formulas_change import change_of
from rollout_core.insight.measure import by_key
from rollout_core.insight.vitals import compared_in_words
from rollout_core.insight.words import change_in_words
from rollout_core.metrics.catalog import CATALOG
from rollout_core.metrics.measured import Alike, Quality
from rollout_core.metrics.percentile import RELATIVE_ERROR, bin_of, bin_value, nearest_rank
from rollout_core.metrics.performance_score import performance_score
from rollout_core.metrics.vital_score import VITAL_LIMITS, vital_score
from rollout_core.metrics.web_vitals import rating
from tests.golden.made_world import World

ALL_GOOD = {"LCP": 2500, "INP": 200, "CLS": 0.1, "FCP": 1800, "TTFB": 800}
ALL_POOR = {"LCP": 4000, "INP": 500, "CLS": 0.25, "FCP": 3000, "TTFB": 1800}


def test_all_vitals_at_good_score_90_and_at_poor_50() -> None:
    assert performance_score(ALL_GOOD) == pytest.approx(90.0, abs=1e-9)
    assert performance_score(ALL_POOR) == pytest.approx(50.0, abs=1e-9)


def test_missing_vitals_are_left_out_and_the_weights_renormalised() -> None:
    # LCP (weight 30) at good scores 0.9, CLS (15) at 0 scores 1: (30 * 0.9 + 15 * 1) / 45 = 42 / 45 = 93.33
    assert performance_score({"LCP": 2500, "CLS": 0.0}) == pytest.approx(100 * 42 / 45, abs=1e-9)
    assert performance_score({"FID": 50}) is None
    assert performance_score({}) is None


def test_the_curve_is_lighthouses() -> None:
    # By hand for LCP 3000: x = ln(3000/4000) * 0.906194 / -ln(2500/4000) = -0.287682 * 0.906194 / 0.470004 = -0.554667
    # s = erfc(-0.554667) / 2 = 0.7836
    x = log(3000 / 4000) * 0.9061938024368232 / -log(2500 / 4000)
    assert x == pytest.approx(-0.554667, abs=1e-5)
    assert vital_score("LCP", 3000) == pytest.approx(erfc(x) / 2) == pytest.approx(0.7836, abs=1e-4)


@pytest.mark.parametrize("vital", ["LCP", "INP", "CLS", "FCP", "TTFB", "FID"])
def test_the_limits_are_inclusive(vital: str) -> None:
    limits = VITAL_LIMITS[vital]
    words = [rating(vital, value) for value in (limits.good, limits.good * 1.0001, limits.poor, limits.poor * 1.0001)]
    assert words == ["good", "needs improvement", "needs improvement", "poor"]
    assert rating(vital, None) == "no data"


def test_nearest_rank_is_quantile_disc() -> None:
    # 75 % of 4 values: rank ceil(0.75 * 4) = 3, the third smallest; of 5: ceil(3.75) = 4.
    assert nearest_rank([1, 2, 3, 4], 0.75) == 3
    assert nearest_rank([1, 2, 3, 4, 5], 0.75) == 4
    assert nearest_rank([7], 0.01) == 7


def test_a_bin_is_off_by_at_most_one_percent_and_zero_has_its_own() -> None:
    for value in (1, 2, 99, 1_000, 1_134_000, 2_500_000, 86_400_000_000):
        assert abs(bin_value(bin_of(value)) / value - 1) <= RELATIVE_ERROR + 1e-12
    assert RELATIVE_ERROR < 0.01
    assert (bin_of(0), bin_value(bin_of(0))) == (-1, 0.0)


def load(world: World, who: str, number: int, **vitals: float) -> None:
    for name, value in vitals.items():
        world.add("web_vital", 5, who, name=name, value=value, page="/p", load=f"{who}-{number}")


def test_p75_of_a_vital_is_the_nearest_rank_within_one_percent(world: World) -> None:
    world.expose("a", "treatment")
    for number, value in enumerate((1000.0, 1100.0, 1134.0, 4000.0)):     # rank 3 of 4: 1134
        load(world, "a", number, LCP=value, CLS=0.0)
    world.close()
    lcp, cls = by_key(world.measuring(), "lcp_p75"), by_key(world.measuring(), "cls_p75")
    assert lcp.value == pytest.approx(1134, rel=RELATIVE_ERROR)
    assert (lcp.n, lcp.unit) == (4, "ms")
    assert cls.value == 0.0                                             # a CLS of 0 has its own bin


def test_the_largest_report_of_a_measurement_counts(world: World) -> None:
    world.expose("a", "treatment")
    for value in (50.0, 300.0, 120.0):
        world.add("web_vital", 5, "a", name="INP", value=value, metric_id="m1", page="/p")
    world.close()
    inp = by_key(world.measuring(), "inp_p75")
    assert inp.n == 1
    assert inp.value == pytest.approx(300, rel=RELATIVE_ERROR)


def test_good_loads_need_all_three_core_vitals_good(world: World) -> None:
    world.expose("a", "treatment")
    load(world, "a", 0, LCP=2500, INP=200, CLS=0.1)       # at the limits: good
    load(world, "a", 1, LCP=2600, INP=100, CLS=0.0)       # LCP needs improvement
    load(world, "a", 2, LCP=1000, CLS=0.0)                # no interaction: LCP and CLS decide, good
    load(world, "a", 3, LCP=1000, INP=100, CLS=0.2)       # CLS needs improvement
    load(world, "a", 4, TTFB=100)                         # neither LCP nor CLS: not judged
    world.close()
    good = by_key(world.measuring(), "good_vitals_share")
    assert (good.value, good.n) == (0.5, 4)


def test_performance_score_is_the_mean_over_page_loads(world: World) -> None:
    world.expose("a", "treatment")
    load(world, "a", 0, **ALL_GOOD)                       # 90
    load(world, "a", 1, **ALL_POOR)                       # 50
    world.close()
    score = by_key(world.measuring(), "performance_score")
    assert score.value == pytest.approx(70.0, abs=1e-3)   # (90 + 50) / 2; stored in millionths
    assert (score.n, score.unit) == (2, "score")


def test_api_percentiles(world: World) -> None:
    world.expose("a", "treatment")
    for number in range(1, 101):                          # 10, 20, ... 1000 ms; rank 50, 95, 99 of 100
        world.add("api_request", 3, "a", endpoint="/x", status=200, value=10.0 * number)
    world.close()
    measuring = world.measuring()
    for key, value in (("api_response_p50", 500), ("api_response_p95", 950), ("api_response_p99", 990)):
        assert by_key(measuring, key).value == pytest.approx(value, rel=RELATIVE_ERROR), key


def test_render_time_p75(world: World) -> None:
    world.expose("a", "treatment")
    for value in (4.0, 8.0, 16.0, 32.0):                  # rank 3 of 4
        world.add("render", 3, "a", name="Search", value=value)
    world.close()
    assert by_key(world.measuring(), "render_time_p75").value == pytest.approx(16, rel=RELATIVE_ERROR)


def test_degradation_is_the_worst_change_against_the_concurrent_control(world: World) -> None:
    for arm, lcp, inp, api in (("treatment", 2400, 220, 500), ("control", 2000, 200, 1000)):
        world.expose(arm, arm)
        for number in range(40):
            load(world, arm, number, LCP=lcp, INP=inp)
            world.add("api_request", 3, arm, endpoint="/x", status=200, value=float(api))
    world.close()
    # LCP 2400/2000 - 1 = +20 %, INP 220/200 - 1 = +10 %, API 500/1000 - 1 = -50 %: the worst is LCP
    worst = by_key(world.measuring(), "performance_degradation", None)
    assert worst.value == pytest.approx(0.20, abs=0.03)   # each p75 is within 1 %, so their ratio is within 2 %
    assert worst.note == "LCP p75"
    assert worst.unit == "relative"


def loads_of_two_kinds(world: World, treated: int) -> None:
    """By chance: `treated` page loads in treatment of which 2 of 5 are good, 40 in control of which 22 are good. And
    60 good ones of people who were all let in, whom no control stands against."""
    for who, arm, inclusion, good, n in (("t", "treatment", 50_000, treated * 2 // 5, treated),
                                         ("c", "control", 50_000, 22, 40), ("all", "treatment", 100_000, 60, 60)):
        world.expose(who, arm, inclusion=inclusion)
        for number in range(n):
            load(world, who, number, LCP=1000 if number < good else 3000, INP=100, CLS=0.0)
    world.close()


def test_a_change_stands_with_the_two_values_it_is_of(world: World) -> None:
    # Everybody: treatment (16 + 60) / (40 + 60) = 76 %, control 22 / 40 = 55 %, so treatment looks better. Like with
    # like: 16 / 40 = 40 % against 55 %, 0.40 / 0.55 - 1 = -27.27 %: worse. The change names its own two values.
    loads_of_two_kinds(world, 40)
    measuring = world.measuring()
    assert by_key(measuring, "good_vitals_share").value == pytest.approx(0.76)
    assert by_key(measuring, "good_vitals_share", "control").value == pytest.approx(0.55)
    change = change_of(measuring, CATALOG["good_vitals_share"])
    assert change.value == pytest.approx(-0.15 / 0.55)
    assert change.alike == Alike(pytest.approx(0.40), pytest.approx(0.55), 40, 40, "share")
    assert change.quality is Quality.OK
    assert change_in_words(change).endswith("of 40% against 55% like with like, 40 and 40 page loads")


def test_an_arm_with_fewer_than_the_minimum_sample_is_too_few_to_compare(world: World) -> None:
    # 15 of the 75 page loads in treatment are comparable: below the 30 that the metric asks for, whatever all are.
    loads_of_two_kinds(world, 15)
    measuring = world.measuring()
    assert by_key(measuring, "good_vitals_share").n == 75
    change = change_of(measuring, CATALOG["good_vitals_share"])
    assert (change.quality, change.n) == (Quality.FEW, 55)
    assert change_in_words(change) == "too few to compare: 40% against 55% like with like, 15 and 40 page loads"
    assert compared_in_words(change) == "Too few"


def test_the_change_of_a_percentile_is_of_the_percentiles_of_those_compared(world: World) -> None:
    # Compared: 40 at 2000 ms against 40 at 1600 ms: +25 %. With 260 more in treatment at 1000 ms its p75 of everybody
    # is the 225th of 300: 1000 ms, which against control's 1600 ms would be -37.5 %.
    for who, arm, inclusion, lcp, n in (("t", "treatment", 50_000, 2000, 40), ("c", "control", 50_000, 1600, 40),
                                        ("all", "treatment", 100_000, 1000, 260)):
        world.expose(who, arm, inclusion=inclusion)
        for number in range(n):
            load(world, who, number, LCP=lcp)
    world.close()
    measuring = world.measuring()
    assert by_key(measuring, "lcp_p75").value == pytest.approx(1000, rel=RELATIVE_ERROR)
    change = change_of(measuring, CATALOG["lcp_p75"])
    assert change.alike is not None
    assert (change.alike.treatment, change.alike.control) == pytest.approx((2000, 1600), rel=RELATIVE_ERROR)
    assert change.value == pytest.approx(change.alike.treatment / change.alike.control - 1)
