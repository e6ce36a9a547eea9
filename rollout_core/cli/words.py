"""Answers in words, for a terminal. Works on plain values, whichever way they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

Values = Mapping[str, Any]
MINUS = "−"
OPEN = frozenset({"met", "signed"})
"""States of a gate that let exposure rise, as rollouts.gates has them (which a command through the app never loads)."""


def percent(value: float | None) -> str:
    """20 -> "20 %"; None -> "not known"."""
    return "not known" if value is None else f"{value:g} %"


def share_of(buckets: int | None) -> str:
    """Buckets of 100,000 as a percentage."""
    return percent(None if buckets is None else buckets / 1000)


def count(number: int | None, noun: str) -> str:
    """"1,234 users", or that it is not known."""
    return f"an unknown number of {noun}" if number is None else f"{number:,} {noun}"


def moment(text: str | None) -> str:
    """An ISO instant as "22 Nov 2026, 14:32 UTC"."""
    if not text:
        return "never"
    return f"{datetime.fromisoformat(text).astimezone(UTC):%d %b %Y, %H:%M} UTC"


def measured(value: Values) -> str:
    """A number with its interval and n, or that there is no data."""
    if value["value"] is None:
        return "no data"
    unit = value["unit"]
    interval = ""
    if value["low"] is not None and value["high"] is not None:
        interval = f" ({_number(value['low'], unit)} to {_number(value['high'], unit)})"
    return f"{_number(value['value'], unit)}{interval}, n = {value['n']:,} {value['noun']}"


def compared(change: Values) -> str:
    """A comparison with the two values it is of; of too few only these."""
    of = change.get("alike")
    if not of or change["value"] is None:
        return measured(change)
    both = (f"{_number(of['treatment'], of['unit'])} against {_number(of['control'], of['unit'])}, "
            f"n = {of['treatment_n']:,} and {of['control_n']:,}")
    if change["quality"] == "few":
        return f"too few to compare: {both}"
    return f"{measured(change).partition(', n = ')[0]}: {both}"


def _number(value: float, unit: str) -> str:
    formats = {"share": lambda: f"{value * 100:.3g} %", "relative": lambda: f"{value * 100:+.3g} %",
               "ms": lambda: f"{value:,.0f} ms", "score": lambda: f"{value:.1f}", "rating": lambda: f"{value:.2f}",
               "days": lambda: f"{value:.1f} days", "minutes": lambda: f"{value:.1f} min"}
    return formats.get(unit, lambda: f"{value:,.4g}")().replace("-", MINUS)


def changed(change: Values) -> str:
    """What a verb did: from, to, for how many, and what is known by now."""
    before, after = change.get("before"), change.get("after")
    if not after:
        return tree(change)
    lines = [_moved(before, after)]
    for key, word in (("gained", "gain it"), ("lost", "lose it"), ("have", "have it now")):
        if change.get(key):
            lines.append(f"  {change[key]:,} {word}")
    lines.append(f"  {after['status']}, revision {change.get('revision', after['revision'])}, "
                 f"audit entry {change.get('audit_seq')}")
    if change.get("verb") == "start":
        lines += [f"  To let somebody in by name: {_by_name('SUBJECT', after['key'])}",
                  f"  Who has it and why: rollout explain SUBJECT -r {after['key']}"]
    return "\n".join([*lines, *(f"  Note: {words}" for words in change.get("warnings", ()))])


def imported(found: Values) -> str:
    """What became of a file: counts, and the first refused rows with their line and reason."""
    result = found["result"]
    lines = [tree({name: value for name, value in result.items() if name != "refused"})]
    if result["refused"]:
        lines.append("Refused, with the reason:" if len(result["refused"]) == result["rejected"] else
                     f"Refused, the first {len(result['refused'])} of {result['rejected']:,} with the reason:")
    lines += [f"  {_place(each)}{each['detail']}" for each in result["refused"]]
    return "\n".join([*lines, *(f"  Note: {warning}" for warning in found.get("warnings", ()))])


def _place(refused: Values) -> str:
    """ "line 3: ", "row 2: " where the file has no lines, "" where the reason names the place itself."""
    return next((f"{name} {refused[name]}: " for name in ("line", "row") if refused[name] is not None), "")


def _moved(before: Values | None, after: Values) -> str:
    shares = (share_of(before["percentage"] if before else None), share_of(after["percentage"]))
    where = f" in {after['phase']}" if after.get("phase") else ""
    if before is None or shares[0] == shares[1]:
        return f"{after['key']}: {shares[1]}{where}"
    return f"{after['key']}: {shares[0]} → {shares[1]}{where}"


def previewed(found: Values) -> str:
    """What a verb would do and what stands in its way."""
    lines = [f"{share_of(found['from_percentage'])} → {share_of(found['to_percentage'])}"]
    if found["from_phase"] != found["to_phase"]:
        lines.append(f"  from {found['from_phase'] or 'no phase'} to {found['to_phase'] or 'no phase'}")
    lines += [f"  {count(found.get(key), 'subjects')} {word}" for key, word in
              (("gained", "would gain it"), ("lost", "would lose it"), ("have_then", "would have it"))]
    lines += [f"  {gate['state'].replace('_', ' '):8} {gate['name']}: {gate['measured'] or 'no data'} "
              f"({gate['needed']})" for gate in found.get("gates", ())]
    unmet = sum(gate["state"] not in OPEN for gate in found.get("gates", ()))
    if unmet:
        lines.append(f"  {unmet} of {len(found['gates'])} conditions are not met; an admin's --reason overrules them")
    return "\n".join([*lines, *([f"Refused: {found['refusal']}"] if not found["allowed"] else [])])


def status(found: Values) -> str:
    """Where a rollout is, in ten lines."""
    phase, share, health = found["phase"], found["share"], found["health"]
    here = f"phase {phase['number']}, {phase['name']}" if phase else "no phase yet"
    mark = " (simulated)" if found["simulated"] else ""
    have = "" if share["have"] is None else f", {share['have']:,} of {share['eligible']:,} {found['unit']}s have it"
    alerts = found["alerts"]
    open_alerts = ", ".join(f"{alerts[level]} {level}" for level in ("critical", "error", "warning") if alerts[level])
    lines = [f"{found['name']} ({found['rollout']}){mark}",
             f"  {found['status']}, {here}, revision {found['revision']}",
             f"  {percent(share['percentage'])} planned{have}",
             f"  health {standing(health)}"
             f" ({health['inputs_with_data']} of {health['inputs']} inputs have data)",
             f"  alerts: {open_alerts or 'none'}", f"  {found['gates']['words']}"]
    if found["next_phase"]:
        lines.append(f"  next: phase {found['next_phase']['number']}, {found['next_phase']['name']}, "
                     f"{percent(found['next_phase']['percentage'])}")
    if found["forced"]:
        lines.append(f"  forced by the environment: {', '.join(found['forced'])}")
    lines.append(f"  last event: {moment(found['last_event_at'])}")
    return "\n".join([*lines, *(f"  {value['metric']}: {measured(value)}" for value in found["metrics"])])


def with_store(say: Callable[[Values], str]) -> Callable[[Values], str]:
    """An answer in words, and below it which store it is of and how that was reached."""
    def said(found: Values) -> str:
        folder = found["store"]["folder"]
        return f"{say(found)}\nStore: {f'{folder}, ' if folder else ''}{found['store']['way']}"

    return said


def standing(health: Values) -> str:
    """The score in a word; while inputs have no data it is provisional, never healthy."""
    return f"{health['score']}, {'provisional' if health['provisional'] else health['word'].lower()}"


def overview(found: Values) -> str:
    """One line per rollout, and what needs somebody."""
    lines = [f"{line['rollout']}: {line['status']}, {percent(line['share']['percentage'])}, "
             f"health {standing(line['health'])}. {line['gates']['words']}"
             for line in found["rollouts"]]
    needs = [f"  {need['severity']}: {need['title']}: {need['detail']}".removesuffix(": ") for need in found["needs"]]
    return "\n".join([*lines, *(["Needs you:", *needs] if needs else ["Nothing needs you."])])


def health(found: Values) -> str:
    """The score and every deduction with its evidence."""
    score = found["health"]
    lines = [f"Health {score['score']} of 100, {standing(score).split(', ')[1]}"]
    lines += [f"  {_points(each['points'])} {each['name']}: {each['evidence']}" for each in score["deductions"]]
    return "\n".join([*lines, *(f"  {each['title']}" for each in found.get("recommendations", ()))])


def _points(points: float) -> str:
    """ "−2.9", "0"."""
    return f"{MINUS}{points:.1f}".removesuffix(".0") if points else "0"


def report(found: Values) -> str:
    """The report is Markdown already."""
    return str(found["markdown"])


SHOWN_FLAGS = 8
ABOVE_OVERRIDES = frozenset({"Stop", "Pause", "Override for this subject"})
"""Links of the chain that an override does not change, or that are one already."""


def explanation(found: Values) -> str:
    """Why a subject sees a feature or does not: the link that decided each flag, and what to do about it."""
    flags, who, key = found["flags"], found["subject"], found["rollout"]
    lines = [found["words"], *(f"  {flag['flag']}: {_decided(flag)}" for flag in flags[:SHOWN_FLAGS])]
    if len(flags) > SHOWN_FLAGS:
        lines.append(f"  … and {len(flags) - SHOWN_FLAGS} more")
    if any(not flag["decision"]["value"] and _link(flag)["question"] not in ABOVE_OVERRIDES for flag in flags):
        lines.append(f"To let {who} in by name: {_by_name(who, key)}")
    lines.append(f"Every step and the plan's procedure: rollout explain {who} -r {key} --all (one flag: --flag KEY)")
    return "\n".join(lines)


def _by_name(who: str, key: str) -> str:
    """The command that switches a subject on, whatever the percentage is."""
    return f"rollout override {who} on -r {key} --reason TEXT (every flag; one: --flag KEY)"


def whole_explanation(found: Values) -> str:
    """Every link of every flag, and the plan's own list for those who do not see a feature."""
    lines = [found["words"]]
    for flag in found["flags"]:
        lines.append(f"{flag['flag']}: {flag['openfeature_reason']}")
        lines += [f"  {'→' if step['decided'] else ' '} {step['question']}: {step['answer']}" for step in flag["steps"]]
    if found["advice"]:
        lines.append("The plan's procedure for people who do not see a feature:")
        lines += [f"  {each}" for each in found["advice"]]
    return "\n".join(lines)


