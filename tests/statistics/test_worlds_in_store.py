"""One run of a world through store, rollups and sweep decides as the direct simulation does, log e for log e.

Traffic is cut down so that each takes seconds; what is compared is counting, not power.
"""

from dataclasses import replace

import pytest

from rollout_core.analysis.judge import judge
from rollout_core.insight.judgement import judgement_of
from rollout_core.insight.scene import scene
from rollout_core.simulation.world_documents import world_named
from rollout_core.simulation.worlds import Harm, World
from tests.statistics.played_worlds import played_fresh, played_returning

SEED = 11


def smaller(name: str, **changes: object) -> World:
    """A shipped world with less traffic."""
    world = world_named(name)
    own = {key: changes.pop(key) for key in ("per_hour", "size") if key in changes}
    return replace(world, populations=tuple(replace(each, **own) for each in world.populations), **changes)


RETURNING = {
    "clustered": (smaller("clustered", size=250, hours=240), (60, 150, 240)),
    "clustered, harmed": (smaller("clustered", size=250, hours=240, harm=Harm(kind="multiply", factor=8.0)),
                          (60, 150, 240)),
    "several epochs": (replace(smaller("clustered", size=200, hours=120, harm=Harm(kind="multiply", factor=8.0)),
                               ramp=world_named("ramp-10-90").ramp[:1] + tuple(
                                   replace(step, hour=40 * place) for place, step in
                                   enumerate(world_named("ramp-10-90").ramp[1:], start=1))), (30, 90, 120)),
}
FRESH = {
    "ramp-10-90": (smaller("ramp-10-90", per_hour=4), (160, 400, 672)),
    "incident": (smaller("incident", per_hour=4), (390, 430, 672)),
    "ramp, harmed": (smaller("ramp-10-90", per_hour=4, harm=Harm(kind="multiply", factor=12.0)), (160, 400, 672)),
}


@pytest.mark.parametrize("name", RETURNING)
def test_a_world_of_returning_units_is_decided_in_the_store_as_in_the_simulation(name, tmp_path):
    compare(*RETURNING[name], *played_returning(tmp_path, RETURNING[name][0], SEED))


@pytest.mark.parametrize("name", FRESH)
def test_a_world_of_newcomers_is_decided_in_the_store_as_in_the_simulation(name, tmp_path):
    compare(*FRESH[name], *played_fresh(tmp_path, FRESH[name][0], SEED))


def compare(world, looks, played, direct):
    acts = []
    for hours in looks:
        swept, stored = played.play_to(hours)
        judged = judgement_of(played.store.room, scene(played.store.room, "r"))
        mine = judge(direct(hours), judged.asked.policy).guardrails[0]
        assert stored["status"] == mine.status.value, hours
        assert stored["log_e"] == pytest.approx(mine.log_e, abs=1e-9), hours
        assert (stored["n_treatment"], stored["n_control"]) == (mine.n_treatment, mine.n_control), hours
        assert (swept.act != "none") == (stored["status"] == "worse"), hours
        acts.append(swept.act)
    assert (acts[-1] == "none") is world.harmless, "a harm this large is found, a harmless world left alone"
