"""Why a subject sees a feature or does not, in words, for a terminal."""

from __future__ import annotations

from rollout_core.cli.value_words import Values

SHOWN_FLAGS = 8
ABOVE_OVERRIDES = frozenset({"Stop", "Pause", "Override for this subject"})
"""Links of the chain that an override does not change, or that are one already."""


def explanation(found: Values) -> str:
    """Why a subject sees a feature or does not: the link that decided each flag, and what to do about it."""
    flags, who, key = found["flags"], found["subject"], found["rollout"]
    lines = [*_opening(found), *(f"  {flag['flag']}: {_decided(flag)}" for flag in flags[:SHOWN_FLAGS])]
    if len(flags) > SHOWN_FLAGS:
        lines.append(f"  … and {len(flags) - SHOWN_FLAGS} more")
    if any(not flag["decision"]["value"] and _link(flag)["question"] not in ABOVE_OVERRIDES for flag in flags):
        lines.append(f"To let {who} in by name: {by_name(who, key)}")
    lines.append(f"Every step and the plan's procedure: rollout explain {who} -r {key} --all (one flag: --flag KEY)")
    return "\n".join(lines)


def by_name(who: str, key: str) -> str:
    """The command that switches a subject on, whatever the percentage is."""
    return f"rollout override {who} on -r {key} --reason TEXT (every flag; one: --flag KEY)"


def whole_explanation(found: Values) -> str:
    """Every link of every flag, and the plan's own list for those who do not see a feature."""
    lines = _opening(found)
    for flag in found["flags"]:
        lines.append(f"{flag['flag']}: {flag['openfeature_reason']}")
        lines += [f"  {'→' if step['decided'] else ' '} {step['question']}: {step['answer']}" for step in flag["steps"]]
    if found["advice"]:
        lines.append("The plan's procedure for people who do not see a feature:")
        lines += [f"  {each}" for each in found["advice"]]
    return "\n".join(lines)


def _opening(found: Values) -> list[str]:
    """What is decided; above it that nobody of that name is known."""
    return [line for line in (found.get("note"), found["words"]) if line]


def _link(flag: Values) -> Values:
    """The link of the chain that settled a flag."""
    return next((step for step in flag["steps"] if step["decided"]), {"question": "", "answer": ""})


def _decided(flag: Values) -> str:
    state = flag["decision"]["value"]
    said = {True: "on", False: "off"}[state] if isinstance(state, bool) else str(state)
    return f"{said}. {_link(flag)['question']}: {_link(flag)['answer']}"
