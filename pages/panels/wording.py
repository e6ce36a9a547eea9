"""Verbs in words: the question their dialog asks, its button, what else they do, and what is told afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A verb in its dialog: the question, the button with and without the new percentage, what is told afterwards."""

    question: str
    button: str
    plain_button: str
    done: str


WORDING: Mapping[str, Wording] = {
    "start": Wording("Start this rollout?", "Start at {to}", "Start", "Started"),
    "advance": Wording("Advance to the next phase?", "Advance to {to}", "Advance", "Advanced"),
    "set_percentage": Wording("Set the percentage", "Set to {to}", "Set", "Percentage set"),
    "hold": Wording("Hold here?", "Hold at {to}", "Hold", "Held"),
    "pause": Wording("Pause for everybody?", "Pause", "Pause", "Paused"),
    "resume": Wording("Resume?", "Resume at {to}", "Resume", "Resumed"),
    "roll_back": Wording("Roll back?", "Roll back to {to}", "Roll back", "Rolled back"),
    "complete": Wording("Complete this rollout?", "Complete at {to}", "Complete", "Completed"),
    "stop": Wording("Stop at once, for everybody?", "Stop", "Stop", "Stopped"),
    "prepare": Wording("Make this rollout ready?", "Make ready", "Make ready", "Ready"),
}

MEANS: Mapping[str, str] = {
    "start": "From now on evidence is gathered, and the autopilot looks at it every minute.",
    "advance": "Who has it keeps it. The minimum duration and the proof of the next phase begin with it.",
    "set_percentage": "Raising it adds people and takes it from nobody; lowering it takes the last ones in out first. "
                      "At 0% it goes on running: overrides by hand still hold, and it can be raised again. A pause "
                      "stands over both until an admin resumes.",
    "hold": "Nobody gains or loses it. Nothing raises it by itself any more, until somebody resumes or advances.",
    "pause": "Everybody goes back to the old version at once. Where it was is remembered; only an admin resumes, and "
             "evidence begins anew then.",
    "resume": "It may move again. Evidence begins anew from here: what came before speaks for what was rolled back or "
              "stopped, and is not counted against what is served now.",
    "roll_back": "It is held afterwards, until an admin resumes. Evidence begins anew; a phase that is entered again "
                 "starts its minimum duration anew.",
    "complete": "Whoever has it keeps it, and it goes on being watched: it can still be rolled back.",
    "stop": "Nobody has it from the next request on, whatever overrides and environment say. Only an admin resumes.",
    "prepare": "Nobody has it yet. It can be started from then on, once its checklist is done.",
}
"""What a verb does besides who gains and loses; a newcomer cannot know it from the button."""

WAYS_OUT = frozenset({"hold", "pause", "roll_back", "stop"})
"""What lowers exposure or keeps it: its button stands before anything is counted."""

ROLLBACKS: Mapping[str, str] = {
    "immediate": "{phases} back, to {to}", "gradual": "Down within this phase, to {to}",
    "full": "All the way to the safe state, {to}",
}
"""Kind of rollback -> its words; `{to}` is the share it leads to, `{phases}` how many phases back that is."""

PAST: Mapping[str, str] = {
    "start": "started it", "advance": "advanced it", "set_percentage": "set its percentage", "hold": "held it",
    "pause": "paused it", "resume": "resumed it", "roll_back": "rolled it back", "complete": "completed it",
    "stop": "stopped it", "migrate_plan": "changed its plan", "set_autopilot": "changed its autopilot",
    "release_holdout": "released its holdout", "set_override": "set an override",
}
"""Verb of the trail -> what somebody did."""
