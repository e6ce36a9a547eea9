"""What people write into a request: bounded, and without characters that nobody sees. Pure.

Reasons, names and titles go into an audit trail that never forgets and onto pages that everybody opens; a text of
megabytes or one that turns the direction of reading (U+202E) would be there for good.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from rollout_core.errors import Problem

LONGEST = 4_000
"""Characters of one text; a reason of a page is about 3,000."""

UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line breaks, and those that turn the direction of reading."""


def unusable_texts(request: Any) -> tuple[Problem, ...]:
    """What is wrong with the texts among a request's own fields. Documents and events have checks of their own."""
    texts = {each.name: value for each in fields(request) if isinstance(value := getattr(request, each.name), str)}
    long = (Problem(name, f"has {len(text):,} characters", f"at most {LONGEST:,}")
            for name, text in texts.items() if len(text) > LONGEST)
    unseen = (Problem(name, "holds characters that cannot be seen", "text, spaces and line breaks")
              for name, text in texts.items() if UNSEEN.search(text))
    return (*long, *unseen)


def visible(text: str) -> str:
    """A text without what nobody sees."""
    return UNSEEN.sub("", text)
