"""One run of every shipped world through store, rollups and sweep decides as the simulation does, log e for log e.

The shipped documents with fewer subjects, fewer events, less time or a larger harm, so that each takes a second or two
and its decisions are not trivial; what is compared is counting, not power. Page loads (p75) are played as the requests
that are counted like them.
"""

from dataclasses import replace

import pytest

from rollout_core.analysis.judge import judge
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.scene import scene
from rollout_core.simulation.world_documents import world_named, world_names
from rollout_core.simulation.worlds import Harm, World
from tests.statistics.played_worlds import played_fresh, played_returning

SEED = 11
WEEKLY = (160, 400, 672)


def smaller(name: str, shorter: float = 1.0, shrink: float = 1.0, **changes: object) -> World:
    """A shipped world in a part of its time, with a part of its subjects (or newcomers) and what else is changed."""
    world = world_named(name)
    populations = tuple(replace(each, per_hour=each.per_hour * shrink, size=round(each.size * shrink),
                                events_per_day=changes.get("events_per_day", each.events_per_day))
                        for each in world.populations)
    ramp = tuple(replace(step, hour=round(step.hour * shorter)) for step in world.ramp)
    changes.pop("events_per_day", None)
    return replace(world, populations=populations, ramp=ramp, hours=round(world.hours * shorter), **changes)


def harmed(factor: float, start_hour: int = 0) -> Harm:
    """A harm so large that a few subjects show it."""
    return Harm(kind="multiply", factor=factor, start_hour=start_hour)


WORLDS = {
    # Newcomers: about four an hour.
    "low-traffic": (smaller("low-traffic", shrink=0.4), WEEKLY),
    "high-traffic": (smaller("high-traffic", shrink=0.004), WEEKLY),
    "ramp-10-90": (smaller("ramp-10-90", shrink=0.04), WEEKLY),
    "ramp-1-99": (smaller("ramp-1-99", shrink=0.01), WEEKLY),
    "drift": (smaller("drift", shrink=0.004), WEEKLY),
    "incident": (smaller("incident", shrink=0.004), (390, 430, 672)),
    "doubled-errors": (smaller("doubled-errors", shrink=0.04, harm=harmed(12.0)), (100, 300, 672)),
    "late-harm": (smaller("late-harm", shrink=0.04, harm=harmed(12.0, 336)), (330, 400, 672)),
    "lost-exposures": (smaller("lost-exposures", shrink=0.02, sample_loss=0.3), WEEKLY),
    "phase-0.1": (smaller("phase-0.1", shrink=0.02, harm=harmed(40.0)), (300, 500, 672)),
    # Returning units.
    "clustered": (smaller("clustered", shorter=0.36, shrink=0.17), (60, 150, 240)),
    "clustered-harm": (smaller("clustered-harm", shorter=0.36, shrink=0.17, harm=harmed(8.0)), (60, 150, 240)),
    "workspaces-200": (smaller("workspaces-200", shorter=0.25, events_per_day=4), (48, 100, 168)),
    "workspaces-200-harm": (smaller("workspaces-200-harm", shorter=0.25, events_per_day=4,
                                    harm=Harm(kind="redraw", factor=8.0)), (48, 100, 168)),
    "workspaces-200-history": (smaller("workspaces-200-history", shorter=0.25, shrink=0.5, events_per_day=3,
                                       harm=harmed(8.0)), (48, 100, 168)),
    "workspaces-200-multiplied": (smaller("workspaces-200-multiplied", shorter=0.25, events_per_day=4,
                                          harm=harmed(10.0)), (48, 100, 168)),
    "p75-icc": (smaller("p75-icc", shorter=0.2, shrink=0.25, events_per_day=3), (30, 80, 134)),
    "p75-icc-harm": (smaller("p75-icc-harm", shorter=0.2, shrink=0.25, events_per_day=3,
                             harm=Harm(kind="shift", shift=1.0)), (30, 80, 134)),
    "all-in-one-drift": (smaller("all-in-one-drift", shorter=0.25, shrink=0.1), (40, 100, 168)),
    "all-in-one-harm": (smaller("all-in-one-harm", shorter=0.25, shrink=0.1, harm=harmed(10.0)), (40, 100, 168)),
    "all-in-one-late-harm": (smaller("all-in-one-late-harm", shorter=0.25, shrink=0.1, harm=harmed(12.0, 84)),
                             (80, 110, 168)),
    "audiences": (smaller("audiences", shorter=0.25, shrink=0.25), (24, 80, 100, 134, 168)),
}


def test_every_shipped_world_is_played():
    assert sorted(WORLDS) == sorted(world_names())


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_is_decided_in_the_store_as_in_the_simulation(name, tmp_path):
    world, looks = WORLDS[name]
    played, direct = (played_fresh if world.kind == "fresh" else played_returning)(tmp_path, world, SEED)
    acts = [compare(played, direct, hours) for hours in looks]
    assert (acts[-1] == "none") is (world.harmless and not world.sample_loss), "a harm this large is found"


def compare(played, direct, hours: int) -> str:
    """Sweeps after so many hours; what it judged has to be what the simulation judges. The act it came to."""
    swept, stored = played.play_to(hours)
    judged = judgement_of(played.store.room, scene(played.store.room, "r"))
    verdicts = judge(direct(hours), judged.asked.policy)
    for key, mine in {"errors": verdicts.guardrails[0], "sample_ratio": verdicts.sample_ratio}.items():
        if key == "errors" or mine.status.value != "no_data":
            found = stored[key]
            assert found["status"] == mine.status.value, (key, hours)
            assert found["log_e"] == pytest.approx(mine.log_e, abs=1e-9), (key, hours)
            assert (found["n_treatment"], found["n_control"]) == (mine.n_treatment, mine.n_control), (key, hours)
    assert verdicts.guardrails[0].log_e != 0.0, "this look says nothing"
    assert (swept.act != "none") == (stored["errors"]["status"] == "worse" or verdicts.held), hours
    return swept.act
