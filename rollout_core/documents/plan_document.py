"""Plan documents: YAML text <-> Plan, every mistake at once with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from rollout_core.documents.codec import UNREAD
from rollout_core.documents.findings import Findings
from rollout_core.documents.plan_checks import check_fit
from rollout_core.documents.plan_references import expand_references
from rollout_core.documents.plan_shape import PLAN
from rollout_core.documents.yaml_source import read_yaml, write_yaml
from rollout_core.errors import InvalidPlan, PlanNotFound, Problem
from rollout_core.rollouts.plan import Plan


def read_plan(text: str, file: str = "") -> Plan:
    """The plan in a YAML text. `file` is named in error messages. Raises InvalidPlan with every mistake."""
    plan, problems = _read(text, file)
    if plan is None or problems:
        count = f"{len(problems)} mistake{'s' if len(problems) != 1 else ''}"
        raise InvalidPlan(f"The plan {file or 'document'} has {count}.", problems,
                          mend="Correct the lines below and try again.", file=file)
    return plan


def load_plan(path: Path) -> Plan:
    """The plan in a file. Raises PlanNotFound, or InvalidPlan with every mistake."""
    return read_plan(_text_of(path), str(path))


def load_plans(directory: Path) -> tuple[Plan, ...]:
    """All plans (*.yaml) of a directory, by file name. Raises like load_plan, and InvalidPlan for a key used twice."""
    plans: dict[str, Path] = {}
    loaded = []
    for path in sorted(directory.glob("*.yaml")):
        plan = load_plan(path)
        if plan.key in plans:
            problem = Problem("key", f"{plan.key!r} is also the key of {plans[plan.key].name}", file=str(path), line=1)
            raise InvalidPlan("Two plans have the same key.", (problem,), mend="Give each plan its own key.")
        plans[plan.key] = path
        loaded.append(plan)
    return tuple(loaded)


def check_plan(path: Path) -> list[Problem]:
    """Every mistake of a plan document, in the order of its lines; empty when it can be used. Raises PlanNotFound."""
    return list(_read(_text_of(path), str(path))[1])


def write_plan(plan: Plan) -> str:
    """A plan as YAML text that reads back as the same plan."""
    return write_yaml(PLAN.write(plan))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise PlanNotFound(f"There is no file {path}.", mend="Check the path.", file=str(path)) from missing
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        problem = Problem("document", "this is not UTF-8 text", file=str(path), line=line)
        raise InvalidPlan(f"{path} is not a text file.", (problem,), mend="Save it as UTF-8.") from error


def _read(text: str, file: str) -> tuple[Plan | None, tuple[Problem, ...]]:
    found = Findings(file)
    tree = read_yaml(text, found)
    if tree is None:
        return None, found.problems
    tree = expand_references(tree, found)
    plan = PLAN.read(tree, "", found)
    if plan is UNREAD:
        return None, found.problems
    plan = with_entries(cast(Plan, plan))
    check_fit(plan, tree, found)
    return plan, found.problems


def with_entries(plan: Plan) -> Plan:
    """The plan with each flag knowing the phase that adds it."""
    enters = {flag: phase.key for phase in plan.phases for flag in phase.adds}
    return replace(plan, flags=tuple(replace(flag, enters_phase=enters.get(flag.key)) for flag in plan.flags))
