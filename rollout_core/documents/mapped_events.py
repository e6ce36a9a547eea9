"""Rows of a foreign file -> events and subjects, by a mapping. What cannot be read becomes `Rejected` with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from rollout_core.documents.mapping import EventTemplate, SubjectTemplate, Value
from rollout_core.documents.mapping_times import instants
from rollout_core.documents.mapping_values import EVENT_FIELDS, Rows, Unreadable, cells_of, chosen, plain_texts
from rollout_core.metrics.event import Event, Kind
from rollout_core.metrics.event_checks import Refusal, Rejected
from rollout_core.ports.control_records import Subject


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows of `rows` at `places`, in that order."""

    rows: Rows
    places: Sequence[int]

    @property
    def count(self) -> int:
        return len(self.places)

    def column(self, name: str) -> Sequence[Any]:
        cells = self.rows.column(name)
        return [cells[place] for place in self.places]

    def raw(self, index: int) -> str:
        return self.rows.raw(self.places[index])


def events_of(template: EventTemplate, rows: Rows, ids: Sequence[str],
              numbers: Sequence[int]) -> tuple[list[Event], list[Rejected]]:
    """The events of one template over some rows; `ids` are the rows' event ids, `numbers` their places in the file."""
    places = chosen(rows, template.when)
    picked = rows if len(places) == rows.count else Chosen(rows, places)
    columns: dict[str, Sequence[Any]] = {
        "event_id": [ids[place] for place in places],
        "occurred_at": instants(template.occurred_at, picked.column(template.occurred_at.column)),
        **{name: EVENT_FIELDS[name](cells_of(value, picked)) for name, value in template.fields.items()},
    }
    if "weight" in columns:
        columns["weight"] = [1.0 if weight is None else weight for weight in columns["weight"]]
    if template.units:
        columns["units"] = _dictionaries(template.units, picked, texts=True)
    if template.attributes:
        columns["attributes"] = _dictionaries(template.attributes, picked, texts=False)
    return _built(template, picked, columns, [numbers[place] for place in places])


def _built(template: EventTemplate, rows: Rows, columns: Mapping[str, Sequence[Any]],
           numbers: Sequence[int]) -> tuple[list[Event], list[Rejected]]:
    kind, names, wrong = Kind(template.kind), tuple(columns), unreadable(columns)
    scale = None if template.scale is None else (template.scale[0], template.scale[1])
    make = partial(Event, kind=kind, scale=scale)
    every = enumerate(zip(*columns.values(), strict=True))
    events = [make(**dict(zip(names, cells, strict=True))) for index, cells in every if index not in wrong]
    ids = columns["event_id"]
    rejected = [Rejected(Refusal.UNREADABLE, why, str(ids[index]), str(kind), rows.raw(index), numbers[index])
                for index, why in sorted(wrong.items())]
    return events, rejected


def unreadable(columns: Mapping[str, Sequence[Any]]) -> dict[int, str]:
    """Place of a row -> why it cannot be used: the first of its cells that is Unreadable."""
    found: dict[int, str] = {}
    for name, cells in columns.items():
        for index, cell in enumerate(cells):
            if type(cell) is Unreadable:
                found.setdefault(index, f"{name}: {cell.why}")
    return found


def _dictionaries(values: Mapping[str, Value], rows: Rows, *, texts: bool) -> list[Any]:
    """One dictionary per row; absent cells are left out; an unreadable cell makes its row Unreadable."""
    columns = {name: plain_texts(cells_of(value, rows)) if texts else cells_of(value, rows)
               for name, value in values.items()}
    if not columns:
        return [{} for _ in range(rows.count)]
    names, wrong = tuple(columns), unreadable(columns)
    found: list[Any] = [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    for index, why in wrong.items():
        found[index] = Unreadable(why)
    if any(None in cells for cells in columns.values()):
        return [one if isinstance(one, Unreadable) else {name: cell for name, cell in one.items() if cell is not None}
                for one in found]
    return found


def subjects_of(template: SubjectTemplate, rows: Rows,
                numbers: Sequence[int]) -> tuple[list[Subject], list[Rejected]]:
    """The subjects of one template over some rows; `numbers` are the rows' places in the file.

    Times become UTC ISO 8601 text ending in Z."""
    picked = Chosen(rows, chosen(rows, template.when))
    ids = plain_texts(cells_of(template.id, picked))
    attributes = _dictionaries(template.attributes, picked, texts=False)
    times = {name: instants(moment, picked.column(moment.column)) for name, moment in template.times.items()}
    subjects: list[Subject] = []
    rejected: list[Rejected] = []
    for index, (subject, found) in enumerate(zip(ids, attributes, strict=True)):
        wrong = next((cell.why for cell in (subject, found) if isinstance(cell, Unreadable)), None)
        if subject in (None, "") or wrong:
            rejected.append(Rejected(Refusal.UNREADABLE, wrong or f"the {template.unit} has no id",
                                     raw=picked.raw(index), row=numbers[picked.places[index]]))
            continue
        known = {name: _instant_text(cells[index]) for name, cells in times.items()
                 if isinstance(cells[index], datetime)}
        subjects.append(Subject(template.unit, subject, {**found, **known}))
    return subjects, rejected


def _instant_text(when: datetime) -> str:
    return when.replace(tzinfo=None).isoformat(timespec="microseconds").removesuffix(".000000") + "Z"
