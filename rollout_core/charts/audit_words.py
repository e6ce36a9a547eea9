"""What an audit entry is about and what it changed, in words; names where the trail keeps keys.

Everything that comes out is markdown: what people wrote went through `plain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rollout_core.charts import formats
from rollout_core.charts.words import plain

if TYPE_CHECKING:       # a command beside a running app says the same words and loads neither stores nor answers
    from rollout_core.insight.plan import PlanAnswer
    from rollout_core.ports.control_records import AuditEntry

KINDS = {"immediate": "one phase back", "gradual": "down within the phase", "full": "all the way to the safe state"}
GATES = {"minimum_duration": "Minimum duration", "checklist": "Pre-rollout checklist"}
"""Gates that are no criterion of a plan."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Named:
    """Names of rollouts and of what their plans have, by key; a key without a name stands for itself."""

    rollouts: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, PlanAnswer] = field(default_factory=dict)

    def rollout(self, key: str) -> str:
        """Its name."""
        return self.rollouts.get(key, key)

    def phase(self, rollout: str | None, key: object) -> str:
        """Its name in the plan in use."""
        return self._of(rollout, key, lambda plan: ((each.key, each.name) for each in plan.plan.phases))

    def item(self, rollout: str | None, key: object) -> str:
        """The checklist item's text."""
        return self._of(rollout, key, lambda plan: ((each.key, each.text) for each in plan.plan.checklist))

    def gate(self, rollout: str | None, key: object, left: object) -> str:
        """The name of the criterion for leaving the phase `left`; two phases may have one key each."""
        return GATES.get(str(key)) or self._of(rollout, key, lambda plan: (     # of one key the last name counts
            (each.key, each.name) for phase in sorted(plan.plan.phases, key=lambda phase: phase.key == left)
            for each in phase.criteria))

    def _of(self, rollout: str | None, key: object, names: Callable[[PlanAnswer], Iterable[tuple[str, str]]]) -> str:
        plan = self.plans.get(rollout or "")
        return str(key) if plan is None else dict(names(plan)).get(str(key), str(key))


def about(entry: AuditEntry, named: Named) -> str:
    """Whom or what it was about, and what of that: "one phase back", "Off → Act", "vera: role viewer → operator"."""
    if entry.outcome == "refused":
        asked = entry.after.get("asked")
        return _asked(entry, asked if isinstance(asked, Mapping) else {}, named)
    words = ABOUT.get(entry.verb)
    return words(entry, named) if words is not None else _others(entry)


def verb_of(entry: AuditEntry) -> str:
    """What was done: "Roll back"."""
    return plain(entry.verb.replace("_", " ").capitalize())


def moves(entry: AuditEntry, named: Named) -> list[str]:
    """ "20% → 50%" for the percentage, then what else differs, in short; nothing of what was refused."""
    before, after, said = entry.before, entry.after, []
    if entry.outcome == "refused":
        return []
    if _differ(before, after, "percentage"):
        was = f"{_share(before['percentage'])} → " if "percentage" in before else ""
        said.append(f"{was}{_share(after['percentage'])}")
    if _differ(before, after, "status") and after["status"]:
        was = f"{before['status']} → " if before.get("status") else ""
        said.append(plain(f"{was}{after['status']}"))
    if _differ(before, after, "phase") and after["phase"]:
        was = f"{named.phase(entry.rollout, before['phase'])} → " if before.get("phase") else ""
        said.append(plain(f"{was}{named.phase(entry.rollout, after['phase'])}"))
    if _differ(before, after, "plan_version"):
        was = f"plan {before['plan_version']} → " if before.get("plan_version") else "plan "
        said.append(plain(f"{was}{after['plan_version']}"))
    return said


def _differ(before: Values, after: Values, name: str) -> bool:
    return name in after and before.get(name) != after[name]


def _share(value: object) -> str:
    return formats.bucket_percent(value) if isinstance(value, int) else formats.NONE


def refused_why(entry: AuditEntry) -> str:
    """Why somebody was refused; "" where nothing was."""
    said = entry.after.get("message") if entry.outcome in ("refused", "failed") else None
    return plain(said) if said else ""


def overruled(entry: AuditEntry, named: Named) -> str:
    """What a raise went over by a written reason: "Performance score above 80, Minimum duration"."""
    keys = entry.evidence.get("overruled")
    left = entry.before.get("phase")
    return (", ".join(plain(named.gate(entry.rollout, key, left)) for key in keys) if isinstance(keys, list | tuple)
            else "")