def _link(flag: Values) -> Values:
    """The link of the chain that settled a flag."""
    return next((step for step in flag["steps"] if step["decided"]), {"question": "", "answer": ""})


def _decided(flag: Values) -> str:
    state = flag["decision"]["value"]
    said = {True: "on", False: "off"}[state] if isinstance(state, bool) else str(state)
    return f"{said}. {_link(flag)['question']}: {_link(flag)['answer']}"


def _did(swept: Values) -> str:
    """What the autopilot did, or would have done in the mode it is in."""
    if swept["act"] == "none":
        return "no change"
    act = swept["act"].replace("_", " ")
    return act if swept["done"] else f"would {act}, not done (autopilot: {swept['mode']})"


def passed(found: Values) -> str:
    """One pass: what the sweep did with each rollout, then what is seen of it."""
    lines = [moment(found["at"])]
    for swept in found["swept"]:
        did = _did(swept)
        opened = f"{swept['alerts_opened']} alerts opened, {swept['alerts_resolved']} resolved"
        lines.append(f"{swept['rollout']}: {did}. {swept['failed'] or swept['words']} {opened}.")
    return "\n".join([*lines, *(monitored(seen) for seen in found["seen"])])


def gates(found: Values) -> str:
    """Each gate, then what is foreseen."""
    from rollout_core.rollouts.gates import state_in_words

    lines = [f"{found['phase_name']}: {found['brief']['words']}"]
    lines += [f"  {state_in_words(gate['state'], gate['judge']):8} {gate['name']}: {gate['words']} "
              f"(needed: {gate['needed']})" for gate in found["gates"]]
    ahead = found["foresight"]
    lines += [f"  {each['name']}: {each['words']}" for each in ahead["decides"]]
    if ahead["phase"]:
        lines.append(f"Next: {ahead['phase_name']}, {percent(ahead['percentage'])}")
    return "\n".join([*lines, *(f"  {line}" for line in ahead["words"]),
                      *(f"  {each['name']}: {each['words']}" for each in ahead["detects"])])


