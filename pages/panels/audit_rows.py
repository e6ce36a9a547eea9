"""Audit entries as sentences: when, who, what changed, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import badge, plain, quiet
from rollout_core.ports.control_records import AuditEntry, AuditRecord

OUTCOME = {"done": words.Word("Done", "gray", "check"), "refused": words.Word("Refused", "yellow", "block"),
           "failed": words.Word("Failed", "red", "error")}


def audit_rows(here: Here, records: Sequence[AuditRecord]) -> list[dict[str, str]]:
    """Two columns, so that it reads on a phone too."""
    return [{"Who and when": _who(here, record), "What": _what(record.entry)} for record in records]


def _who(here: Here, record: AuditRecord) -> str:
    entry = record.entry
    claimed = f", says {plain(entry.claimed)}" if entry.claimed else ""
    where = f"{entry.role}, {entry.origin or entry.via} · {record.seq:,}"
    return f"**{plain(entry.principal)}**{claimed}  \n{quiet(plain(here.when(entry.at)))}  \n{quiet(plain(where))}"


def _what(entry: AuditEntry) -> str:
    verb = entry.verb.replace("_", " ").capitalize()
    mark = "" if entry.outcome == "done" else f"{words.of(OUTCOME, entry.outcome).badge} "
    where = f" {plain(entry.rollout)}" if entry.rollout else ""
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