def _asked(entry: AuditEntry, asked: Values, named: Named) -> str:
    """What was asked for and not done."""
    said = []
    if isinstance(share := asked.get("percentage", asked.get("to")), int | float):
        said.append(f"to {share:g}%")
    if "phase" in asked and "criterion" not in asked:
        said.append(f"to {named.phase(entry.rollout, asked['phase'])}")
    if "mode" in asked:
        said.append(f"to {asked['mode']}")
    if entry.verb == "roll_back" and "kind" in asked:
        said.append(KINDS.get(str(asked["kind"]), str(asked["kind"])))
    if "item" in asked:
        said.append(named.item(entry.rollout, asked["item"]))
    if "criterion" in asked:
        said.append(named.gate(entry.rollout, asked["criterion"], asked.get("phase")))
    said += [str(asked[name]) for name in ("name", "role") if name in asked]
    return plain(", ".join(said))


def _kind_of_rollback(entry: AuditEntry, named: Named) -> str:
    asked = entry.evidence.get("asked")
    kind = asked.get("kind") if isinstance(asked, Mapping) else None
    return plain(KINDS.get(str(kind), str(kind))) if kind else ""


def _mode(entry: AuditEntry, named: Named) -> str:
    was, now = (each.get("autopilot") for each in (entry.before, entry.after))
    return plain(f"{was} → {now}" if was != now else f"stays {now}")


def _tick(entry: AuditEntry, named: Named) -> str:
    back = ", taken back" if entry.after.get("done") is False else ""
    return plain(f"{named.item(entry.rollout, entry.after.get('item'))}{back}")


def _waiver(entry: AuditEntry, named: Named) -> str:
    keys = entry.after.get("waived")
    items = [named.item(entry.rollout, key) for key in keys] if isinstance(keys, list | tuple) else []
    return plain(f"{formats.counted(len(items), 'items')}: {'; '.join(items)}" if len(items) > 1 else "".join(items))


def _signature(entry: AuditEntry, named: Named) -> str:
    said = "met" if entry.after.get("met") else "not met"
    name = named.gate(entry.rollout, entry.after.get("criterion"), entry.after.get("phase"))
    return plain(f"{name} as {said} ({named.phase(entry.rollout, entry.after.get('phase'))})")


def _person(entry: AuditEntry, named: Named) -> str:
    """Whom, and what of them changed; of somebody new the role."""
    before, after = entry.before, entry.after
    if not before:
        said = [f"added as {after.get('role')}"]
    else:
        said = [f"role {before.get('role')} → {after.get('role')}"] if before.get("role") != after.get("role") else []
        if before.get("active") != after.get("active"):
            said.append("may sign in again" if after.get("active") else "may not sign in any more")
    said += ["password set"] if after.get("password_changed") else []
    said += ["provider's account unlinked"] if after.get("unlinked") else []
    ended = after.get("sessions_ended")
    said += [f"signed out of {formats.counted(ended, 'sessions')}"] if isinstance(ended, int) and ended else []
    return plain(f"{after.get('person')}: {', '.join(said) or 'as before'}")


def _override(entry: AuditEntry, named: Named) -> str:
    words = {True: "on", False: "off", None: "no override"}
    was, now = (words.get(each.get("value"), "") for each in (entry.before, entry.after))  # type: ignore[call-overload]
    until = entry.after.get("until_at")
    return plain(f"{entry.after.get('flag')}: {was} → {now}, subject {entry.subject}"
                 + (f", until {str(until)[:16].replace('T', ' ')} UTC" if until else ""))


def _retention(entry: AuditEntry, named: Named) -> str:
    return plain(f"{entry.after.get('kind')}: {entry.before.get('days')} → {entry.after.get('days')} days")


def _token(entry: AuditEntry, named: Named) -> str:
    return plain(", ".join(str(entry.after[name]) for name in ("name", "role") if entry.after.get(name)))


def _question(entry: AuditEntry, named: Named) -> str:
    was, now = entry.before.get("name"), entry.after.get("name")
    return plain(f"{was} → {now}" if was and now and was != now else now or was or "")


def _titled(entry: AuditEntry, named: Named) -> str:
    was, now = entry.before.get("state"), entry.after.get("state")
    moved = f": {was} → {now}" if was and now else ""
    return plain(f"{entry.after.get('title') or ''}{moved}".removeprefix(": "))


def _others(entry: AuditEntry) -> str:
    """A person, a file, a folder, or what is forced: whichever the entry has."""
    after = entry.after
    if "person" in after:
        role = f", {after['role']}" if after.get("role") else ""
        return plain(f"{after['person']}{role}")
    return plain(next((after[name] for name in ("file", "directory", "forced") if after.get(name)), ""))


ABOUT: Mapping[str, Callable[[AuditEntry, Named], str]] = {
    "roll_back": _kind_of_rollback, "set_autopilot": _mode, "tick_checklist": _tick, "waive_checklist": _waiver,
    "sign_criterion": _signature, "set_person": _person, "set_override": _override, "set_retention": _retention,
    "create_token": _token, "revoke_token": _token, "save_question": _question, "rename_question": _question,
    "remove_question": _question, "acknowledge_alert": _titled, "snooze_alert": _titled, "resolve_alert": _titled,
    "open_issue": _titled, "resolve_issue": _titled, "ignore_issue": _titled,
}
"""Verb -> what its entry is about."""
