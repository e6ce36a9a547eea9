"""A flag: a named switch with variants that a plan's phases turn on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """One answer a flag can give; weights are relative integers."""

    key: str
    value: bool | str | int | float
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Flag:
    """`prerequisite` must be on for the subject before this flag can be; `tags` such as core, critical, social."""

    key: str
    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    prerequisite: str | None = None
    variants: tuple[Variant, ...] = ()
    enters_phase: str | None = None
