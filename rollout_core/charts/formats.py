"""Numbers and times in words for people: one way to write each, with a true minus sign."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from math import exp, log
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rollout_core.flags.bucketing import BUCKETS
from rollout_core.metrics.measured import share_digits

NONE = "–"
"""What stands where there is no value."""


def true_minus(text: str) -> str:
    """A minus sign (U+2212) instead of the hyphen."""
    return text.replace("-", "−")


def number(value: float | None, digits: int = 0) -> str:
    """1234.5 -> "1,234" (half to even, as Python rounds)."""
    return NONE if value is None else true_minus(f"{value:,.{digits}f}")


count = number


def percent(share: float | None, digits: int = 1) -> str:
    """A share 0..1 in percent: 0.196 -> "19.6%"."""
    return NONE if share is None else true_minus(f"{share * 100:,.{digits}f}%")


def bucket_percent(buckets: int | None) -> str:
    """A percentage stored in buckets, with as many digits as it has: 100 -> "0.1%", 20000 -> "20%"."""
    return NONE if buckets is None else f"{buckets * 100 / BUCKETS:.3f}".rstrip("0").rstrip(".") + "%"


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of shares in percentage points: 0.012 -> "+1.2 pp"."""
    return NONE if difference is None else signed(difference * 100, digits) + " pp"


def signed(value: float, digits: int = 1) -> str:
    """+1.2, −0.4, and 0.0 without a sign (a rounded zero has no direction)."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if float(text.replace(",", "")) == 0 else true_minus(text)


def milliseconds(value: float | None) -> str:
    """236 -> "236 ms"; from 1,000 in seconds: 2310 -> "2.31 s"."""
    if value is None:
        return NONE
    return true_minus(f"{value / 1000:.2f} s" if abs(value) >= 1000 else f"{value:.0f} ms")


_DIGITS = {"score": 0, "rating": 2, "minutes": 1, "days": 1, "ratio": 2, "points": 0}
_SUFFIX = {"minutes": " min", "days": " days"}


def in_unit(value: float | None, unit: str, digits: int | None = None) -> str:
    """A value in its metric's unit: share, relative, ms, score, rating, number, minutes, days."""
    if value is None:
        return NONE
    if unit in ("share", "percent"):
        return percent(value, share_digits(value) if digits is None else digits)
    if unit == "relative":
        return signed(value * 100, 1 if digits is None else digits) + "%"
    if unit == "ms":
        return milliseconds(value)
    if unit == "number" and 0 < abs(value) < 0.1:
        return true_minus(f"{value:.2g}")
    usual = _DIGITS.get(unit, 0 if abs(value) >= 100 else 2)
    return number(value, usual if digits is None else digits) + _SUFFIX.get(unit, "")


def target(value: float, unit: str) -> str:
    """A target as plans write it, without idle zeros: 0.05 -> "5%", 2500 ms -> "2.5 s", +25 % -> "+25%"."""
    if unit in ("share", "percent"):
        return true_minus(f"{round(value * 100, 4):g}%")
    if unit == "relative":
        return true_minus(f"{round(value * 100, 4):+g}%")
    if unit == "ms":
        return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"
    return true_minus(f"{value:g}") + _SUFFIX.get(unit, "")


def interval(low: float | None, high: float | None, unit: str) -> str:
    """The 95 % interval in brackets: "(1.12–1.52)"; signed ones with "to": "(−7.2 to +1.9)"; "" when there is none."""
    if low is None or high is None:
        return ""
    if unit == "relative" or low < 0:
        return f"({_bare(low, unit)} to {_bare(high, unit)})"
    if unit == "ms" and max(abs(low), abs(high)) >= 1000:
        return f"({low / 1000:.2f}–{high / 1000:.2f})"
    return f"({_bare(low, unit)}–{_bare(high, unit)})"


def _bare(value: float, unit: str) -> str:
    text = in_unit(value, unit)
    for suffix in ("%", " ms", " s", " min", " days"):
        text = text.removesuffix(suffix)
    return text


def difference(value: float, unit: str) -> str:
    """A signed difference in the metric's unit: shares in points, milliseconds with sign, the rest as numbers."""
    if unit == "points":
        return f"{signed(value, 0)} points"
    if unit in ("share", "percent"):
        return points(value)
    if unit == "relative":
        return signed(value * 100) + "%"
    if unit == "ms":
        return f"{signed(value / 1000, 2)} s" if abs(value) >= 1000 else f"{signed(value, 0)} ms"
    return signed(value, 2)