def decisions(found: Values) -> Table:
    """What the sweeps decided, newest first."""
    return table(("number", "at", "rollout", "decision", "done", "summary"),
                 [(line["number"], moment(line["swept_at"]), line["rollout"], line["act"],
                   "yes" if line["done"] else "no", line["summary"]) for line in found["decisions"]])


def verdicts(found: Values) -> str:
    """Guardrails and criteria, each in a sentence."""
    lines = [f"Guardrails: {found['guardrails_say']}"]
    lines += [f"  {each['name']}: {each['words']}" for each in found["guardrails"]]
    lines.append(f"Criteria: {found['criteria_say']}")
    return "\n".join([*lines, *(f"  {each['name']}: {each['words']}" for each in found["criteria"])])


def monitored(found: Values) -> str:
    """One pass of the monitor: score, conditions that fire or are watched, what to do."""
    score = found["health"]
    lines = [f"{found['rollout']}: health {standing(score)}. " + (
        "A pause condition fires." if found["pause"]["should_pause"] else "No pause condition fires.")]
    doubtful = [line for line in found["pause"]["conditions"] if line["fires"] is not False]
    lines += [f"  {line['name']}: {line['words']}" for line in doubtful]
    return "\n".join([*lines, *(f"  {each['title']}: {each['because']}" for each in found["recommendations"])])


