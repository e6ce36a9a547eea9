"""A sign of life on long work, on stderr, so that the answer on stdout stays clean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def working(what: str, *, quiet: bool, total: float | None = None) -> Iterator[Progress]:
    """A bar with the time it has taken (running from side to side while no total is known); none when `quiet`."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        progress.add_task(what, total=total)
        yield progress
