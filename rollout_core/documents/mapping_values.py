"""Values of a mapping over rows: what a cell, a translation, a test gives. Column by column, rows stay in order.

A cell that cannot be read gives an `Unreadable` in its place; the row becomes a dead letter, the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from rollout_core.documents.mapping import Column, Constant, Joined, Plain, Value, When
from rollout_core.metrics.event import Event


class Rows(Protocol):
    """Some rows of a source: their cells by column name, None where there is nothing."""

    @property
    def count(self) -> int:
        """How many rows."""
        ...

    def column(self, name: str) -> Sequence[Any]:
        """The cells of a column, in the order of the rows. Raises InvalidRequest for an unknown column."""
        ...

    def raw(self, index: int) -> str:
        """A row as it was, for a dead letter."""
        ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that does not hold what it should: why."""

    why: str


def _word(value: Any) -> str:
    """A cell or a wanted value as a word: `True`, `true` and true are one; 3 and 3.0 are one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.lower() if text in ("True", "TRUE", "False", "FALSE") else text


def _has(cell: Any, wanted: Mapping[str, Plain]) -> bool:
    items = cell if isinstance(cell, list) else []
    return any(isinstance(item, dict) and all(key in item and _word(item[key]) == _word(value)
                                              for key, value in wanted.items()) for item in items)


def _among(cell: Any, wanted: Any) -> bool:
    return cell is not None and _word(cell) in {_word(value) for value in wanted}


TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _among,
    "in": _among,
    "not_equals": lambda cell, wanted: cell is not None and not _among(cell, wanted),
    "not_in": lambda cell, wanted: cell is not None and not _among(cell, wanted),
    "present": lambda cell, wanted: (cell is not None) == (_word(wanted[0]) == "true"),
    "has": _has,
    "has_none": lambda cell, wanted: not _has(cell, wanted),
}
"""Test -> what it asks. An absent cell fails all but `present: false` and `has_none`; `has` looks into a list."""


def chosen(rows: Rows, conditions: Sequence[When]) -> list[int]:
    """The places of the rows that pass every condition."""
    places = list(range(rows.count))
    for condition in conditions:
        cells, test, argument = rows.column(condition.column), TESTS[condition.test], condition.argument
        known: dict[Any, bool] = {}
        places = [place for place in places if _passes(cells[place], test, argument, known)]
    return places


def _passes(cell: Any, test: Callable[[Any, Any], bool], argument: Any, known: dict[Any, bool]) -> bool:
    if isinstance(cell, (list, dict)):
        return test(cell, argument)
    if cell not in known:
        known[cell] = test(cell, argument)
    return known[cell]


def cells_of(value: Value, rows: Rows) -> Sequence[Any]:
    """The values of all rows, not yet converted."""
    if isinstance(value, Constant):
        return [value.value] * rows.count
    if isinstance(value, Joined):
        parts = [rows.column(name) for name in value.columns]
        return [None if None in cells else value.join.join(_word(cell) for cell in cells)
                for cells in zip(*parts, strict=True)]
    return _translated(value, rows.column(value.column))


def _translated(value: Column, cells: Sequence[Any]) -> Sequence[Any]:
    if value.values:
        words = {_word(key): plain for key, plain in value.values.items()}
        if value.otherwise is None:
            cells = [None if cell is None else words.get(_word(cell), cell) for cell in cells]
        else:
            cells = [words.get(_word(cell), value.otherwise) if cell is not None else value.otherwise for cell in cells]
    if value.times is not None:
        cells = [_times(cell, value.times) for cell in as_numbers(cells)]
    if value.split is not None:
        cells = [None if cell is None else tuple(filter(None, str(cell).split(value.split))) for cell in cells]
    return cells


def _times(number: Any, factor: float) -> Any:
    return number * factor if isinstance(number, float) else number


def as_numbers(cells: Sequence[Any]) -> list[Any]:
    """Cells as floats; None stays None, what is no number becomes Unreadable."""
    try:
        return [None if cell is None else float(cell) for cell in cells]
    except (TypeError, ValueError):
        return [_one(cell, float, "a number") for cell in cells]


def _as_integers(cells: Sequence[Any]) -> list[Any]:
    return [_one(cell, _integer, "a whole number") for cell in cells]


def _integer(cell: Any) -> int:
    number = float(cell)
    if not number.is_integer():
        raise ValueError
    return int(number)


def _as_texts(cells: Sequence[Any]) -> list[Any]:
    return [cell if cell is None or type(cell) is str else _one(cell, _text, "text") for cell in cells]


def _text(cell: Any) -> str:
    if isinstance(cell, (list, dict, bytes)):
        raise ValueError
    return _word(cell)


def _as_truths(cells: Sequence[Any]) -> list[Any]:
    return [_one(cell, lambda one: {"true": True, "1": True, "false": False, "0": False}[_word(one)], "true or false")
            for cell in cells]


def _one(cell: Any, convert: Callable[[Any], Any], wanted: str) -> Any:
    if cell is None or isinstance(cell, Unreadable):
        return cell
    try:
        return convert(cell)
    except (TypeError, ValueError, KeyError, OverflowError):
        return Unreadable(f"{str(cell)[:60]!r} is not {wanted}")


def plain_texts(cells: Sequence[Any]) -> list[Any]:
    """Cells as text, such as ids of subjects."""
    return _as_texts(cells)


_CONVERSIONS: Mapping[type, Callable[[Sequence[Any]], list[Any]]] = {
    str: _as_texts, float: as_numbers, int: _as_integers, bool: _as_truths,
}
_OWN_KEYS = frozenset({"event_id", "kind", "occurred_at", "units", "attributes", "scale", "sent_at"})


def _wanted(annotation: Any) -> type:
    options = [one for one in getattr(annotation, "__args__", (annotation,)) if one is not type(None)]
    return options[0] if isinstance(options[0], type) else str


EVENT_FIELDS: Mapping[str, Callable[[Sequence[Any]], list[Any]]] = {
    one.name: _CONVERSIONS[_wanted(one.type)]
    for one in msgspec.structs.fields(Event) if one.name not in _OWN_KEYS
}
"""Field of the event envelope that a mapping may fill -> how its cells are converted."""
