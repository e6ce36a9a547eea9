"""Audit entries as sentences: when, who, what changed, why."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pages.panels.page import Here
from rollout_core.charts import audit_words, words
from rollout_core.charts.audit_words import Named
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.errors import RolloutError
from rollout_core.insight.plan import PlanAnswer, PlanRequest
from rollout_core.insight.rollouts import RolloutsRequest
from rollout_core.ports.control_records import AuditEntry, AuditRecord

NO_BREAK = "\N{NO-BREAK SPACE}"
OUTCOME = {"done": words.Word("Done", "gray", "check"),
           "unchanged": words.Word("Nothing changed", "gray", "equal"),
           "refused": words.Word("Refused", "yellow", "block"), "failed": words.Word("Failed", "red", "error")}


def audit_rows(here: Here, records: Sequence[AuditRecord], of_one: bool = False) -> list[dict[str, str]]:
    """Three columns, so that it reads on a phone too. `of_one`: all are of the rollout of the page."""
    named = names_of(here, records)
    return [{"When": f"{plain(unbroken(here.when(record.entry.at)))}  \n{quiet(f'entry{NO_BREAK}{record.seq:,}')}",
             "Who": _who(record.entry), "What": _what(record.entry, named, of_one)} for record in records]


def names_of(here: Here, records: Sequence[AuditRecord]) -> Named:
    """The names behind the keys in these records; a plan that cannot be read leaves its keys."""
    names = {each.key: each.name for each in here.ask("rollouts", RolloutsRequest()).rollouts}
    plans: dict[str, PlanAnswer] = {}
    for key in {record.entry.rollout for record in records} & names.keys():
        with suppress(RolloutError):
            plans[key] = here.ask("plan", PlanRequest(key))
    return Named(names, plans)


def unbroken(moment: str) -> str:
    """A time that breaks only after its day: "Fri 13 Nov," and "18:57" on a phone, not four lines."""
    return moment.replace(" ", NO_BREAK).replace(f",{NO_BREAK}", ", ")


def _who(entry: AuditEntry) -> str:
    claimed = f", says {plain(entry.claimed)}" if entry.claimed else ""
    return f"**{plain(entry.principal)}**{claimed}  \n{quiet(plain(f'{entry.role}, {entry.origin or entry.via}'))}"


def _what(entry: AuditEntry, named: Named, of_one: bool) -> str:
    """One line of what was done to what, and quietly below it why: why refused, what it went over, the reason."""
    mark = "" if entry.outcome == "done" else f"{words.of(OUTCOME, entry.outcome).badge} "
    where = f" {plain(named.rollout(entry.rollout))}" if entry.rollout and not of_one else ""
    said = audit_words.about(entry, named)
    moved = " ".join(badge(each, "blue") for each in audit_words.moves(entry, named))
    line = f"{mark}**{audit_words.verb_of(entry)}**{where}{f': {said}' if said else ''} {moved}".rstrip()
    return "  \n".join([line, *map(quiet, _below(entry, named))])


def _below(entry: AuditEntry, named: Named) -> list[str]:
    over, refused = audit_words.overruled(entry, named), audit_words.refused_why(entry)
    return [each for each in (refused, f"Before proof of: {over}" if over else "",
                              plain(f"Reason: {entry.reason}") if entry.reason else "") if each]
