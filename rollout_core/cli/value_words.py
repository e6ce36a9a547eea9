"""Values in words, for a terminal: shares, counts, instants, measured numbers, and any answer name by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Values = Mapping[str, Any]
MINUS = "−"


def percent(value: float | None) -> str:
    """20 -> "20 %"; None -> "not known"."""
    return "not known" if value is None else f"{value:g} %"


def share_of(buckets: int | None) -> str:
    """Buckets of 100,000 as a percentage."""
    return percent(None if buckets is None else buckets / 1000)


def count(number: int | None, noun: str) -> str:
    """"1,234 users", or that it is not known."""
    return f"an unknown number of {noun}" if number is None else f"{number:,} {noun}"


def moment(text: str | None) -> str:
    """An ISO instant as "22 Nov 2026, 14:32 UTC"."""
    if not text:
        return "never"
    return f"{datetime.fromisoformat(text).astimezone(UTC):%d %b %Y, %H:%M} UTC"


def measured(value: Values) -> str:
    """A number with its interval and n, or that there is no data."""
    if value["value"] is None:
        return "no data"
    unit = value["unit"]
    interval = ""
    if value["low"] is not None and value["high"] is not None:
        interval = f" ({_number(value['low'], unit)} to {_number(value['high'], unit)})"
    return f"{_number(value['value'], unit)}{interval}, n = {value['n']:,} {value['noun']}"


def compared(change: Values) -> str:
    """A comparison with the two values it is of; of too few only these."""
    of = change.get("alike")
    if not of or change["value"] is None:
        return measured(change)
    both = (f"{_number(of['treatment'], of['unit'])} against {_number(of['control'], of['unit'])}, "
            f"n = {of['treatment_n']:,} and {of['control_n']:,}")
    if change["quality"] == "few":
        return f"too few to compare: {both}"
    return f"{measured(change).partition(', n = ')[0]}: {both}"


def _number(value: float, unit: str) -> str:
    formats = {"share": lambda: f"{value * 100:.3g} %", "relative": lambda: f"{value * 100:+.3g} %",
               "ms": lambda: f"{value:,.0f} ms", "score": lambda: f"{value:.1f}", "rating": lambda: f"{value:.2f}",
               "days": lambda: f"{value:.1f} days", "minutes": lambda: f"{value:.1f} min"}
    return formats.get(unit, lambda: f"{value:,.4g}")().replace("-", MINUS)


def tree(found: Any, indent: str = "") -> str:
    """Any answer, name by name; nothing is left out but what is empty."""
    if not isinstance(found, Mapping):
        return f"{indent}{found}"
    lines: list[str] = []
    for name, value in found.items():
        if isinstance(value, Mapping) and {"value", "quality", "noun"} <= set(value):
            lines.append(f"{indent}{name}: {measured(value)}")
        elif isinstance(value, Mapping) and value:
            lines += [f"{indent}{name}:", tree(value, indent + "  ")]
        elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
            lines.append(f"{indent}{name}:")
            lines += [_item(each, indent) for each in value]
        elif value not in (None, "", [], {}):
            lines.append(f"{indent}{name}: {value}")
    return "\n".join(lines)


def _item(value: Any, indent: str) -> str:
    inner = tree(value, indent + "    ")
    return f"{indent}  - {inner.lstrip()}"
