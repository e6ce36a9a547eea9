"""Verdict words: one word, badge colour and icon per meaning, and how user text is kept from being markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rollout_core.charts import palette


@dataclass(frozen=True, slots=True)
class Word:
    """One verdict in words. `colour` is a Streamlit badge colour, `mark` the colour of what is drawn beside it."""

    text: str
    colour: str
    icon: str
    mark: str = palette.MUTED

    @property
    def badge(self) -> str:
        """The word as a markdown badge with its icon."""
        return badge(self.text, self.colour, self.icon)

    def saying(self, text: str) -> str:
        """The same meaning with other words (a count: "2 critical"). `text` is ours, never a user's."""
        return badge(text, self.colour, self.icon)


def badge(text: str, colour: str = "gray", icon: str = "") -> str:
    """A markdown badge. `text` must be our own words or have gone through `plain`."""
    return f":{colour}-badge[{f':material/{icon}: ' if icon else ''}{text}]"


def quiet(text: str) -> str:
    """Small grey markdown text with enough contrast (st.caption has less)."""
    return f":gray[:small[{text}]]"


_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&=^])")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()<>#+\-.!|~$:&=^])")
_SHORTCODE = re.compile(r":(?=[\w+-]+:|material/)")
_LINK = re.compile(r"(?<=://)|(?<=www)(?=\\?\.)|(?<=@)", re.IGNORECASE)
_PERCENT = re.compile(r"(?<=\d) (?=%)")
_JOINER = "⁠"


def plain(text: object) -> str:
    """Anybody's text as literal markdown text: no formatting, link, picture, icon, formula or directive comes of it.

    Punctuation is escaped with backslashes; icon codes and links, which Streamlit looks for after the escapes are
    resolved, are broken by an invisible word joiner (U+2060). Line breaks become spaces; "above 20 %" does not break
    before its sign.
    """
    one_line = _PERCENT.sub("\N{NO-BREAK SPACE}", " ".join(str(text).split()))
    return _SPECIAL.sub(r"\\\1", unlinked(one_line))


def unmarked(markdown: str) -> str:
    """What a reader reads of text that went through `plain`: for a terminal, which knows no markup."""
    return _ESCAPED.sub(r"\1", markdown).replace(_JOINER, "")


def spoken(text: object) -> str:
    """A sentence of ours about somebody's store: literal text, but what stands between backticks is a command."""
    one_line = " ".join(str(text).split())
    parts = one_line.split("`")
    if len(parts) % 2 == 0:
        return plain(one_line)
    return "".join(f"`{part}`" if place % 2 and part else _SPECIAL.sub(r"\\\1", unlinked(part))
                   for place, part in enumerate(parts))


def unlinked(markdown: str) -> str:
    """Markdown in which no address becomes a link by itself and no word between colons an icon (U+2060 breaks them)."""
    return _LINK.sub(_JOINER, _SHORTCODE.sub(f":{_JOINER}", markdown))


def sentence(text: str) -> str:
    """Anybody's text as a sentence: a capital first, a full stop last, nothing as markup."""
    inside = " ".join(text.split()).rstrip(".")
    return plain(inside[:1].upper() + inside[1:] + ".") if inside else ""


