"""What a verb did or would do, in words, for a terminal."""

from __future__ import annotations

from rollout_core.cli.explain_words import by_name
from rollout_core.cli.value_words import Values, count, share_of, tree

OPEN = frozenset({"met", "signed", "waived"})
"""States of a gate that let exposure rise, as rollouts.gates has them (which a command through the app never loads)."""


def changed(change: Values) -> str:
    """What a verb did: from, to, for how many, and what is known by now."""
    before, after = change.get("before"), change.get("after")
    if not after:
        return tree(change)
    already = ["Nothing changed: it already was as asked."] if before == after else []
    lines = [*already, _moved(before, after)]
    for key, word in (("gained", "gain it"), ("lost", "lose it"), ("have", "have it now")):
        if change.get(key):
            lines.append(f"  {change[key]:,} {word}")
    lines.append(f"  {after['status']}, revision {change.get('revision', after['revision'])}, "
                 f"audit entry {change.get('audit_seq')}")
    if change.get("verb") == "start":
        lines += [f"  To let somebody in by name: {by_name('SUBJECT', after['key'])}",
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
