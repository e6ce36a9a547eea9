"""`rollout verify` passes on the product as it is, and each of its steps fails when its part is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from rollout_core.cli.connection import Connection, Values
from rollout_core.cli.walk import STEPS, walk

Spoil = Callable[[Values], Values]


@dataclass
class Broken:
    """A connection on which some answers are spoiled and some verbs do nothing."""

    inner: Connection
    questions: Mapping[str, Spoil] = field(default_factory=dict)
    idle: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()

    def ask(self, question: str, given: Mapping[str, Any]) -> Values:
        return self.questions.get(question, lambda found: found)(self.inner.ask(question, given))

    def act(self, verb: str, given: Mapping[str, Any]) -> Values:
        if verb in self.idle:
            return {}
        if verb in self.doubled:
            given = {**given, "percentage": 2 * given["percentage"]}
        return self.inner.act(verb, given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def spoiled(**questions: Spoil) -> Callable[[Connection], Any]:
    return lambda inner: Broken(inner, questions)


def no_revision_needed(inner: Connection) -> Any:
    """The store no longer asks for a revision: the verb is done whatever comes."""
    class Careless(Broken):
        def act(self, verb: str, given: Mapping[str, Any]) -> Values:
            return {} if verb == "set_percentage" else super().act(verb, given)

    return Careless(inner)


def changed(found: Values, *path: str, to: Any) -> Values:
    """A copy of an answer with one value replaced."""
    if len(path) == 1:
        return {**found, path[0]: to}
    return {**found, path[0]: changed(found[path[0]], *path[1:], to=to)}


def a_rate_of_half(found: Values) -> Values:
    row = found["rows"][0]
    return {**found, "rows": [changed(row, "treatment", "value", to=0.5)]}


BREAKS: dict[str, tuple[str, Callable[[Connection], Any]]] = {
    "setup makes nothing": ("setup", lambda inner: Broken(inner, idle=frozenset({"setup"}))),
    "setup begins above 0 %": ("setup", spoiled(rollouts=lambda found: {**found, "rollouts": [
        {**entry, "percentage": 5} for entry in found["rollouts"]]})),
    "twice as many get it": ("update", lambda inner: Broken(inner, doubled=frozenset({"start"}))),
    "a raise needs no revision": ("update", no_revision_needed),
    "status counts wrongly": ("status", spoiled(status=lambda found: changed(found, "share", "have", to=1))),
    "status names the wrong share": ("status", spoiled(
        status=lambda found: changed(found, "share", "percentage", to=50.0))),
    "failures are not counted": ("monitoring", spoiled(metrics=a_rate_of_half)),
    "the health score has no data": ("monitoring", spoiled(
        monitor=lambda found: changed(found, "health", "inputs_with_data", to=0))),
    "pause conditions are forgotten": ("monitoring", spoiled(
        pause_check=lambda found: {**found, "conditions": []})),
    "somebody is missing in the list": ("enabled workspaces", spoiled(
        workspaces=lambda found: {**found, "subjects": found["subjects"][1:]})),
    "explain says nothing": ("enabled workspaces", spoiled(explain=lambda found: {**found, "words": ""})),
    "the report says something else": ("report", spoiled(
        report=lambda found: changed(found, "status", "share", "percentage", to=99.0))),
    "the report is empty": ("report", spoiled(report=lambda found: {**found, "markdown": ""})),
    "the rollback does nothing": ("rollback", lambda inner: Broken(inner, idle=frozenset({"roll_back"}))),
    "the trail is broken": ("rollback", spoiled(audit_verify=lambda found: {**found, "whole": False})),
    "the trail forgets": ("rollback", spoiled(audit=lambda found: {**found, "records": found["records"][:1]})),
}
FOLLOWS: dict[str, set[str]] = {
    "setup makes nothing": {name for name, _ in STEPS},
    "twice as many get it": {"status"},
    "status names the wrong share": {"report"},
}
"""Breaks that later steps cannot but notice too: without a rollout nothing works, a wrong status is in the report."""


def test_every_step_passes_on_the_product_as_it_is() -> None:
    said: list[str] = []
    steps = walk(lambda step: said.append(step.name))
    assert [(step.name, step.found) for step in steps if not step.passed] == []
    assert said == [name for name, _ in STEPS]
    assert said == ["setup", "update", "status", "monitoring", "enabled workspaces", "report", "rollback"]


@pytest.mark.parametrize("broken", BREAKS)
def test_the_step_whose_part_is_broken_fails_and_no_other(broken: str) -> None:
    step, wrap = BREAKS[broken]
    failed = {each.name for each in walk(wrap=wrap) if not each.passed}
    assert failed == {step} | FOLLOWS.get(broken, set())


def test_every_step_has_a_break_that_fails_it_alone() -> None:
    alone = {step for broken, (step, _) in BREAKS.items() if broken not in FOLLOWS}
    assert alone == {name for name, _ in STEPS}
