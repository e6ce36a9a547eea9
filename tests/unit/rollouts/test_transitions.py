"""Every verb in every status: it leads where the table says, or it is refused by name and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rollout_core.errors import TransitionRefused
from rollout_core.flags.holdout import Holdout
from rollout_core.rollouts import decide
from rollout_core.rollouts.decide import Next, status_after
from rollout_core.rollouts.rollout import Raise, Rollout
from rollout_core.rollouts.status import TRANSITIONS, Status, Verb
from rollout_core.rollouts.targets import Rollback
from tests.fakes.registers import NOW, plan_of

PLAN = plan_of()
NEWER = replace(PLAN, version=2)
HALF = {"internal": 100_000, "beta": 100_000, "fresh": 0, "idle": 0, "everyone": 30_000}
ZERO = dict.fromkeys(HALF, 0)


def rollout_in(status: Status) -> Rollout:
    """A rollout as it can be found in this status."""
    begun = status not in (Status.DRAFT, Status.READY)
    serving = status in (Status.RUNNING, Status.HELD, Status.COMPLETED)
    share = 100_000 if status is Status.COMPLETED else 30_000
    rollout = replace(decide.draft(PLAN, "salt", NOW), status=status, holdout=Holdout(5_000))
    if not begun:
        return rollout
    phase = "full" if status is Status.COMPLETED else "limited"
    return replace(
        rollout, started_at=NOW, phase=phase, phase_entered_at=NOW, epoch=3, epoch_began_at=NOW,
        percentage=share if serving else 0, thresholds=HALF if serving else ZERO, ever=HALF,
        served=frozenset({"core", "tracking", "video"}), raises=(Raise(share, tuple(HALF), HALF),),
        remembered=None if serving else share, remembered_thresholds={} if serving else HALF,
        ended_at=NOW if status is Status.COMPLETED else None)


VERBS: dict[Verb, Callable[[Rollout], Next]] = {
    Verb.PREPARE: lambda rollout: decide.prepare(rollout, NOW),
    Verb.START: lambda rollout: decide.start(PLAN, rollout, None, NOW),
    Verb.ADVANCE: lambda rollout: decide.advance(PLAN, rollout, None, NOW, phase="full"),
    Verb.SET_PERCENTAGE: lambda rollout: decide.set_percentage(PLAN, rollout, None, NOW, 25_000),
    Verb.HOLD: lambda rollout: decide.hold(rollout, NOW),
    Verb.PAUSE: lambda rollout: decide.pause(rollout, NOW),
    Verb.RESUME: lambda rollout: decide.resume(PLAN, rollout, None, NOW),
    Verb.ROLL_BACK: lambda rollout: decide.roll_back(PLAN, rollout, None, NOW, Rollback.GRADUAL),
    Verb.COMPLETE: lambda rollout: decide.complete(PLAN, replace(rollout, phase="full", percentage=100_000), NOW),
    Verb.MIGRATE_PLAN: lambda rollout: decide.migrate_plan(PLAN, NEWER, rollout, (None, None), NOW),
    Verb.RELEASE_HOLDOUT: lambda rollout: decide.release_holdout(rollout, NOW),
    Verb.STOP: lambda rollout: decide.stop(rollout, NOW),
}
"""How each verb is decided; set_override decides nothing about the rollout itself."""


def test_every_verb_is_decided():
    assert set(VERBS) == set(Verb) - {Verb.SET_OVERRIDE}


@pytest.mark.parametrize("verb", list(VERBS))
@pytest.mark.parametrize("status", list(Status))
def test_every_verb_in_every_status(status: Status, verb: Verb):
    rollout = rollout_in(status)
    if (status, verb) not in TRANSITIONS:
        with pytest.raises(TransitionRefused) as refused:
            VERBS[verb](rollout)
        assert refused.value.facts["status"] == status.value
        assert refused.value.facts["verb"] == verb.value
        assert refused.value.mend.startswith("From here: ")
        return
    after = VERBS[verb](rollout)
    assert after.rollout.status is (TRANSITIONS[status, verb] or status)
    assert after.rollout.revision == rollout.revision + (1 if after.changed else 0)
    assert after.rollout.epoch == rollout.epoch + (1 if after.epoch else 0)


@pytest.mark.parametrize("status", list(Status))
def test_an_override_is_set_in_every_status(status: Status):
    assert status_after(rollout_in(status), Verb.SET_OVERRIDE) is status


@pytest.mark.parametrize("status", list(Status))
def test_stop_works_from_everywhere_and_serves_nobody(status: Status):
    stopped = VERBS[Verb.STOP](rollout_in(status)).rollout
    assert stopped.status is Status.STOPPED
    assert (stopped.percentage, set(stopped.thresholds.values())) == (0, {0})


@pytest.mark.parametrize("status", [Status.RUNNING, Status.HELD, Status.PAUSED, Status.COMPLETED])
@pytest.mark.parametrize("kind", list(Rollback))
def test_every_rollback_ends_in_a_hold(status: Status, kind: Rollback):
    assert decide.roll_back(PLAN, rollout_in(status), None, NOW, kind).rollout.status is Status.HELD


@pytest.mark.parametrize(("verb", "status"), [
    (Verb.PAUSE, Status.PAUSED), (Verb.STOP, Status.STOPPED), (Verb.HOLD, Status.HELD), (Verb.PREPARE, Status.READY)])
def test_saying_it_twice_changes_nothing(verb: Verb, status: Status):
    rollout = rollout_in(status)
    after = VERBS[verb](rollout)
    assert not after.changed
    assert after.rollout is rollout
    assert after.epoch is None


def test_nothing_leads_out_of_a_stop_but_resume():
    leaving = {verb for (status, verb), after in TRANSITIONS.items()
               if status is Status.STOPPED and after not in (Status.STOPPED, None)}
    assert leaving == {Verb.RESUME}
