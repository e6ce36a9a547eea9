"""Commands about the store: setup, plans, imports, exports, SQL, erasure, backups, the audit trail, doctor."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from rollout_core.cli import tables, value_words, verb_words, words
from rollout_core.cli.call import Call, shared
from rollout_core.cli.connection import Values
from rollout_core.cli.default_group import DefaultGroup
from rollout_core.cli.exit_codes import FOUND_SOMETHING, NOT_ALL
from rollout_core.cli.progress import working

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def result(found: Values) -> str:
    """What a verb that touches no rollout answered, and what it warns of."""
    said = value_words.tree(found["result"]) or f"Done. Audit entry {found['audit_seq']}."
    return "\n".join([said, *(f"  Note: {warning}" for warning in found.get("warnings", ()))])


@click.command("setup")
@click.argument("plans", nargs=-1, type=FILE)
@shared
def setup(call: Call, plans: tuple[Path, ...]) -> None:
    """Creates or updates plans and their rollouts (all of data/plans otherwise); never changes running exposure."""
    from rollout_core.bootstrap.asking import plain
    from rollout_core.bootstrap.preparing import plan_documents, plan_files

    documents = plan_documents(plans or plan_files(call.settings.plans))
    call.show(call.act("setup", documents=plain(documents)), result)


@click.group("plan")
def plan() -> None:
    """Plan documents."""


@plan.command("check")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def plan_check(files: tuple[Path, ...], as_json: bool) -> None:
    """Explains every mistake with file, line and what would be right. Exit code 9 when there is one."""
    from rollout_core.documents.plan_document import check_plan

    found = {str(path): check_plan(path) for path in files}
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for path, problems in found.items():
            click.echo("\n".join(str(problem) for problem in problems) or f"{path}: {_told(Path(path))}")
    if any(found.values()):
        raise click.exceptions.Exit(FOUND_SOMETHING)


def _told(path: Path) -> str:
    from rollout_core.documents.plan_document import load_plan

    checked = load_plan(path)
    return f"no mistakes. {checked.name}, version {checked.version}, {len(checked.phases)} phases"


@plan.command("show")
@shared
def plan_show(call: Call) -> None:
    """The plan of a rollout as values."""
    call.show(call.about("plan"), value_words.tree)


MAPPINGS = Path(__file__).resolve().parents[3] / "data" / "mappings"
KINDS = {"aggregates": "asos_aggregates.yaml", "series": "series.yaml"}
"""What may be imported by its kind -> the shipped mapping that names the columns."""


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--mapping", type=FILE, help="Which column means what.")
@click.option("--kind", type=click.Choice(sorted(KINDS)), help="A file with the columns of a shipped mapping: sums per "
              "arm and time (as in asos_aggregates.yaml), or one series of values (as in series.yaml).")
@shared
def import_file(call: Call, file: Path, mapping: Path | None, kind: str | None) -> None:
    """Reads events or subjects from CSV, Parquet or JSON lines (also .gz). The same file twice adds nothing.

    The first refused rows are listed with their line and the reason; exit code 10 when there are any.
    """
    if (mapping is None) == (kind is None):
        raise click.UsageError("Name one of --mapping and --kind.")
    mapping = mapping or MAPPINGS / KINDS[str(kind)]
    given = {"file": str(file.resolve()), "mapping": str(mapping.resolve())}
    with working(f"Importing {file.name}", quiet=call.as_json, total=1.0) as say:
        found = call.connection.import_file(given, say)
    call.show(found, verb_words.imported)
    if found["result"]["rejected"]:
        raise click.exceptions.Exit(NOT_ALL)


@click.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Only this table; may be repeated.")
@shared
def export(call: Call, directory: Path, tables: tuple[str, ...]) -> None:
    """Writes the events as Parquet files, one a kind."""
    with working("Exporting", quiet=call.as_json):
        found = call.connection.export(str(directory.resolve()), tables)
    call.show(found, lambda told: "\n".join(told["files"]))


@click.command("sql")
@click.argument("statement")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1_000, show_default=True)
@shared
def sql(call: Call, statement: str, limit: int) -> None:
    """One SELECT over the event store's views."""
    call.show(call.connection.query(statement, limit), tables.rows)


