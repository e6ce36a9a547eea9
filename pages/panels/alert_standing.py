"""How an alert stands now, in words: what was seen and when, what is seen now, until when it wants an answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from pages.panels.page import Here
from rollout_core.charts import formats, words
from rollout_core.charts.words import sentence

UNPROVEN = "; not proven yet"
"""What evidence ends with where a badge says it already, and where it is over."""


def level_badge(severity: object, over: bool) -> str:
    """How bad it is; of what is over, how bad it was, without the colour."""
    word = words.of(words.SEVERITY, severity)
    return words.badge(word.text, "gray", word.icon) if over else word.badge


def seen_words(here: Here, evidence: str, seen_at: datetime | None, holds: bool | None, latest: str,
               last: str = "now") -> str:
    """What was seen, alone where it is so now: "23.8%, 231 sessions.". Else with its time and what is so instead:
    "Seen Fri 13 Nov, 18:28: 23.8%, 231 sessions. Now: 0.72%, 278 sessions.". `last`: when `latest` was seen."""
    if holds or seen_at is None:
        return sentence(evidence)
    seen = sentence(f"Seen {here.when(seen_at)}: {evidence.removesuffix(UNPROVEN)}") if evidence else ""
    if holds is None:
        now = f"whether it still is, is not known: {latest}" if latest else "nobody has looked since"
    else:
        now = f"{last}: {latest}" if latest else "no longer so"
    return " ".join(part for part in (seen, sentence(now)) if part)


def calm_words(here: Here, calm_since_at: datetime | None) -> str:
    """"Calm since 01:29, resolves by itself"; nothing while it is not calm."""
    return "" if calm_since_at is None else f"calm since {here.when(calm_since_at)}, resolves by itself"


def due_words(here: Here, due_at: datetime) -> str:
    """Until when somebody has to answer, or for how long nobody has."""
    left = due_at - here.now
    if left <= timedelta(0):
        return f"answer overdue by {formats.span(left)}" if left < -timedelta(minutes=1) else "answer at once"
    return f"answer by {here.when(due_at)}, {formats.span(left)} left"
