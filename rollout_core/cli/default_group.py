"""A group of commands that does the first of them when none is named: `rollout decisions -r KEY` lists."""

from __future__ import annotations

from typing import Any

import click


class DefaultGroup(click.Group):
    """`default` is the command meant when the words begin with none; its options may then follow the group's name."""

    def __init__(self, *args: Any, default: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default's name before options that stand alone; help stays the group's own."""
        first = args[0] if args else "-"
        unnamed = first.startswith("-") and first not in self.get_help_option_names(ctx)
        return super().parse_args(ctx, [self.default, *args] if unnamed else args)
