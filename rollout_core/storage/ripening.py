"""Outcomes of people who entered on settled days and are known only today: most of that is settled too.

Whoever entered two days ago and is looked at after 48 hours becomes known in the course of today, so his day is counted
at every look. But when he entered, whether he changed sides before today and what he did before today is settled
(day_parts.py): it is counted once a day and kept, as one array for each column, under the stamps of the days before
today. A look reads what came today: whose side changed, and when each subject first did it. Keys are those of the
store, as 64 bits with a sign.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from rollout_core.storage.columns import Columns, Earliest
from rollout_core.storage.day_parts import ONE_DAY, Part
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring parts by what is known of them: `settled`, `ripening` (entered before today, known today or later),
    and `fresh`: entered today, or later."""

    settled: Sequence[Part]
    ripening: Sequence[Part]
    fresh: Sequence[Part]


def divided(run: Sequence[Part], today: date | None) -> Run:
    """A run of parts, cut; `today` None: nothing is settled."""
    if today is None:
        return Run((), (), run)
    return Run([part for part in run if part.last < today], [part for part in run if part.day < today <= part.last],
               [part for part in run if part.day >= today and part.last >= today])


def people_of(reader: Reader, part: Part, asked: Hashable, today: date, count: Callable[[], Columns]) -> Columns:
    """The people of a ripening part as far as the days before `today` tell; `asked` is all that these depend on."""
    until = Part(part.day, part.first, today - ONE_DAY, ("ripening", asked))
    mark = (*reader.mark(until), today.toordinal())
    known = reader.people.recall(until, mark)
    if known is None:
        known = [(count(),)]
        reader.people.remember(until, mark, known)
    people: Columns = known[0][0]
    return people


def done_today(reader: Reader, unit: str, kinds: Sequence[str], whats: Sequence[str], today: date) -> Earliest:
    """When whoever did one of these things on the day of the watermark did the first of them. `whats` empty: any."""
    narrowed = f" AND what IN ({listed(whats)})" if whats else ""
    return reader.once(("today", unit, kinds, whats), lambda: Earliest(**reader.arrays(
        f"SELECT subject_key AS keys, epoch_us(min(first_at)) AS at FROM subject_day WHERE unit = {listed((unit,))} "
        f"AND day = DATE '{today}' AND kind IN ({listed(kinds)}){narrowed} GROUP BY subject_key")))
