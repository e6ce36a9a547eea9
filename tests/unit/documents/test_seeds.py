"""docs/seeds.md is true: every pointer leads somewhere, every number is the plan documents' and the seeds' own.

The two source documents are not part of this repository. Where they are found (ROLLOUT_TEST_SEEDS, default:
`shared/seeds` beside the checkout) the map is held against them line by line; else those tests are skipped.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from rollout_core.cli.main import rollout
from rollout_core.http.admin import question_paths, verb_paths
from rollout_core.metrics.catalog import CATALOG

ROOT = Path(__file__).parents[3]
MAP = ROOT / "docs" / "seeds.md"
SEEDS = Path(os.environ.get("ROLLOUT_TEST_SEEDS", ROOT.parent / "shared" / "seeds"))
PLANS = {"patient": "patient_engagement", "exercise": "exercise_library"}
SEED_FILES = {"patient": "000_*.txt", "exercise": "004_*.txt"}
NAMES_OF_ITEMS = ("key", "kind", "severity", "role", "label", "segment")
NO_PLANS_NUMBERS = {
    "patient-1": {"64"}, "patient-282": {"64"},         # the number of their task
    "patient-42": {"0"}, "patient-49": {"0", "100"}, "patient-215": {"0", "100"},      # nobody, everybody; the scale
    "patient-120": {"0"}, "patient-124": {"0"},         # no deduction
    "patient-183": {"15"},                              # an example of an argument
}
"""Row -> numbers of what it says that are of no plan document; every other one has to stand in one."""
FIXED_ROUTES = {"PUT /api/admin/rollout/percentage", "POST /api/v1/events"}


@dataclass(frozen=True)
class Row:
    """One row of the map: the seed it belongs to, its lines, what it says, its pointers."""

    seed: str
    first: int
    last: int
    says: str
    where: str

    @property
    def pointers(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.where)

    def __str__(self) -> str:
        return f"{self.seed}-{self.first}"


@dataclass(frozen=True)
class Place:
    """A place in a plan document; `claimed` is what the map says stands there."""

    plan: str
    path: str
    sign: str
    claimed: str


def rows() -> list[Row]:
    seed, found = "", []
    for line in MAP.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            seed = "patient" if "Patient" in line else "exercise"
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        lines = re.fullmatch(r"\|? ?(\d+)(?:–(\d+))?", cells[0])
        if lines and len(cells) == 3:
            found.append(Row(seed, int(lines[1]), int(lines[2] or lines[1]), cells[1], cells[2].rstrip("| ")))
    return found


ROWS = rows()
POINTERS = sorted({pointer for row in ROWS for pointer in row.pointers})


def place_of(pointer: str) -> Place | None:
    found = re.fullmatch(r"(patient|exercise): (\S+(?: \w+)?\S*?) ([=~]) (.+)", pointer)
    return Place(*found.groups()) if found else None


@cache
def plan_document(plan: str) -> dict[str, Any]:
    """The document with every value as the text that is written there."""
    text = (ROOT / "data" / "plans" / f"{PLANS[plan]}.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=yaml.BaseLoader))


def standing_at(document: Any, path: str) -> Any:
    """What stands at a path; list items by their name or index, names may hold dots and blanks."""
    if not path:
        return document
    keys = {name: item for item in document for name in (item.get(one) for one in NAMES_OF_ITEMS) if name} if (
        isinstance(document, list) and all(isinstance(item, dict) for item in document)) else {}
    if isinstance(document, list):
        keys |= {str(index): item for index, item in enumerate(document)}
    elif isinstance(document, dict):
        keys = document
    for key in sorted(keys, key=len, reverse=True):
        if path == key or path.startswith(f"{key}."):
            return standing_at(keys[key], path[len(key) + 1:])
    raise LookupError(f"nothing stands at {path!r}; there is {', '.join(keys)}")


def number_in(text: str) -> str:
    return re.sub(r"\.0$", "", text.split(maxsplit=1)[0])


def same(standing: Any, claimed: str) -> bool:
    if isinstance(standing, list):
        return claimed in standing
    if re.fullmatch(r"-?[\d.]+( \S+)?", claimed):
        return (number_in(standing), standing.split()[1:]) == (number_in(claimed), claimed.split()[1:])
    return bool(standing == claimed)


def symbol_exists(path: Path, name: str) -> bool:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(
            node, ast.AnnAssign) else []
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if getattr(node, "name", None) == name or name in names:
            return True
    return False


def command_exists(words: list[str]) -> bool:
    group: click.Command = rollout.whole()
    for word in words:
        if not isinstance(group, click.Group) or word not in group.commands:
            return False
        group = group.commands[word]
    return True


def route_exists(pointer: str) -> bool:
    method, _, path = pointer.partition(" ")
    segment = path.removeprefix("/api/admin/rollout/")
    known = {"GET": question_paths(), "POST": verb_paths()}.get(method, {})
    return pointer in FIXED_ROUTES or segment in known


def leads_somewhere(pointer: str) -> bool:
    """True when what a pointer names exists."""
    first, _, rest = pointer.partition(" ")
    if place_of(pointer):
        return True
    if first == "metric":
        return rest in CATALOG
    if first == "rollout":
        return command_exists(rest.split())
    if first in ("GET", "PUT", "POST"):
        return route_exists(pointer)
    path, _, symbol = pointer.partition("#")
    return (ROOT / path).is_file() and (not symbol or symbol_exists(ROOT / path, symbol))


@pytest.mark.parametrize("pointer", POINTERS)
def test_every_pointer_leads_somewhere(pointer: str) -> None:
    assert leads_somewhere(pointer), f"{pointer} does not exist"


@pytest.mark.parametrize("pointer", [pointer for pointer in POINTERS if place_of(pointer)])
def test_every_number_and_word_of_the_map_stands_in_the_plan_document(pointer: str) -> None:
    place = place_of(pointer)
    assert place is not None
    standing = standing_at(plan_document(place.plan), place.path)
    assert same(standing, place.claimed), f"there stands {standing!r}"


def vouched_for(row: Row) -> set[str]:
    """The numbers that stand behind a row's pointers, with those of its explaining words and its metrics' names."""
    places = [place_of(pointer) for pointer in row.pointers]
    claimed = [place.claimed for place in places if place]
    explained = re.sub(r"`[^`]+`", "", row.where)
    days = {day for pointer in row.pointers for day in re.findall(r"retention_day_(\d+)", pointer)}
    return numbers_said(" ; ".join([*claimed, explained])) | days | NO_PLANS_NUMBERS.get(str(row), set())


def unvouched(row: Row) -> set[str]:
    return numbers_said(row.says) - vouched_for(row)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_number_of_what_a_row_says_stands_in_the_plan_document(row: Row) -> None:
    assert unvouched(row) == set()


def test_a_wrong_number_in_what_a_row_says_would_be_noticed() -> None:
    [row] = [row for row in ROWS if str(row) == "patient-125"]
    assert row.says == "Critical issues: 20 points each"
    assert unvouched(replace(row, says="Critical issues: 25 points each")) == {"25"}


def test_numbers_that_no_plan_holds_are_excused_only_where_they_are_said() -> None:
    said = {str(row): numbers_said(row.says) for row in ROWS}
    assert {name: numbers for name, numbers in NO_PLANS_NUMBERS.items() if not numbers <= said[name]} == {}


@pytest.mark.parametrize("row", [row for row in ROWS if re.search(r"; phase \d", row.where)], ids=str)
def test_the_phases_of_the_map_have_the_plans_order(row: Row) -> None:
    [(plan, key)] = set(re.findall(r"`(exercise|patient): phases\.(\w+)\.", row.where))
    [number] = re.findall(r"; phase (\d)", row.where)
    assert plan_document(plan)["phases"][int(number) - 1]["key"] == key


def test_the_patient_plan_has_the_seeds_ten_flags() -> None:
    assert len(plan_document("patient")["flags"]) == 10


@pytest.mark.parametrize("wrong", [
    "docs/nowhere.md", "rollout_core/errors.py#Nowhere", "rollout nowhere", "GET /api/admin/rollout/nowhere",
    "metric nowhere"])
def test_a_pointer_into_nothing_would_be_noticed(wrong: str) -> None:
    assert not leads_somewhere(wrong)


def test_a_wrong_number_would_be_noticed() -> None:
    standing = standing_at(plan_document("patient"), "phases.week_1.percentage")
    assert same(standing, "10")
    assert not same(standing, "11")
    with pytest.raises(LookupError):
        standing_at(plan_document("patient"), "phases.week_9.percentage")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_leads_somewhere_or_says_that_it_is_still_to_come(row: Row) -> None:
    assert row.pointers or "still to come" in row.where


def seed_lines(seed: str) -> dict[int, str]:
    """Line number -> text of a seed. Skips where the seeds are not there."""
    files = list(SEEDS.glob(SEED_FILES[seed]))
    if not files:
        pytest.skip(f"the source documents are not under {SEEDS}; set ROLLOUT_TEST_SEEDS")
    return dict(enumerate(files[0].read_text(encoding="utf-8").splitlines(), 1))


def numbers_in(text: str) -> set[str]:
    """Numbers of a text, list numbering and names with digits left out; 4.0 and 4 are one."""
    text = re.sub(r"^[#\s]*(?:\d+\.\s)?", "", text)
    return {re.sub(r"\.0$", "", number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)}


def numbers_said(text: str) -> set[str]:
    """Numbers of a row's words; both of a range."""
    return numbers_in(f"x {text.replace('-', ' ')}")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_number_of_what_a_row_says_is_the_seeds_own(row: Row) -> None:
    lines = seed_lines(row.seed)
    said = " ".join(lines[number] for number in range(row.first, row.last + 1))
    assert numbers_said(row.says) <= numbers_said(said)


