"""Numbers and comparisons in words for answers that people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from rollout_core.metrics.measured import Measured, Quality, counted, share_digits
from rollout_core.rollouts.phase import Comparison

AT = {Comparison.ABOVE: "above", Comparison.AT_LEAST: "at least", Comparison.BELOW: "below",
      Comparison.AT_MOST: "at most"}
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NOT_COMPARED = "not compared: "
"""How a note begins that says why two arms with data are not compared."""


def number(value: float | None, unit: str) -> str:
    """A value in its unit: 4.1%, +12%, 236 ms, 2.31 s, 4.3, no data."""
    if value is None:
        return "no data"
    return FORMATS.get(unit, _plain)(value).replace("-", MINUS)


def _ms(value: float) -> str:
    return f"{value / 1000:.2f} s" if abs(value) >= 1000 else f"{value:.0f} ms"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def _percent(value: float) -> str:
    text = f"{value * 100:.{share_digits(value)}f}"
    return text.rstrip("0").rstrip(".") + "%"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + _percent(value)


FORMATS: Mapping[str, Callable[[float], str]] = {
    "share": _percent, "relative": _signed, "ms": _ms, "score": "{:.0f}".format, "rating": "{:.2f}".format,
    "points": "{:.0f}".format, "minutes": "{:.1f} min".format, "days": "{:.1f} days".format,
}
"""Unit of the catalogue -> how a value is written; others as a plain number."""


def measured_in_words(measured: Measured) -> str:
    """`4.1% (3.7%-4.5%), 1,200 requests`; of a plain count its value and note; with nothing measured, why."""
    if measured.value is None:
        said = measured.note.startswith(NOT_COMPARED)
        return measured.note if said else f"no data: {measured.note}" if measured.note else "no data"
    joint = " to " if measured.unit == "relative" else DASH
    around = ("" if measured.low is None or measured.high is None or measured.low == measured.high else
              f" ({number(measured.low, measured.unit)}{joint}{number(measured.high, measured.unit)})")
    stale = ", stale: nothing newer arrived" if measured.quality is Quality.STALE else ""
    many = "" if measured.n == 1 and not around else f", {counted(measured.n, measured.noun)}"
    note = f": {measured.note}" if measured.note and measured.low is not None and not around else ""
    return f"{number(measured.value, measured.unit)}{around}{many}{stale}{note}"


def change_in_words(change: Measured) -> str:
    """A comparison with the two values it is of: `-28.3% (-47.1% to -2.8%), of 39.8% against 55.4% like with like, 83
    and 597 page loads`; of too few only these."""
    of = change.alike
    if change.value is None or of is None:
        return measured_in_words(change)
    values = (f"{value:.1f}" if of.unit == "score" else number(value, of.unit) for value in (of.treatment, of.control))
    both = (f"{' against '.join(values)} like with like, "
            f"{of.treatment_n:,} and {of.control_n:,} {change.noun}")
    if change.quality is Quality.FEW:
        return f"too few to compare: {both}"
    around = ("" if change.low is None or change.high is None else
              f" ({number(change.low, change.unit)} to {number(change.high, change.unit)})")
    return f"{number(change.value, change.unit)}{around}, of {both}"


def instant(at: datetime) -> str:
    """A time within a sentence that is stored and read in many zones: "2 Mar 2026, 11:58 UTC"."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def difference_in_words(measured: Measured) -> str:
    """A difference of treatment and control: `+38 ms (+16 ms to +61 ms)`; of shares in percentage points."""
    if measured.value is None or measured.low is None or measured.high is None:
        return measured_in_words(measured)
    if measured.unit == "share":
        value, low, high = (f"{part * 100:+.2f}" for part in (measured.value, measured.low, measured.high))
        return f"{value} pp ({low} to {high})".replace("-", MINUS)
    value, low, high = (("+" if part > 0 else "") + number(part, measured.unit).lstrip("+")
                        for part in (measured.value, measured.low, measured.high))
    return f"{value} ({low} to {high})"


def target_in_words(comparison: Comparison | None, target: float | None, unit: str) -> str:
    """`below 3%`; an empty text where there is no target."""
    return "" if comparison is None or target is None else f"{AT[comparison]} {number(target, unit)}"
