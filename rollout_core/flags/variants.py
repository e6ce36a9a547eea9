"""Variants: which answer a subject gets when a flag is on for it. Drawn by a salt of the flag's own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from rollout_core.flags.bucketing import BUCKETS, bucket_of, variant_salt
from rollout_core.flags.flag import Flag, Variant

OFF = Variant(key="off", value=False, weight=0)
ON = Variant(key="on", value=True)

Draw = Callable[[str], Variant]


def off_variant(flag: Flag) -> Variant:
    """What everybody else gets: the flag's variant named `off`, else False."""
    return next((variant for variant in flag.variants if variant.key == OFF.key), OFF)


def compile_variants(flag: Flag, salt: str) -> Draw | None:
    """Draws one of the weighted variants for a subject; None for a boolean flag. `salt` is the rollout's."""
    drawn = tuple(variant for variant in flag.variants if variant.key != OFF.key and variant.weight > 0)
    if not drawn:
        return None
    limits = tuple(accumulate(variant.weight for variant in drawn))
    own_salt = variant_salt(salt, flag.key)

    def draw(subject: str) -> Variant:
        place = bucket_of(own_salt, subject) * limits[-1]
        return next(variant for variant, limit in zip(drawn, limits, strict=True) if place < limit * BUCKETS)
    return draw