@pytest.mark.parametrize("seed", list(PLANS))
def test_every_line_of_the_seed_is_in_the_map(seed: str) -> None:
    covered = {number for row in ROWS if row.seed == seed for number in range(row.first, row.last + 1)}
    missing = [f"{number}: {text}" for number, text in seed_lines(seed).items()
               if number not in covered and text.strip() and not text.startswith("#")]
    assert missing == []


@pytest.mark.parametrize("seed", list(PLANS))
def test_every_number_of_the_seed_is_in_its_row(seed: str) -> None:
    missing = []
    for number, text in seed_lines(seed).items():
        told = " ".join(f"{row.says} {row.where}" for row in ROWS
                        if row.seed == seed and row.first <= number <= row.last)
        missing += [f"{number}: {one} in {text!r}" for one in numbers_in(text) - numbers_in(told)
                    if not re.match(r"\d+\. \[", text)]
    assert missing == []


@pytest.mark.parametrize("row", [row for row in ROWS if any(" = " in pointer for pointer in row.pointers)], ids=str)
def test_what_the_map_calls_the_seeds_own_stands_in_those_lines(row: Row) -> None:
    lines = seed_lines(row.seed)
    said = " ".join(lines[number] for number in range(row.first, row.last + 1))
    for place in filter(None, map(place_of, row.pointers)):
        if place.sign == "=" and re.match(r"-?\d", place.claimed):
            assert numbers_in(place.claimed) <= numbers_in(said.replace("-", " ")), f"{place.claimed}: {said!r}"
