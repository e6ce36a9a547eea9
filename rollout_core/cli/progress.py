"""A sign of life on long work, on stderr, so that the answer on stdout stays clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def working(what: str, *, quiet: bool, total: float | None = None) -> Iterator[Callable[[float], None]]:
    """A bar with the time it has taken; the function it gives takes how much is done. Nothing is drawn if `quiet`.

    Without a `total` the bar runs from side to side; without a terminal one line says what is under way.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    bare = not console.is_terminal
    if bare and not quiet:
        console.print(f"{what} …")
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=quiet or bare) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
