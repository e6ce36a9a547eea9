"""The ramp of a plan with a risk budget: what it reads from the evidence, and the check when the plan is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rollout_core.analysis.evidence import Evidence, FirstEvents, MetricEvidence, Stratum
from rollout_core.analysis.ramp import RampAdvice, RampStep
from rollout_core.analysis.verdict import Status as Standing
from rollout_core.analysis.verdict import Verdict
from rollout_core.documents.plan_document import check_plan, load_plan
from rollout_core.rollouts.ramping import budget_needed, climb, entry_share, ramp_policy
from rollout_core.rollouts.rollout import Rollout
from rollout_core.rollouts.status import Status
from rollout_core.settings import ROOT

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GUIDE = (ROOT / "docs/guide/plans.md").read_text(encoding="utf-8")
SHIPPED = Path("data/plans/exercise_library.yaml")
PLAN = load_plan(SHIPPED)
ROLLOUT = Rollout(key="r", name="x", plan="exercise_library", plan_version=1, unit="user", salt="s",
                  status=Status.RUNNING, created_at=NOW, phase="expanded_rollout", percentage=5_000, epoch=1,
                  epoch_began_at=NOW - timedelta(hours=13))
CALM = Verdict("errors", "error_rate", Standing.WATCHING, "difference", log_e=0.1, log_e_needed=5.0, acts=True)


def budget(errors: float | None):
    return replace(PLAN, autopilot=replace(PLAN.autopilot, risk_budget_errors=errors))


NOW_HOUR = int(NOW.timestamp()) // 3600


def counted(events_treatment: int, events_control: int, at_risk: tuple[int, int] = (1_000, 19_000)) -> Evidence:
    """One stratum at 5 %, one hour with events."""
    return hours([(NOW_HOUR, events_treatment, events_control, *at_risk)])


def hours(rows: list[tuple[int, int, int, int, int]]) -> Evidence:
    """One stratum at 5 %: hour, first errors and subjects at risk of treatment and control."""
    hour, x_t, x_c, n_t, n_c = (tuple(column) for column in zip(*rows, strict=True))
    firsts = FirstEvents((0,) * len(rows), hour, x_t, x_c, n_t, n_c)
    return Evidence(1, metrics=(MetricEvidence("error_rate", (Stratum(1, 5_000),), firsts=firsts),))


def advised(errors: float, evidence: Evidence, **about: object) -> RampAdvice:
    found = climb(budget(errors), replace(ROLLOUT, **about), evidence, CALM, NOW)
    assert found is not None
    return found


def test_a_plan_without_a_budget_has_no_ramp() -> None:
    assert ramp_policy(PLAN) is None
    assert climb(PLAN, ROLLOUT, counted(10, 190), CALM, NOW) is None
    assert budget_needed(PLAN) is None


def test_the_next_rung_is_taken_when_the_bound_fits_the_budget() -> None:
    # Nothing differs: 10 of 1,000 against 190 of 19,000, p_C = 190.5/19001 = .010026. The bound is where
    # u = 2.32635·√((.010026+u)(.989974−u)/1000 + .010026·.989974/19000): .01058, so of 1,000 treated 10.6 extra so far.
    # The hour would have brought 190·20/19 = 200 errors to nobody treated, so .01058/.010026·200 = 211 extra to
    # everybody: 12 hours at 10 % risk 10.6 + 1.2·211 = 264.
    found = advised(265.0, counted(10, 190))
    assert (found.step, found.share) == (RampStep.STEP_UP, 0.10)
    assert found.risk == pytest.approx(264.0, abs=0.5)
    assert advised(263.0, counted(10, 190)).step is RampStep.STAY


def test_a_rung_lasts_its_dwell_time() -> None:
    assert advised(400.0, counted(10, 190), epoch_began_at=NOW - timedelta(hours=11)).step is RampStep.STAY


def test_more_errors_than_the_budget_holds_and_asks() -> None:
    found = advised(5.0, counted(80, 190))
    assert (found.step, found.share) == (RampStep.HOLD_AND_ASK, 0.01)


def test_an_hour_s_errors_are_those_of_the_last_day_alone() -> None:
    # 20 against 5 errors an hour: the same counts in all, four times the risk of the hours to come.
    def an_hour(first_day: int, second_day: int) -> float:
        rows = [(NOW_HOUR - 47 + place, 0, first_day if place < 24 else second_day, 1_000, 19_000)
                for place in range(48)]
        here = advised(1e6, hours(rows), epoch_began_at=NOW)
        return advised(1e6, hours(rows)).risk - here.risk
    assert an_hour(5, 20) == pytest.approx(4 * an_hour(20, 5), rel=0.01)


def released(rows: list[tuple[int, int, int, int, int]], **about: object) -> bool:
    """With hardly any budget only a released ramp goes on."""
    return advised(0.1, hours(rows), **about).step is RampStep.STEP_UP


SAME = [(NOW_HOUR - 60 + place, 5, 95, 1_000, 19_000) for place in range(60)]
"""6,000 errors over 60 hours, 5 % of them in treatment: log e of "less than 1.25 times" is 7.2 (needed 3.2)."""

WORSE = [(NOW_HOUR - 60 + place, 7, 95, 1_000, 19_000) for place in range(60)]


def test_a_margin_that_is_excluded_releases_the_ramp() -> None:
    assert released(SAME)
    assert not released(WORSE)


def test_once_released_it_stays_released() -> None:
    later = [(NOW_HOUR - 20 + place, 8, 95, 1_000, 19_000) for place in range(20)]
    before = [(hour - 20, *rest) for hour, *rest in SAME]
    assert released(before + later)


def test_what_a_phase_switches_on_is_released_by_its_own_hours_only() -> None:
    assert released(SAME, phase_entered_at=NOW - timedelta(hours=61))
    assert not released(SAME, phase_entered_at=NOW - timedelta(hours=5))


def test_before_the_first_error_there_is_no_advice() -> None:
    nothing = FirstEvents((), (), (), (), (), ())
    evidence = Evidence(1, metrics=(MetricEvidence("error_rate", (Stratum(1, 5_000),), firsts=nothing),))
    assert climb(budget(400.0), ROLLOUT, evidence, CALM, NOW) is None


def test_subjects_of_all_strata_are_counted_once_each() -> None:
    # Two halves of the same counts risk what one stratum with all of them risks.
    rows = FirstEvents((0, 1), (NOW_HOUR, NOW_HOUR), (5, 5), (95, 95), (500, 500), (9_500, 9_500))
    halves = Evidence(1, metrics=(MetricEvidence("error_rate", (Stratum(1, 5_000), Stratum(1, 5_001)), firsts=rows),))
    assert advised(1e6, halves).risk == pytest.approx(advised(1e6, counted(10, 190)).risk, rel=0.01)


@pytest.mark.parametrize(("errors", "share", "served", "entered"), [
    (None, 20_000, 5_000, 20_000), (60.0, 20_000, 0, 1_000), (60.0, 20_000, 5_000, 5_000), (60.0, 100, 0, 100),
])
def test_a_phase_is_entered_at_the_first_rung_of_its_ramp(errors, share, served, entered) -> None:
    assert entry_share(budget(errors), share, served) == entered


def test_proven_harm_is_the_guardrails_own_level() -> None:
    proven = replace(CALM, log_e=5.1)
    advice = climb(budget(400.0), ROLLOUT, counted(80, 190), proven, NOW)
    assert advice is not None
    assert advice.step is RampStep.PAUSE
    below = climb(budget(400.0), ROLLOUT, counted(10, 190), replace(CALM, log_e=3.5), NOW)
    assert below is not None
    assert below.step is RampStep.STEP_UP, "log 20 is not the level where eight guardrails share the budget"


def test_without_counted_first_errors_there_is_no_advice() -> None:
    bare = Evidence(1, metrics=(MetricEvidence("error_rate", (Stratum(1, 5_000),)),))
    assert climb(budget(400.0), ROLLOUT, bare, CALM, NOW) is None
    assert climb(budget(400.0), ROLLOUT, counted(10, 190), None, NOW) is None


def test_a_budget_that_stalls_is_a_mistake_of_the_plan(tmp_path: Path) -> None:
    needed = budget_needed(budget(1.0))
    assert needed is not None
    assert needed > 1.0
    assert budget_needed(budget(needed + 1.0)) is None
    text = SHIPPED.read_text(encoding="utf-8")
    for errors, mistakes in ((1, 1), (round(needed) + 1, 0)):
        path = tmp_path / f"plan{errors}.yaml"
        path.write_text(text.replace("autopilot:\n", f"autopilot:\n  risk_budget_errors: {errors}\n"), encoding="utf-8")
        found = [problem for problem in check_plan(path) if "risk_budget" in str(problem)]
        assert len(found) == mistakes


def guide_s_example(tmp_path: Path, errors: int) -> Path:
    """The guide's small plan with the guide's lines about a risk budget, and this many errors."""
    lines = next(part for part in GUIDE.split("```") if part.startswith("yaml\n") and "risk_budget_errors" in part)
    small = (ROOT / "docs/guide/example_plan.yaml").read_text(encoding="utf-8")
    guardrail, settings = lines.removeprefix("yaml\n").split("health:")
    assert guardrail in small, "the guide's guardrail is the small plan's"
    path = tmp_path / f"plan{errors}.yaml"
    path.write_text(f"{small}\nhealth:{settings.replace('errors: 100', f'errors: {errors}')}", encoding="utf-8")
    return path


def test_the_guide_s_example_is_accepted_and_a_smaller_budget_refused_in_the_guide_s_words(tmp_path: Path) -> None:
    assert check_plan(guide_s_example(tmp_path, 100)) == []
    (problem,) = check_plan(guide_s_example(tmp_path, 58))
    told = str(problem).partition("autopilot.risk_budget_errors: ")[2]
    assert told
    assert told in " ".join(GUIDE.split())


@pytest.mark.parametrize("usual", [1, 2])
def test_the_guide_s_table_says_what_the_check_asks_for(usual: int) -> None:
    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| {usual} % | "))
    told = [int(cell.removeprefix("at least ")) for cell in row.strip("| ").split(" | ")[1:]]
    assert told == [needed_at(usual / 100, margin) for margin in (0.0025, 0.005, 0.01, 0.02)]


def needed_at(usual: float, margin: float) -> int:
    """The budget that a plan with this usual error rate and this margin needs."""
    rules = tuple(replace(rule, margin=margin) for rule in PLAN.guardrails if rule.key == "errors")
    needed = budget_needed(replace(budget(0.5), guardrails=rules, health=replace(PLAN.health, error_target=usual)))
    assert needed is not None
    return round(needed)


@pytest.mark.parametrize("relative", [True, False])
def test_a_budget_without_a_margin_on_errors_is_a_mistake(relative: bool) -> None:
    rules = tuple(replace(rule, relative=relative) for rule in PLAN.guardrails if rule.key == "errors")
    assert (ramp_policy(replace(budget(50.0), guardrails=rules)) is None) is relative