MET = Word("Met", "green", "check_circle", palette.GOOD)
PROVEN = Word("Proven", "green", "check_circle", palette.GOOD)
NOT_YET = Word("Not yet", "gray", "hourglass_top")
NOT_MET = Word("Not met", "red", "cancel", palette.POOR)
NO_DATA = Word("No data", "gray", "sensors_off")
TO_SIGN = Word("To sign", "violet", "draw", palette.HOLDOUT)
SIGNED = Word("Signed", "green", "draw", palette.GOOD)
WAIVED = Word("Waived", "violet", "do_not_disturb_on")
SAFE = Word("Safe", "green", "verified_user", palette.GOOD)
WATCHING = Word("Watching", "gray", "visibility")
FIRES = Word("Fires", "red", "pause", palette.POOR)
WORSE = Word("Worse", "red", "trending_down", palette.POOR)
FASTER = Word("Faster", "green", "trending_up", palette.GOOD)
SLOWER = Word("Slower", "red", "trending_down", palette.POOR)
BETTER = Word("Better", "green", "trending_up", palette.GOOD)
UNCLEAR = Word("Unclear", "gray", "help")
TOO_FEW = Word("Too few", "gray", "hourglass_empty")
NOT_COMPARED = Word("Not compared", "gray", "remove")
GOOD = Word("Good", "green", "check_circle", palette.GOOD)
NEEDS_IMPROVEMENT = Word("Needs improvement", "yellow", "change_history", palette.NEEDS_IMPROVEMENT)
POOR = Word("Poor", "red", "cancel", palette.POOR)
HEALTHY = Word("Healthy", "green", "check_circle", palette.GOOD)
FAIR = Word("Fair", "yellow", "change_history", palette.NEEDS_IMPROVEMENT)
UNHEALTHY = Word("Unhealthy", "red", "cancel", palette.POOR)
PROVISIONAL = Word("Provisional", "gray", "incomplete_circle")
UNKNOWN = Word("Unknown", "gray", "help")

CRITERION: Mapping[str, Word] = {
    "met": MET, "proven": PROVEN, "not_met": NOT_MET, "not_yet": NOT_YET, "manual": TO_SIGN, "signed": SIGNED,
    "waived": WAIVED, "no_data": NO_DATA,
}
"""States of a success criterion, as `gates` and `preview` name them. "Proven" is only said of sequential evidence."""

GUARDRAIL: Mapping[str, Word] = {
    "safe": SAFE, "watching": WATCHING, "worse": WORSE, "no_data": NO_DATA,
    "mismatch": Word("Mismatch", "red", "balance", palette.POOR),
}

STATUS: Mapping[str, Word] = {
    "draft": Word("Draft", "gray", "edit_note"),
    "ready": Word("Ready", "gray", "flag"),
    "running": Word("Running", "blue", "play_arrow", palette.TREATMENT),
    "held": Word("Held", "yellow", "front_hand", palette.NEEDS_IMPROVEMENT),
    "paused": Word("Paused", "red", "pause", palette.POOR),
    "stopped": Word("Stopped", "red", "block", palette.POOR),
    "completed": Word("Completed", "green", "done_all", palette.GOOD),
}

SEVERITY: Mapping[str, Word] = {
    "critical": Word("Critical", "red", "emergency_home", palette.POOR),
    "error": Word("Error", "orange", "error", "#d9622b"),
    "warning": Word("Warning", "yellow", "warning", palette.NEEDS_IMPROVEMENT),
    "info": Word("Info", "gray", "info"),
}
ISSUE: Mapping[str, Word] = {
    "critical": SEVERITY["critical"], "high": Word("High", "orange", "priority_high", "#d9622b"),
    "medium": Word("Medium", "yellow", "remove", palette.NEEDS_IMPROVEMENT), "low": Word("Low", "gray", "low_priority"),
}

VERB_ICON: Mapping[str, str] = {
    "prepare": "flag", "start": "play_arrow", "advance": "arrow_forward", "set_percentage": "tune",
    "hold": "front_hand", "pause": "pause", "resume": "resume", "roll_back": "undo", "complete": "done_all",
    "stop": "block", "set_autopilot": "smart_toy", "migrate_plan": "upgrade", "set_override": "person_edit",
}


def of(table: Mapping[str, Word], key: object) -> Word:
    """The word of a state; a state that the table does not know says "Unknown", never something reassuring."""
    return table.get(str(key), UNKNOWN)


def health_word(score: float | None, provisional: bool, measured: bool = True) -> Word:
    """Healthy from 80, fair from 60, unhealthy below; provisional while an input has no data. No data without a score,
    and where nothing measured stands behind a full one."""
    if score is None or (score == 100 and not measured):
        return NO_DATA
    if provisional:
        return PROVISIONAL if score >= 60 else UNHEALTHY
    return HEALTHY if score >= 80 else FAIR if score >= 60 else UNHEALTHY
