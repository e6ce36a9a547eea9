"""Answers in words, for a terminal. Works on plain values, whichever way they came."""

from __future__ import annotations

from collections.abc import Callable

from rollout_core.cli.value_words import MINUS, Values, measured, moment, percent


def status(found: Values) -> str:
    """Where a rollout is, in a few lines, with every condition of the next step that is open."""
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
             f"  alerts: {open_alerts or 'none'}", *_conditions(found["gates"])]
    if found["next_phase"]:
        lines.append(f"  next: phase {found['next_phase']['number']}, {found['next_phase']['name']}, "
                     f"{percent(found['next_phase']['percentage'])}")
    if found["forced"]:
        lines.append(f"  forced by the environment: {', '.join(found['forced'])}")
    lines.append(f"  last event: {moment(found['last_event_at'])}")
    return "\n".join([*lines, *(f"  {value['metric']}: {measured(value)}" for value in found["metrics"])])


def _conditions(found: Values) -> list[str]:
    """Every condition that is not met or not known yet, a line each, the worst first."""
    head = f"{found['met']} of {found['total']} conditions met; it waits for:" if found["waiting"] else found["words"]
    return [f"  {head}", *(f"    {each}" for each in _open_conditions(found))]


def _open_conditions(found: Values) -> list[str]:
    """Those that are not met or not known yet: the worst first, with what was seen of it."""
    names = [found["words"], *(f"{each['name']}{_when(each)}" for each in found["waiting"][1:])]
    states = ("to sign" if each["state"] == "manual" else each["state"].replace("_", " ") for each in found["waiting"])
    return [f"{state}: {name}" for state, name in zip(states, names, strict=False)]


def _when(waiting: Values) -> str:
    if waiting["at"] is None:
        return ""
    return f", {'until' if waiting['sure'] else 'likely by'} {moment(waiting['at'])}"


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
             f"health {standing(line['health'])}. "
             + ("; ".join(_open_conditions(line["gates"])) or line["gates"]["words"])
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
