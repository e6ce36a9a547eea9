"""Reads world documents: every mistake with its file and line, unknown words included."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located, plain
from rollout_core.documents.yaml_source import read_yaml
from rollout_core.errors import InvalidDocument
from rollout_core.simulation.worlds import World

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "worlds"
FORMAT = "rollout-world/1"
DEEPEST_LIKE = 5

_PLACE = re.compile(r" - at `\$(?P<path>.*)`$")


def world_names(folder: Path = SHIPPED) -> tuple[str, ...]:
    """The names of the worlds in a folder."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def world_named(name: str, folder: Path = SHIPPED) -> World:
    """The world of this name. Raises InvalidDocument with the names there are."""
    if name not in world_names(folder):
        raise InvalidDocument(f"There is no world called {name}.",
                              mend=f"Known worlds: {', '.join(world_names(folder))}. Or name a file.", name=name)
    return read_world(folder / f"{name}.yaml")


def read_world(path: Path) -> World:
    """The world in a document that says `format: rollout-world/1`.

    `like: NAME` starts from a neighbouring or shipped world and replaces whole fields. Raises InvalidDocument naming
    the line of every mistake.
    """
    found = Findings(str(path))
    values, tree = _values(path, found, 0)
    world = _converted(values, tree, found) if not found else None
    if world is not None:
        _check(world, tree, found)
    if found or world is None:
        raise InvalidDocument(f"{path.name} cannot be used.", found.problems, mend="See data/worlds for examples.")
    return world


def _values(path: Path, found: Findings, depth: int) -> tuple[dict[str, Any], Located]:
    try:
        tree = read_yaml(path.read_text(encoding="utf-8"), found)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{path} cannot be read: {error}.", mend="Check the path; save it as UTF-8.") from error
    tree = Located({}, 1) if tree is None or not tree.is_mapping else tree
    values = typing.cast(dict[str, Any], plain(tree))
    if values.pop("format", None) != FORMAT:
        found.add("format", "is missing or another one", line=tree.line_of("format"), allowed=FORMAT)
    like = values.pop("like", None)
    _find_unknown(values, tree, "", World, found)
    if like is None:
        return values, tree
    if depth >= DEEPEST_LIKE:
        found.add("like", "goes in circles or too deep", line=tree.line_of("like"))
        return values, tree
    beside = path.parent / f"{like}.yaml"
    base, _ = _values(beside if beside.is_file() else SHIPPED / f"{like}.yaml", found, depth + 1)
    return {**base, **values}, tree


def _find_unknown(value: Any, tree: Located, where: str, hint: Any, found: Findings) -> None:
    """Notes every key that the type does not have: a misspelt `harm` would otherwise be a harmless world."""
    arguments = typing.get_args(hint)
    if isinstance(value, list) and arguments:
        for index, item in enumerate(value):
            _find_unknown(item, tree, f"{where}[{index}]", arguments[0], found)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(part for part in arguments if is_dataclass(part)) if any(map(is_dataclass, arguments)) else None
    if not isinstance(value, dict) or not is_dataclass(hint):
        return
    hints = typing.get_type_hints(hint)
    for key, item in value.items():
        place = f"{where}.{key}" if where else str(key)
        if key not in hints:
            found.unknown(place, "field", key, [entry.name for entry in fields(hint)], line=tree.line_of(place))
        else:
            _find_unknown(item, tree, place, hints[key], found)


def _converted(values: dict[str, Any], tree: Located, found: Findings) -> World | None:
    try:
        return msgspec.convert(values, World, strict=False)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        where = place["path"].lstrip(".") if place else ""
        found.add(where, _PLACE.sub("", str(error)), line=tree.line_of(where) if where else 1)
        return None


def _check(world: World, tree: Located, found: Findings) -> None:
    hours = [step.hour for step in world.ramp]
    if not hours or hours[0] != 0 or sorted(set(hours)) != hours:
        found.add("ramp", "must begin at hour 0 and its hours must rise", line=tree.line_of("ramp"))
    wanting = [population.name for population in world.populations if (
        population.per_hour <= 0 if world.kind == "fresh" else population.size <= 0 or population.events_per_day <= 0)]
    if wanting or not world.populations:
        needed = "per_hour" if world.kind == "fresh" else "size and events_per_day"
        found.add("populations", f"{', '.join(wanting) or 'none'}: {needed} must be above 0",
                  line=tree.line_of("populations"))
    if world.mde <= 0:
        found.add("mde", "must be above 0", line=tree.line_of("mde"))