def signed_interval(low: float | None, high: float | None, unit: str) -> str:
    """The 95 % interval of a difference, both ends with their sign: "(−0.3 to +0.2)"; "" when there is none."""
    if low is None or high is None:
        return ""
    ends = [difference(end, unit) for end in (low, high)]
    same = next((each for each in (" points", " pp", " ms", " s", "%") if all(end.endswith(each) for end in ends)), "")
    return f"({' to '.join(end.removesuffix(same) for end in ends)})"


LARGEST_E = 14.0
"""Above e**14 an e-value is written as a power of ten."""


def e_value(log_e: float) -> str:
    """exp(log e) for people: 0.56, 1,240, 10^9; "0" below a hundredth."""
    if log_e < 0:
        return f"{exp(log_e):.2g}" if log_e > -4.6 else "0"
    return f"{exp(log_e):,.0f}" if log_e < LARGEST_E else f"10^{log_e / log(10):.0f}"


def about(value: float) -> str:
    """A forecast, rounded to two digits: 1234 -> "about 1,200"."""
    if value == 0:
        return "about 0"
    places = len(str(int(abs(value)))) - 2
    return f"about {number(round(value, -places) if places > 0 else round(value))}"


def span(length: timedelta | None) -> str:
    """A duration in its two largest units: 42 min, 1 h 30 min, 3 days."""
    if length is None:
        return NONE
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 1:
        return f"{int(abs(length).total_seconds())} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    days, hours = divmod(hours, 24)
    whole = f"{days} day" + ("s" if days != 1 else "")
    return whole + (f" {hours} h" if hours and days < 3 else "")


def zone(name: str | None) -> tzinfo:
    """The viewer's zone; UTC when the browser names none or one that this machine does not know."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(at: datetime | None, now: datetime, where: tzinfo) -> str:
    """A time for a reader: "14:32" today, "Wed 18 Nov, 16:20" this year, "Thu 25 Feb 2027, 09:00" in another one within
    300 days, "18 Nov 2025" further away. Both times are aware."""
    if at is None:
        return NONE
    there, today = at.astimezone(where), now.astimezone(where)
    return f"{there:%H:%M}" if there.date() == today.date() else _dated(at, now, where)


def stretch(since: datetime, until: datetime, now: datetime, where: tzinfo) -> str:
    """From when to when for a reader: "09:10 to 11:44" today, "Wed 18 Nov, 11:17 to 11:44" within another day, else
    both with their day: "Wed 18 Nov, 11:17 to Tue 1 Dec, 11:44"."""
    end = until.astimezone(where)
    if since.astimezone(where).date() != end.date():
        return f"{_dated(since, now, where)} to {_dated(until, now, where)}"
    begin = moment(since, now, where)
    return f"{begin} to {end:%H:%M}" if ":" in begin else begin


def _dated(at: datetime, now: datetime, where: tzinfo) -> str:
    """A time with its day, even today; only the day when it is far away."""
    there, today = at.astimezone(where), now.astimezone(where)
    if abs(today - there) < timedelta(days=300):
        return f"{there:%a} {day(at, now, where)}, {there:%H:%M}"
    return day(at, now, where)


def day(at: datetime | None, now: datetime, where: tzinfo) -> str:
    """Only the day: "12 Nov" this year, "12 Nov 2027" in another one: without its year it would read as this one's."""
    if at is None:
        return NONE
    there = at.astimezone(where)
    year = "" if there.year == now.astimezone(where).year else f" {there.year}"
    return f"{there.day} {there:%b}{year}"


def ago(at: datetime | None, now: datetime) -> str:
    """How long since: "42 min ago"; "just now" within a minute."""
    if at is None:
        return NONE
    return "just now" if now - at < timedelta(minutes=1) else f"{span(now - at)} ago"


def counted(n: int, noun: str) -> str:
    """A count with its noun, singular for one: "1 page view", "182,400 requests", "3 people" (person)."""
    irregular = {"people": "person"}
    if n != 1:
        return f"{n:,} {noun}"
    if noun in irregular:
        return f"1 {irregular[noun]}"
    return f"1 {noun.removesuffix('s')}"