def pause_check(found: Values) -> str:
    """Would a pause condition fire now?"""
    state = {True: "fires", False: "quiet", None: "no data"}
    head = "A pause condition fires." if found["should_pause"] else "No pause condition fires."
    return "\n".join([head, *(f"  {state[line['fires']]:7} {line['name']}: {line['words']}"
                              for line in found["conditions"])])


def doctor(found: Values) -> str:
    """Every check with what was found and how to mend it."""
    lines = [f"{check['state']:8} {check['name']}: {check['found']}"
             + (f"\n         {check['mend']}" if check["mend"] else "") for check in found["checks"]]
    return "\n".join([*lines, "The store is sound." if found["sound"] else "The store is not sound."])


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A plain table; None is an empty cell."""
    from rich.table import Table

    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell).replace("[", "\\[") for cell in row))
    return drawn


def metrics(found: Values) -> Table:
    """The catalogue's numbers, treatment against control."""
    return table(("metric", "treatment", "control", "change, like with like"),
                 [(row["name"], measured(row["treatment"]), measured(row["control"]), compared(row["change"]))
                  for row in found["rows"]])


def workspaces(found: Values) -> Table:
    """The enabled subjects."""
    return table((found["unit"], "arm", "audience", "bucket", "last active", "sessions", "errors"),
                 [(line["subject"], line["arm"], line["audience"], line["bucket"], moment(line["last_active_at"]),
                   line["sessions"], line["errors"]) for line in found["subjects"]])


def alerts(found: Values) -> Table:
    """Alerts, worst first."""
    return table(("id", "severity", "state", "rollout", "title", "due"),
                 [(line["alert"]["id"], line["alert"]["severity"], line["alert"]["state"], line["alert"]["rollout"],
                   line["alert"]["title"], _due(line)) for line in found["alerts"]])


def _due(line: Values) -> object:
    """What is calm wants no answer any more."""
    if line["alert"].get("calm_since_at"):
        return "calm"
    return "overdue" if line["overdue"] else line["seconds_left"]


def audit(found: Values) -> Table:
    """The trail, newest first."""
    return table(("seq", "at", "who", "as", "verb", "rollout", "outcome", "reason"),
                 [(record["seq"], moment(record["entry"]["at"]), record["entry"]["principal"],
                   record["entry"].get("claimed"), record["entry"]["verb"], record["entry"].get("rollout"),
                   record["entry"]["outcome"], record["entry"].get("reason")) for record in found["records"]])


def rows(found: Values) -> Table:
    """An answer to SQL."""
    return table(found["columns"], found["rows"])


def tree(found: Any, indent: str = "") -> str:
    """Any answer, name by name; nothing is left out but what is empty."""
    if not isinstance(found, Mapping):
        return f"{indent}{found}"
    lines: list[str] = []
    for name, value in found.items():
        if isinstance(value, Mapping) and {"value", "quality", "noun"} <= set(value):
            lines.append(f"{indent}{name}: {measured(value)}")
        elif isinstance(value, Mapping) and value:
            lines += [f"{indent}{name}:", tree(value, indent + "  ")]
        elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
            lines.append(f"{indent}{name}:")
            lines += [_item(each, indent) for each in value]
        elif value not in (None, "", [], {}):
            lines.append(f"{indent}{name}: {value}")
    return "\n".join(lines)


def _item(value: Any, indent: str) -> str:
    inner = tree(value, indent + "    ")
    return f"{indent}  - {inner.lstrip()}"
