"""Audit entries as sentences: when, who, what changed, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.ports.control_records import AuditEntry, AuditRecord

NO_BREAK = "\N{NO-BREAK SPACE}"
OUTCOME = {"done": words.Word("Done", "gray", "check"),
           "unchanged": words.Word("Nothing changed", "gray", "equal"),
           "refused": words.Word("Refused", "yellow", "block"), "failed": words.Word("Failed", "red", "error")}


def audit_rows(here: Here, records: Sequence[AuditRecord], of_one: bool = False) -> list[dict[str, str]]:
    """Three columns, so that it reads on a phone too. `of_one`: all are of the rollout of the page."""
    return [{"When": f"{plain(unbroken(here.when(record.entry.at)))}  \n{quiet(f'entry{NO_BREAK}{record.seq:,}')}",
             "Who": _who(record.entry), "What": _what(record.entry, of_one)} for record in records]


def unbroken(moment: str) -> str:
    """A time that breaks only after its day: "Fri 13 Nov," and "18:57" on a phone, not four lines."""
    return moment.replace(" ", NO_BREAK).replace(f",{NO_BREAK}", ", ")


def _who(entry: AuditEntry) -> str:
    claimed = f", says {plain(entry.claimed)}" if entry.claimed else ""
    return f"**{plain(entry.principal)}**{claimed}  \n{quiet(plain(f'{entry.role}, {entry.origin or entry.via}'))}"


def _what(entry: AuditEntry, of_one: bool) -> str:
    verb = entry.verb.replace("_", " ").capitalize()
    mark = "" if entry.outcome == "done" else f"{words.of(OUTCOME, entry.outcome).badge} "
    where = f" {plain(entry.rollout)}" if entry.rollout and not of_one else ""
    changed = " ".join(part for part in (_about(entry.after), change_words(entry.before, entry.after)) if part)
    reason = f"  \n{quiet(plain(entry.reason))}" if entry.reason else ""
    return f"{mark}**{plain(verb)}**{where} {changed}{reason}".rstrip()


def _about(after: Mapping[str, object]) -> str:
    """Whom or what it was about, where that is no rollout: a person, a token, a kind of event and how long it is kept.
    """
    if "person" in after:
        role = f", {after['role']}" if after.get("role") else ""
        return plain(f"{after['person']}{role}" + (", may not sign in" if after.get("active") is False else ""))
    if "token" in after:
        return plain(after.get("name") or after["token"])
    if "kind" in after and "days" in after:
        return plain(f"{after['kind']}: {after['days']} days")
    return ""


def change_words(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """"20% → 50%" for the percentage, then what else differs, in short."""
    said = []
    if before.get("percentage") != after.get("percentage") and "percentage" in after:
        was = f"{_share(before['percentage'])} → " if "percentage" in before else ""
        said.append(f"{was}{_share(after['percentage'])}")
    if before.get("status") != after.get("status") and after.get("status"):
        was = f"{before['status']} → " if before.get("status") else ""
        said.append(plain(f"{was}{after['status']}"))
    return " ".join(badge(each, "blue") for each in said)


def _share(value: object) -> str:
    return formats.bucket_percent(value) if isinstance(value, int) else formats.NONE
