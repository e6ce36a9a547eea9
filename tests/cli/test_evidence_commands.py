"""Commands about evidence: made worlds, and series that others measured."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command

OWN = """format: rollout-world/1
name: ours
summary: Twenty newcomers an hour, nothing is wrong.
kind: fresh
populations: [{rate: 0.1, per_hour: 20}]
ramp: [{hour: 0, percent: 50}]
mde: 0.1
hours: 48
"""


def test_simulate_answers_its_rates_runs_and_seed_and_the_same_seed_the_same(rollout: Command, tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OWN, encoding="utf-8")
    for world, harmless in (("low-traffic", True), ("doubled-errors", False), (str(tmp_path / "ours.yaml"), True)):
        words = ("simulate", "--world", world, "--runs", "3", "--seed", "7", "--json")
        found = rollout(*words).json()
        assert {"false_alarm_rate", "found_share", "median_delay_hours", "runs", "seed"} <= set(found)
        assert (found["runs"], found["seed"], found["found_share"] is None) == (3, 7, harmless)
        assert rollout(*words).json() == found


def test_the_rates_of_few_runs_carry_their_95_percent_interval(rollout: Command, tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(OWN, encoding="utf-8")
    words = ("simulate", "--world", str(tmp_path / "ours.yaml"), "--runs", "20", "--seed", "7")
    found = rollout(*words, "--json").json()
    assert (found["false_alarm_rate"], found["false_alarm_low"]) == (0.0, 0.0)
    assert round(found["false_alarm_high"], 3) == 0.161, "Wilson's interval of 0 of 20"
    assert (found["found_low"], found["found_high"]) == (None, None), "nothing was there to be found"
    assert "paused without harm: 0.0% (95% interval 0.0% to 16.1%)" in rollout(*words).out
    harmful = rollout("simulate", "--world", "doubled-errors", "--runs", "3", "--seed", "7", "--json").json()
    assert harmful["found_low"] < harmful["found_share"] <= harmful["found_high"]


def test_a_series_that_others_measured_is_imported_and_watched(rollout: Command, tmp_path: Path) -> None:
    # Two weeks of hours that swing between 9 and 11, and ten hours of 100 at the end of them, labelled as an incident.
    rows = [f"2026-03-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z,{9 + hour % 3},0" for hour in range(326)]
    rows += [f"2026-03-14T{hour:02d}:00:00Z,100,1" for hour in range(14, 24)]
    path = tmp_path / "crashes.csv"
    path.write_text("TimeStamp,Value,Label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert rollout("import", str(path), "--kind", "series").code == 0
    (series,) = rollout("ask", "watched_series", "--json").json()["series"]
    assert (series["values"], series["incidents"], series["found"], series["false"]) == (336, 1, 1, 0)
