"""A sign of life on long work, on stderr, so that the answer on stdout stays clean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

STEP = 0.1
"""Without a terminal a line is written for each tenth of the work."""


class Say(Protocol):
    """Takes how much is done, and what that is in words."""

    def __call__(self, done: float, words: str = "") -> None:
        """Shows it."""
        ...


@contextmanager
def working(what: str, *, quiet: bool, total: float | None = None) -> Iterator[Say]:
    """A bar with the time it has taken and still takes; the function it gives takes how much is done, and words.
    Nothing is drawn if `quiet`.

    Without a `total` the bar runs from side to side; without a terminal one line says what is under way, and one each
    tenth of the `total` how far it is.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bare = not console.is_terminal
    if bare and not quiet:
        console.print(f"{what} …")
    if bare or quiet:
        yield Lines((lambda line: None) if quiet else lambda line: console.print(line, highlight=False), total or 0.0,
                    time.monotonic)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), TextColumn("{task.fields[rest]}"), console=console,
                  transient=True) as progress:
        task, began = progress.add_task(what, total=total, rest=""), time.monotonic()

        def say(done: float, words: str = "") -> None:
            parts = (words, left(done / total, time.monotonic() - began) if total else "")
            progress.update(task, completed=done, rest=", ".join(filter(None, parts)))

        yield say


@dataclass(slots=True)
class Lines:
    """Progress for a log: `write` gets one line each tenth of `total` (0: none at all). `clock` tells seconds."""

    write: Callable[[str], object]
    total: float
    clock: Callable[[], float]
    began: float = field(init=False)
    next: float = STEP

    def __post_init__(self) -> None:
        self.began = self.clock()

    def __call__(self, done: float, words: str = "") -> None:
        """Writes a line when another tenth is done; nothing at the very end, where the answer follows."""
        share = done / self.total if self.total else 0.0
        if not self.next <= share < 1.0:
            return
        self.next = (share // STEP + 1) * STEP
        self.write(", ".join(filter(None, (f"  {share:.0%}", words, left(share, self.clock() - self.began)))))


def left(share: float, seconds: float) -> str:
    """How long the rest takes if it goes on as it did: (0.25, 20 s) -> "about 60 s left"; "" before anything is done.

    The estimate is only as good as that: work whose parts weigh unequally, or a machine that gets busy, move it.
    """
    if not 0.0 < share < 1.0:
        return ""
    rest = seconds * (1.0 - share) / share
    return f"about {rest:.0f} s left" if rest < 90 else f"about {rest / 60:.0f} min left"
