"""Flags forced by the environment: `ROLLOUT_FF_<FLAG>` for every plan, and the names a plan's document maps."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rollout_core.errors import InvalidRequest, Problem
from rollout_core.flags.override import EnvironmentOverride
from rollout_core.rollouts.plan import Plan

PREFIX = "ROLLOUT_FF_"
WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
"""What a variable may say, in any case; an empty one says nothing."""


def variable_of(flag: str) -> str:
    """The variable that forces a flag: its key in capitals, everything but letters and digits as `_`."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", flag.upper())


def environment_overrides(plan: Plan, environment: Mapping[str, str]) -> tuple[EnvironmentOverride, ...]:
    """The flags of a plan that the environment forces. Our own name wins over a plan's.

    Raises InvalidRequest naming every variable that says neither true nor false.
    """
    names = {**plan.environment.flags, **{variable_of(flag.key): flag.key for flag in plan.flags}}
    said = {variable: environment[variable].strip().lower() for variable in names if environment.get(variable)}
    problems = tuple(Problem(variable, f"{environment[variable]!r} is neither true nor false", "true, false")
                     for variable, word in said.items() if word not in WORDS)
    if problems:
        raise InvalidRequest("An environment variable that forces a flag cannot be read.", problems,
                             mend="Correct it or take it away, then start again.")
    forced = {names[variable]: EnvironmentOverride(names[variable], WORDS[word], variable)
              for variable, word in said.items()}
    return tuple(forced[key] for key in sorted(forced))
