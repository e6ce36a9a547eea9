"""A plan with mistakes is refused with every mistake, its line, and what would be right."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from textwrap import indent

import pytest

from rollout_core.documents.findings import MOST, Findings, did_you_mean
from rollout_core.documents.plan_document import check_plan, load_plan, load_plans, read_plan
from rollout_core.documents.yaml_source import MAX_CHARACTERS, MAX_VALUES, read_yaml
from rollout_core.errors import InvalidPlan, PlanNotFound, Problem
from tests.unit.documents.plan_texts import SMALLEST, spoiled

SHIPPED = Path(__file__).parents[3] / "data" / "plans"


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidPlan) as refused:
        read_plan(text, "lamp.yaml")
    return refused.value.problems


def only_problem(text: str) -> Problem:
    (problem,) = problems_of(text)
    return problem


def line_with(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_the_smallest_plan_is_sound() -> None:
    assert read_plan(SMALLEST).phases[0].percentage == 10_000


@pytest.mark.parametrize(("old", "new", "where", "what", "allowed"), [
    ("percentage: 10,", "percentage: 101,", "phases[0].percentage", "101 is not a percentage", "0 to 100"),
    ("percentage: 10,", "percentage: -1,", "phases[0].percentage", "-1 is not a percentage", "0 to 100"),
    ("percentage: 10,", "percentage: .nan,", "phases[0].percentage", "nan is not a percentage", "0 to 100"),
    ("percentage: 10,", "percentage: NaN,", "phases[0].percentage", "the text 'NaN' is not", "0 to 100"),
    ("percentage: 10,", "percentage: .inf,", "phases[0].percentage", "inf is not", "0 to 100"),
    ("percentage: 10,", "percentage: ten,", "phases[0].percentage", "the text 'ten' is not", "0 to 100"),
    ("percentage: 10,", "percentage: '10',", "phases[0].percentage", "the text '10' is not", "0 to 100"),
    ("percentage: 10,", "percentage: true,", "phases[0].percentage", "the truth value true is not", "0 to 100"),
    ("percentage: 10,", "percentage: [10],", "phases[0].percentage", "a list is not", "0 to 100"),
    ("percentage: 10,", "percentage: 0,", "phases[0].percentage", "0 % reaches nobody", "pause"),
    ("percentage: 10,", "percentage: 0.0001,", "phases[0].percentage", "0.0001 is not", "three decimals"),
    ("percentage: 100,", "percentage: 5,", "phases[1].percentage", "5 % is less than the phase before", "10 to 100"),
    ("through: dutch", "through: duch", "phases[0].through", "did you mean 'dutch'?", "dutch, everyone"),
    ("adds: [dimmer]", "adds: [dimer]", "phases[1].adds[0]", "did you mean 'dimmer'?", "lamp, dimmer"),
    ("safe_state: small", "safe_state: smal", "safe_state", "did you mean 'small'?", "small, all"),
    ("prerequisite: lamp", "prerequisite: lamb", "flags[1].prerequisite", "unknown flag 'lamb'", "lamp, dimmer"),
    ("prerequisite: lamp", "prerequisite: dimmer", "flags[1].prerequisite", "needs itself", ""),
    ("name: Lamp, tags: [core]", "name: Lamp, tags: [core], prerequisite: dimmer", "flags[0].prerequisite",
     "needs itself", ""),
    ("attribute: country, equals: NL", "attribute: contry, equals: NL", "segments[0].rule.attribute",
     "did you mean 'country'?", "country, rooms"),
    ("attribute: country, equals: NL", "attribute: country, equals: DE", "segments[0].rule.equals",
     "unknown value of country 'DE'", "NL, BE"),
    ("attribute: country, equals: NL", "attribute: country, equal: NL", "segments[0].rule.equal",
     "did you mean 'equals'?", "equals, not_equals"),
    ("attribute: country, equals: NL", "attribute: rooms, has_any: [NL]", "segments[0].rule",
     "cannot be asked of 'rooms', which is a number", "at_least"),
    ("segment: dutch", "segment: dutsch", "audiences[0].segment", "did you mean 'dutch'?", "dutch"),
    ("  - {key: everyone, name: Everyone, rule: everybody}\n",
     "  - {key: everyone, name: Everyone, rule: {attribute: rooms, at_least: 1}}\n",
     "audiences[1]", "the last audience must be every eligible subject", "rule: everybody"),
    ("unit: house", "unit: house\nunits: [house]", "units", "unknown key 'units'; did you mean 'unit'?", "format"),
    ("unit: house\n", "", "unit", "the key 'unit' is missing", ""),
    ("unit: house", "unit: house\nunit: flat", "unit", "written twice (first on line 7)", ""),
    ("format: rollout-plan/1", "format: rollout-plan/2", "format", "is not a format", "rollout-plan/1"),
    ("key: lamp\n", "key: my lamp\n", "key", "is not a key", "letters"),
    ("version: 1", "version: 1.5", "version", "1.5 is not a whole number", "1 to"),
    ("name: Lamp\n", "name: 5\n", "name", "5 is not text", "quoted"),
    ("  - {key: dimmer, name: Dimmer, prerequisite: lamp}", "  - {key: lamp, name: Twin}", "flags[1]",
     "'lamp' is there twice", ""),
])
def test_a_mistake_is_named_with_place_and_remedy(old: str, new: str, where: str, what: str, allowed: str) -> None:
    found = [problem for problem in problems_of(spoiled(old, new)) if problem.where == where]
    assert any(what in problem.what and allowed in problem.allowed for problem in found), problems_of(spoiled(old, new))


@pytest.mark.parametrize(("rule", "where", "what"), [
    ("metric: eror_rate, below: 1 %", "phases[0].criteria[0].metric", "did you mean 'error_rate'?"),
    ("metric: error_rate", "phases[0].criteria[0]", "exactly one comparison"),
    ("metric: error_rate, below: 1 %, above: 0 %", "phases[0].criteria[0]", "exactly one comparison"),
    ("below: 1 %", "phases[0].criteria[0]", "one metric"),
    ("metric: adoption_rate, above: 60", "phases[0].criteria[0]", "lies between 0 and 100 %, not at 60"),
    ("metric: error_rate, below: low", "phases[0].criteria[0].below", "the text 'low' is not a number"),
    ("metric: error_rate, below: .nan", "phases[0].criteria[0].below", "nan is not a number"),
    ("metric: error_rate, below: 1 %, tag: cor", "phases[0].criteria[0].tag", "did you mean 'core'?"),
])
def test_a_criterion_needs_a_known_metric_and_one_limit(rule: str, where: str, what: str) -> None:
    text = spoiled("adds: [lamp]", "adds: [lamp], criteria: [{key: c, name: C, " + rule + "}]")
    problem = only_problem(text)
    assert (problem.where, what in problem.what) == (where, True), problem


def test_a_remedy_for_a_share_written_as_a_number_is_the_share() -> None:
    text = spoiled("adds: [lamp]", "adds: [lamp], criteria: [{key: c, name: C, metric: adoption_rate, above: 60}]")
    assert only_problem(text).allowed == "such as 60 %"


def test_every_mistake_is_told_at_once_in_the_order_of_lines() -> None:
    text = (SMALLEST.replace("percentage: 10,", "percentage: 101,").replace("unit: house", "untt: house")
            .replace("through: everyone", "trough: everyone"))
    problems = problems_of(text)
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    assert {problem.where for problem in problems} >= {"unit", "untt", "phases[0].percentage", "phases[1].trough"}


def test_of_very_many_mistakes_the_first_are_told_and_the_others_counted() -> None:
    text = "".join(f"k{number}: 1\n" for number in range(1_000))
    problems = problems_of(text)
    assert len(problems) == MOST + 1
    assert any(problem.what.startswith("unknown key 'k0'") for problem in problems)
    *_, last = problems
    found = int(last.what.removesuffix(" more mistakes"))
    assert 1_000 <= MOST + found <= 1_050, "and what a plan needs is missing from it"


def test_a_mistake_carries_its_file_and_line() -> None:
    text = spoiled("percentage: 10,", "percentage: 101,")
    problem = only_problem(text)
    assert (problem.file, problem.line) == ("lamp.yaml", line_with(text, "percentage: 101"))
    assert str(problem).startswith(f"lamp.yaml:{problem.line}: phases[0].percentage: 101 is not a percentage")


@pytest.mark.parametrize(("text", "line", "what"), [
    ("a: [1\nb: }", 2, "broken YAML"),
    ("\tkey: x", 1, "broken YAML"),
    ("", 1, "empty"),
    ("just words", 1, "not a mapping"),
    ("- a\n- b", 1, "not a mapping"),
    ("key: !!python/object/apply:os.system [ls]", 1, "tag"),
    ("a: &x [*x]", 1, "refers to itself"),
    ("format: rollout-plan/1\n---\nkey: x", 2, "another document"),
])
def test_broken_yaml_says_on_which_line(text: str, line: int, what: str) -> None:
    assert any(problem.line == line and what in problem.what for problem in problems_of(text)), problems_of(text)


def test_aliases_cannot_blow_a_document_up() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert any("aliases multiply" in problem.what for problem in problems_of(bomb))


def test_a_document_with_too_many_values_is_refused_where_the_first_of_them_stands_and_not_read_to_its_end() -> None:
    endless = "- 1\n" * MAX_VALUES + "}: unread\n"
    assert [(problem.line > MAX_VALUES - 3, problem.what) for problem in problems_of(endless)] == [
        (True, f"broken YAML: more than {MAX_VALUES:,} values")]


def test_a_document_that_is_too_long_is_not_read_at_all() -> None:
    assert "longer than" in only_problem("}" * (MAX_CHARACTERS + 1)).what


def test_the_plans_that_ship_are_far_from_the_bounds() -> None:
    for path in SHIPPED.glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("&", "#")
        tenfold = "".join(f"p{number}:\n{indent(text.replace('*', ''), '  ')}\n" for number in range(10))
        found = Findings()
        assert read_yaml(tenfold, found) is not None, found.problems


def test_a_flag_that_no_phase_adds_is_a_mistake() -> None:
    problem = only_problem(spoiled("adds: [dimmer]", "adds: []"))
    assert problem.what == "no phase adds the flag 'dimmer'"


def test_a_flag_added_twice_is_a_mistake() -> None:
    problem = only_problem(spoiled("adds: [dimmer]", "adds: [dimmer, lamp]"))
    assert problem.what == "the flag 'lamp' is already added by phase 'small'"


def test_a_flag_may_not_need_one_that_enters_later() -> None:
    text = spoiled("adds: [lamp]", "adds: [dimmer]").replace("adds: [dimmer]}\nsafe", "adds: [lamp]}\nsafe")
    assert only_problem(text).what == "'lamp' enters in a later phase than 'dimmer'"


def test_a_chain_of_prerequisites_has_an_end() -> None:
    """Of 52 flags, each needing the one before it, the last one needs 51."""
    keys = ["lamp", *(f"f{place}" for place in range(51))]
    chain = "".join(f"  - {{key: {key}, name: F, prerequisite: {needed}}}\n"
                    for needed, key in pairwise(keys))
    text = spoiled("flags:\n", f"flags:\n{chain}").replace("adds: [dimmer]", f"adds: [dimmer, {', '.join(keys[1:])}]")
    assert only_problem(text).where == "flags[50].prerequisite"


def test_a_maximum_below_the_minimum_duration_is_a_mistake() -> None:
    text = spoiled("adds: [lamp]", "adds: [lamp], minimum_duration: 2 weeks, maximum_duration: 10 days")
    assert only_problem(text).where == "phases[0].maximum_duration"


@pytest.mark.parametrize("written", ["5", "five days", "5 fortnights", "-1 day", "1 dy"])
def test_a_duration_needs_a_number_and_a_unit(written: str) -> None:
    problem = only_problem(spoiled("adds: [lamp]", f"adds: [lamp], minimum_duration: {written}"))
    assert problem.where == "phases[0].minimum_duration"
    assert "48 h" in problem.allowed


def test_a_holdout_above_a_fifth_is_refused() -> None:
    problem = only_problem(SMALLEST + "holdout: {percentage: 21}\n")
    assert problem.allowed == "a number from 0 to 20, without a sign"


def test_check_plan_lists_mistakes_without_raising(tmp_path: Path) -> None:
    file = tmp_path / "lamp.yaml"
    file.write_text(spoiled("percentage: 10,", "percentage: 101,"))
    assert [problem.file for problem in check_plan(file)] == [str(file)]
    file.write_text(SMALLEST)
    assert check_plan(file) == []


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(PlanNotFound, match=r"nowhere\.yaml"):
        load_plan(tmp_path / "nowhere.yaml")


def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "lamp.yaml"
    file.write_bytes(b"format: rollout-plan/1\nkey: \xff\xfe\n")
    with pytest.raises(InvalidPlan) as refused:
        load_plan(file)
    assert refused.value.problems[0].line == 2


def test_two_plans_of_a_directory_may_not_share_a_key(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALLEST)
    (tmp_path / "b.yaml").write_text(SMALLEST)
    with pytest.raises(InvalidPlan, match=r"also the key of a\.yaml"):
        load_plans(tmp_path)


def test_nothing_may_act_on_a_metric_that_evidence_cannot_judge() -> None:
    guardrail = "guardrails: [{key: g, name: G, metric: usage_growth_weekly, margin: 1 %, mde: 2 %}]\n"
    assert "nothing may act on it" in only_problem(SMALLEST + guardrail).what
    condition = "pause_conditions: [{key: p, name: P, metric: retention_improvement, below: 1 %}]\n"
    assert "nothing may act on it" in only_problem(SMALLEST + condition).what


def test_more_audiences_than_can_be_counted_are_refused() -> None:
    many = "".join(f"  - {{key: a{n}, name: A, rule: {{attribute: rooms, equals: {n}}}}}\n" for n in range(20))
    problem = only_problem(SMALLEST.replace("audiences:\n", "audiences:\n" + many))
    assert (problem.where, problem.allowed) == ("audiences", "at most 20")


def test_collection_can_only_be_switched_off_for_kinds_of_events_there_are() -> None:
    problem = only_problem(SMALLEST + "environment: {collection: {ANALYTICS: [page_vew]}}\n")
    assert "did you mean 'page_view'?" in problem.what


def test_a_name_like_no_other_gets_no_hint_and_a_typing_slip_does() -> None:
    keys = ["holdout", "flags", "phases", "color"]
    assert did_you_mean("colour", ["holdout", "flags", "phases"]) == ""
    assert "'color'" in did_you_mean("colour", keys)


def test_a_mistake_that_stands_once_and_is_used_twice_is_told_once() -> None:
    found = Findings()
    for where in ("segments[3].rule.newer_than_days", "audiences[3].rule.newer_than_days"):
        found.add(where, "the text 'thirty' is not a number", line=38)
    found.add("phases[0].percentage", "the text 'thirty' is not a number", line=38)
    assert [each.where for each in found.problems] == ["segments[3].rule.newer_than_days", "phases[0].percentage"]
