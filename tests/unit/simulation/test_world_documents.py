"""World documents: what they mean, and every mistake with its line."""

from pathlib import Path

import pytest

from rollout_core.errors import InvalidDocument
from rollout_core.simulation.world_clock import drift_of, ramp_of
from rollout_core.simulation.world_documents import read_world, world_named, world_names

GOOD = """format: rollout-world/1
name: mine
summary: My own world.
kind: fresh
populations: [{rate: 0.02, per_hour: 50}]
ramp: [{hour: 0, percent: 10}, {hour: 24, percent: 50}]
mde: 0.01
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_promised_worlds_are_shipped():
    promised = {"low-traffic", "high-traffic", "ramp-10-90", "drift", "incident", "clustered", "workspaces-200",
                "p75-icc", "all-in-one-drift", "audiences"}
    assert promised <= set(world_names())
    assert all(world_named(name).harmless for name in promised)


def test_a_user_s_own_world_is_read(tmp_path):
    world = read_world(written(tmp_path, GOOD))
    assert (world.name, world.populations[0].per_hour, world.ramp[1].percent) == ("mine", 50, 50)


def test_like_starts_from_another_world(tmp_path):
    text = "format: rollout-world/1\nname: mine\nlike: drift\nharm: {kind: multiply, factor: 2}\n"
    world = read_world(written(tmp_path, text))
    assert world.drift == world_named("drift").drift
    assert not world.harmless


@pytest.mark.parametrize(("change", "line", "what"), [
    (("kind: fresh", "kind: stale"), 4, "kind"),
    (("mde: 0.01", "mde: 0"), 7, "above 0"),
    (("mde: 0.01", "mde: 0.01\nharms: {kind: multiply}"), 8, "did you mean 'harm'"),
    (("per_hour: 50", "per_hours: 50"), 5, "did you mean 'per_hour'"),
    (("hour: 0, percent: 10", "hour: 5, percent: 10"), 6, "hour 0"),
    (("per_hour: 50", "size: 50"), 5, "per_hour must be above 0"),
    (("format: rollout-world/1", "format: rollout-world/9"), 1, "rollout-world/1"),
])
def test_a_mistake_is_named_with_its_line(tmp_path, change, line, what):
    with pytest.raises(InvalidDocument) as caught:
        read_world(written(tmp_path, GOOD.replace(*change)))
    assert what in str(caught.value)
    assert f":{line}:" in str(caught.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InvalidDocument, match="low-traffic"):
        world_named("no-such-world")


def test_a_circle_of_likes_is_refused(tmp_path):
    with pytest.raises(InvalidDocument, match="circles"):
        read_world(written(tmp_path, "format: rollout-world/1\nname: mine\nlike: mine\n"))


def test_only_shares_strictly_between_nobody_and_everybody_are_strata():
    strata = ramp_of(world_named("audiences")).strata
    # epoch 1: beta 50 %; 2: power 30 % (beta whole); 3: everyone 20 %; 4: everyone 10 % (power was whole: no control)
    assert [(stratum.epoch, stratum.inclusion) for stratum in strata] == [
        (1, 50_000), (2, 30_000), (3, 20_000), (4, 10_000), (5, 40_000), (6, 75_000)]


def test_drift_and_incident_multiply():
    drift = drift_of(world_named("all-in-one-drift"))
    # week 1: 1; week 3: 1.5; hour 400 lies in week 3 inside the incident: 1.5·3
    assert (drift[0], drift[350], drift[400], drift[420]) == (1.0, 1.5, 4.5, 1.5)
