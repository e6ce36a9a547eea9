"""The number of a verdict for people: signed as with it minus without it, in its unit, with what it is of."""

from __future__ import annotations

from collections.abc import Mapping

from rollout_core.charts import formats, words
from rollout_core.charts.words import Word, plain, quiet
from rollout_core.insight.verdicts import NamedVerdict
from rollout_core.metrics.measured import share_digits

POINTS = ("share", "ms")
"""Units judged as shares: percentiles by how many are slower than a value that does not move."""


def standing(line: NamedVerdict, states: Mapping[str, Word]) -> Word:
    """The state in a word; what is open with too few seen says that."""
    word = words.of(states, line.verdict.status)
    return words.TOO_FEW if word in (words.WATCHING, words.NOT_YET) and not line.enough else word


def drawn_ends(line: NamedVerdict) -> tuple[float, float, float] | None:
    """Lower end, estimate and upper end as they are told; None without an interval."""
    found = line.verdict
    if found.estimate is None or found.lower is None or found.upper is None:
        return None
    if line.told.turned:
        return -found.upper, -found.estimate, -found.lower
    return found.lower, found.estimate, found.upper


def value(line: NamedVerdict, number: float) -> str:
    """A told number on its verdict's scale: differences signed (shares and percentiles in points), ratios as times."""
    if line.verdict.scale == "ratio":
        return f"{number:.2f} times"
    apart = line.verdict.scale == "difference"
    if line.unit in POINTS:
        share = min(max(number, 0.0), 1.0)                       # a bound may lie beyond what a share can be
        return formats.points(number) if apart else formats.percent(share, max(2, share_digits(share)))
    said = formats.signed(number, 2) if apart else formats.number(number, 2)
    return f"{said} min" if line.unit == "minutes" else said


def text(line: NamedVerdict) -> str:
    """**+1.0 pp** (−10.1 to +12.0), then what it is of; without an interval only the estimate."""
    ends = drawn_ends(line)
    about = quiet(plain(line.told.about)) if line.told.about else ""
    if ends is None:
        estimate = line.verdict.estimate or 0.0
        unbounded = "" if line.verdict.scale == "ratio" else f" {quiet('no bounds yet')}"
        told = f"**{value(line, -estimate if line.told.turned else estimate)}**{unbounded}"
        return " ".join(filter(None, (told, about)))
    low, middle, high = (value(line, end) for end in ends)
    unit = next((each for each in (" pp", "%", " times", " min") if middle.endswith(each)), "")
    around = f"({low.removesuffix(unit)} to {high.removesuffix(unit)})"
    return " ".join(filter(None, (f"**{middle}** {around}", about)))


def spoken(line: NamedVerdict, ends: tuple[float, float, float]) -> str:
    """The same for who does not see the drawing, without markup."""
    low, middle, high = (value(line, end) for end in ends)
    return f"{line.name}: {middle}, from {low} to {high}"


def many(line: NamedVerdict) -> str:
    """How many it stands on: "985 sessions with it, 6,730 without"; of treatment's own value all of treatment."""
    found = line.verdict
    if found.scale == "level" and not found.n_control:
        return f"{formats.counted(found.n_treatment, line.told.noun)} with it"
    if found.scale == "level":
        return f"all {formats.counted(found.n_treatment, line.told.noun)} with it, {found.n_control:,} without"
    return f"{formats.counted(found.n_treatment, line.told.noun)} with it, {found.n_control:,} without"
