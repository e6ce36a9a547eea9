"""The report as Markdown. Text of users is escaped: a report is opened in viewers that render HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from rollout_core.health.alert import Alert
from rollout_core.insight.report import ReportAnswer
from rollout_core.insight.words import change_in_words, measured_in_words, number
from rollout_core.rollouts.gates import state_in_words

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~$])")
ADDRESS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
"""Where GitHub's Markdown begins to see a link without brackets."""

AUTOPILOT = {"off": "is off", "advise": "advises", "act": "acts"}
"""Mode -> what it does."""


def markdown_of(report: ReportAnswer) -> str:
    """The whole report."""
    sections = (_status, _timeline, _gates, _adoption, _errors, _health, _alerts, _metrics, _workspaces,
                _recommendations)
    made = f"Made {_time(report.computed_at)}. Audit head {report.audit_head}."
    simulated = ["> Simulated data: this is the demo store."] if report.status.simulated else []
    return "\n\n".join([f"# {escaped(report.title)}", made, *simulated,
                        *(section(report) for section in sections)]) + "\n"


def escaped(text: str) -> str:
    """Text of people, so that it stays text: no markup, no link, no table cell ends, one line."""
    literal = SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("\\<", "&lt;").replace("\\>", "&gt;")
    return ADDRESS.sub(r"\\\g<0>", literal)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the cells must be escaped already. "None." when there are no rows."""
    lines = [" | ".join(row) for row in rows]
    if not lines:
        return "None."
    return "\n".join(f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *lines))


def _status(report: ReportAnswer) -> str:
    status = report.status
    phase = (f"phase {status.phase.number} of {len(status.phases)}, {status.phase.name}" if status.phase
             else "no phase yet")
    share = f"{status.share.percentage:g}% planned"
    if status.share.real_percentage is not None:
        share += (f", {status.share.real_percentage:.1f}% real ({status.share.have:,} of {status.share.eligible:,} "
                  f"{status.unit}s)")
    mode = AUTOPILOT.get(status.autopilot, status.autopilot)
    return (f"## Status\n\n{status.status.capitalize()}, {escaped(phase)}: {share}. Revision {status.revision}, plan "
            f"{escaped(status.plan)} version {status.plan_version}. The autopilot {mode}.")


def _timeline(report: ReportAnswer) -> str:
    rows = [(str(step.number), escaped(step.name), f"{step.percentage:g}%", step.state, _time(step.entered_at),
             _time(step.left_at)) for step in report.phases.phases]
    return "## Phase timeline\n\n" + table(("Phase", "Name", "Share", "State", "Entered", "Left"), rows)


def _gates(report: ReportAnswer) -> str:
    rows = [(escaped(gate.name), state_in_words(gate.state.value, gate.judge), escaped(gate.needed),
             escaped(gate.words)) for gate in report.gates.gates]
    brief = report.gates.brief
    waits = "; ".join(f"{each.name} ({state_in_words(each.state, '')})" for each in brief.waiting)
    said = f"{brief.met} of {brief.total} conditions met. Waits for: {waits}" if waits else brief.words
    return (f"## May it advance?\n\n{'Yes' if report.gates.may_advance else 'Not yet'}: {escaped(said)}.\n\n"
            + table(("Criterion", "State", "Needed", "Seen"), rows))


def _adoption(report: ReportAnswer) -> str:
    found = report.adoption
    lines = [f"- Adoption within {found.age_hours} h: {measured_in_words(found.adoption)}",
             f"- Stickiness: {measured_in_words(found.stickiness)}",
             f"- Several features: {measured_in_words(found.cross_feature_use)}"]
    rows = [(step.name, "not known" if step.n is None else f"{step.n:,}", number(step.share_of_previous, "share"))
            for step in found.funnel]
    whole = f"Everybody first exposed since the start, {_time(found.window.since_at)}."
    funnel = table(("Step", "Subjects", "Of the step before"), rows)
    return "\n\n".join(("## Adoption", whole, "\n".join(lines), funnel))


def _errors(report: ReportAnswer) -> str:
    found = report.errors
    lines = [f"- Treatment: {measured_in_words(found.treatment)}", f"- Control: {measured_in_words(found.control)}",
             f"- Change: {change_in_words(found.change)}"]
    rows = [(escaped(group.title), escaped(group.category), group.severity, f"{group.occurrences:,}",
             _time(group.first_seen_at)) for group in found.groups[:10]]
    since = f"Since {_time(found.window.since_at)}."
    head = ("Group", "Category", "Severity", "Count", "First seen")
    return "\n\n".join(("## Errors", since, "\n".join(lines), table(head, rows)))


def _health(report: ReportAnswer) -> str:
    health = report.health.health
    rows = [(each.name, f"{-each.points:.1f}" if each.points else "0", escaped(each.evidence))
            for each in health.deductions]
    provisional = f", provisional ({health.inputs_with_data} of {health.inputs} inputs)" if health.provisional else ""
    return (f"## Health\n\n{health.score} of 100, {health.word.lower()}{provisional}.\n\n"
            + table(("Deduction", "Points", "Evidence"), rows))


def _alerts(report: ReportAnswer) -> str:
    rows = [_alert(line.alert) for line in report.alerts.alerts]
    return "## Alerts\n\n" + table(("Level", "Alert", "State", "Opened", "Answer by"), rows)


def _alert(alert: Alert) -> tuple[str, str, str, str, str]:
    """What is calm wants no answer any more."""
    calm = alert.calm_since_at
    state = alert.state.value if calm is None else f"{alert.state.value}, calm since {_time(calm)}"
    return (alert.severity.value, escaped(alert.title), state, _time(alert.opened_at),
            _time(alert.due_at if calm is None else None))


def _metrics(report: ReportAnswer) -> str:
    rows = [(row.name, measured_in_words(row.treatment), number(row.control.value, row.unit),
             change_in_words(row.change), ", ".join(row.targets)) for row in report.metrics.rows]
    since = _time(report.metrics.window.since_at)
    about = (f"Since {since}; adoption, stickiness and retention of those first exposed since then. Intervals are the "
             "95% ones of one look; the criteria above are proven by others, which hold however often one looks.")
    return f"## Metrics\n\n{about}\n\n" + table(("Metric", "Treatment", "Control", "Change, like with like", "Target"),
                                    [tuple(escaped(cell) for cell in row) for row in rows])


def _workspaces(report: ReportAnswer) -> str:
    found = report.workspaces
    rows = [(escaped(line.subject), escaped(line.audience or ""), _count(line.sessions), _count(line.feature_uses),
             _count(line.errors), _time(line.last_active_at)) for line in found.subjects]
    total = "" if found.total is None else f"{found.total:,} {found.unit}s have it.\n\n"
    return (f"## Enabled {found.unit}s\n\n{total}"
            + table(("Subject", "Audience", "Sessions", "Uses", "Errors", "Last active"), rows))


def _recommendations(report: ReportAnswer) -> str:
    parts = [f"### {escaped(each.title)}\n\n{each.severity.capitalize()}: {escaped(each.because)}\n\n"
             + "\n".join(f"1. {escaped(step)}" for step in each.steps) for each in report.recommendations]
    return "## Recommendations\n\n" + "\n\n".join(parts)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _count(number_of: int | None) -> str:
    return "not known" if number_of is None else f"{number_of:,}"
