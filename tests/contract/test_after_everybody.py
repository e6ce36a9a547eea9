"""After 100 %: what the autopilot still does, with a holdout and without one, in real stores.

Twenty newcomers an hour make one request each; a fifth of them fail, or as many as a test says.
"""

from __future__ import annotations

from pathlib import Path

from rollout_core.flags.holdout import Holdout
from rollout_core.health.alert import Severity
from rollout_core.rollouts.status import Status
from tests.fakes.lived_store import RATE, Life
from tests.golden.made_world import PLAN, T0

RULES = PLAN.replace("margin: 0.5 %, mde: 1 %", "margin: 10 %, mde: 20 %").replace(
    "key: errors, name: Error rate above 5 %, metric: error_rate, above: 5 %",
    "key: limit, name: Error rate above 50 %, metric: error_rate, above: 50 %").replace(
    "alerts:\n", "alerts:\n  - {key: slower, name: Slower by 30 %, severity: error, "
    "metric: performance_degradation, above: 30 %}\n") + """
health: {error_target: 20 %, error_limit: 50 %}
rollbacks:
  - {kind: gradual, trigger: More errors, action: Halve, due: 2 h, reduce_by: 0.5}
"""


def test_with_a_holdout_harm_is_still_proven_against_it_and_halves(tmp_path: Path) -> None:
    lived = Life(tmp_path, RULES, 100_000, lambda hour: RATE if hour < 12 else 0.45, status=Status.COMPLETED,
                 holdout=Holdout(20_000))
    first, *later = lived.live(48)
    assert first.act == "none"
    acted = next(each for each in later if each.act != "none")
    assert (acted.act, acted.because) == ("halve", ("errors",)), "less than the absolute limit, more than the holdout"
    assert lived.shares == [100.0, 50.0][: len(lived.shares)]


def test_without_one_an_absolute_limit_pauses(tmp_path: Path) -> None:
    lived = Life(tmp_path, RULES, 100_000, lambda hour: RATE if hour < 12 else 0.9, status=Status.COMPLETED)
    first, *later = lived.live(48)
    assert first.act == "none"
    acted = next(each for each in later if each.act != "none")
    assert (acted.act, acted.done, acted.because) == ("pause", True, ("limit",))


def test_without_one_what_is_worse_than_before_the_start_alerts_and_nothing_is_done(tmp_path: Path) -> None:
    lived = Life(tmp_path, RULES, 100_000, lambda _: RATE, status=Status.COMPLETED)
    for person in range(700):                   # before the start they waited half as long
        lived.store.add("api_request", -72 + person / 10, f"n{person}", endpoint="/x", status=200, value=0.5)
    lived.store.clock.at = T0
    swept = lived.live(36)
    assert [each.act for each in swept] == ["none"] * 3
    with lived.store.room.control.read() as unit:
        alerts = {each.rule: each for each in unit.alerts.all("r", unresolved=True)}
    assert "not causal" in str(alerts["slower"].facts)
    assert alerts["slower"].severity is Severity.WARNING, "not its rule's level: nothing is proven"