@click.command("forget")
@click.argument("unit")
@click.argument("subject")
@click.option("--reason", required=True, metavar="TEXT")
@shared
def forget(call: Call, unit: str, subject: str, reason: str) -> None:
    """Removes a subject from register, events and names, and lists the files that still hold it."""
    with working(f"Forgetting one {unit}", quiet=call.as_json):
        found = call.act("forget", unit=unit, subject=subject, reason=reason)
    call.show(found, result)


@click.command("backup")
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@shared
def backup(call: Call, directory: Path | None) -> None:
    """Copies both stores into an empty folder while the app runs; without a name below the store."""
    with working("Copying", quiet=call.as_json):
        found = call.act("backup", directory=str(directory.resolve()) if directory else None)
    call.show(found, result)


@click.command("restore")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--reason", required=True, metavar="TEXT")
@shared
def restore(call: Call, directory: Path, reason: str) -> None:
    """Puts a backup in place; every running rollout is left held, at no more than it serves now."""
    with working("Restoring", quiet=call.as_json):
        found = call.act("restore", directory=str(directory.resolve()), reason=reason)
    call.show(found, result)


@click.group("audit", cls=DefaultGroup, default="show")
def audit() -> None:
    """The audit trail: show (default), verify, export."""


@audit.command("show")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@shared
def audit_show(call: Call, limit: int) -> None:
    """The newest entries."""
    call.show(call.about("audit", limit=limit), tables.audit)


@audit.command("verify")
@click.option("--head", metavar="HASH", help="An anchor kept outside: from a notice, a report or a backup.")
@shared
def audit_verify(call: Call, head: str | None) -> None:
    """Walks the chain and finds edits and gaps. Exit code 9 when it is not whole."""
    found = call.ask("audit_verify", head=head)
    call.show(found, _verdict)
    if not found["whole"]:
        raise click.exceptions.Exit(FOUND_SOMETHING)


def _verdict(found: Values) -> str:
    lines = [f"  {each['seq']}: {each['what']} ({each['kind']})" for each in found["findings"]]
    head = "The trail is whole" if found["whole"] else "The trail is not whole"
    anchor = "compared with the given anchor" if found["anchored"] else "no anchor given: a cut tail would not show"
    last = f"Head {found['head']['seq']}:{found['head']['hash']}"
    return "\n".join([f"{head}: {found['records']:,} entries, {anchor}.", *lines, last])


@audit.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@shared
def audit_export(call: Call, file: Path) -> None:
    """Writes the trail (with --rollout that rollout's entries), oldest first, with its head; .csv, .json or .parquet
    says how."""
    from rollout_core.insight.audit_file import audit_file
    from rollout_core.ports.control_records import AuditHead, AuditRecord

    found = call.about("audit", limit=1000)
    pages, head = [*found["records"]], msgspec.convert(found["head"], AuditHead)
    while found["more"]:
        found = call.about("audit", limit=1000, before=pages[-1]["seq"])
        pages.extend(found["records"])
    records = msgspec.convert(pages, list[AuditRecord])
    of = f" of {call.rollout}" if call.rollout else ""
    file.write_bytes(audit_file(records, head, file.suffix.lstrip(".").replace("jsonl", "json") or "json"))
    call.show({"file": str(file), "records": len(records), "head": str(head)},
              lambda told: f"{told['records']:,} entries{of} in {told['file']}. Head {told['head']}")


@click.command("doctor")
@click.option("--head", metavar="HASH", help="An anchor of the audit trail kept outside.")
@shared
def doctor(call: Call, head: str | None) -> None:
    """Is the store sound? Integrity, audit chain, sizes, lock holder, disk. Exit code 9 when something is broken."""
    found = call.ask("doctor", head=head)
    call.show(found, words.doctor)
    if not found["sound"]:
        raise click.exceptions.Exit(FOUND_SOMETHING)


COMMANDS = (setup, plan, import_file, export, sql, forget, backup, restore, audit, doctor)
