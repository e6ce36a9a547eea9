"""Decisions: what each verb makes of a rollout. Pure; each returns a Next or raises, and nothing has happened yet."""

from rollout_core.rollouts.decide.advance import advance
from rollout_core.rollouts.decide.complete import complete
from rollout_core.rollouts.decide.draft import draft
from rollout_core.rollouts.decide.hold import hold
from rollout_core.rollouts.decide.migrate_plan import migrate_plan
from rollout_core.rollouts.decide.next_state import Next, status_after
from rollout_core.rollouts.decide.pause import pause
from rollout_core.rollouts.decide.prepare import prepare
from rollout_core.rollouts.decide.release_holdout import release_holdout
from rollout_core.rollouts.decide.resume import resume
from rollout_core.rollouts.decide.roll_back import roll_back
from rollout_core.rollouts.decide.set_percentage import set_percentage
from rollout_core.rollouts.decide.start import start
from rollout_core.rollouts.decide.stop import stop

__all__ = ["Next", "advance", "complete", "draft", "hold", "migrate_plan", "pause", "prepare", "release_holdout",
           "resume", "roll_back", "set_percentage", "start", "status_after", "stop"]
