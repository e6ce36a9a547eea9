"""Names of people and tokens: when two spellings are one name, and which names nobody may have. Pure."""

from __future__ import annotations

import re
from unicodedata import normalize

from rollout_core.errors import InvalidRequest

LONGEST = 200

RESERVED = frozenset({"owner", "autopilot", "autopilottrial", "setup", "start", "sweep", "demo", "system", "emergency",
                      "public", "unknown", "nobody", "anybody"})
"""Who else stands in the trail as the one who did something, without spaces and marks: no person and no token is called
like one of them."""

UNSEEN = re.compile("[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e"
                    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U000e0000-\\U000e0fff]")
"""Unicode's Default_Ignorable_Code_Point of a name: characters that nobody sees."""

_BETWEEN = re.compile(r"[\W_]+")


def shown(name: str) -> str:
    """A name as it is kept and shown: without what nobody sees, one space between its parts."""
    return " ".join(UNSEEN.sub("", name).split())


def folded(name: str) -> str:
    """What two spellings of one name share: NFKC_Casefold (Unicode 16, section 3.13) with single spaces.

    Letters of another script that only look alike stay different.
    """
    return " ".join(UNSEEN.sub("", normalize("NFKC", normalize("NFKC", name).casefold())).split())


def usable(name: str) -> str:
    """`shown`. Raises InvalidRequest for a name that is empty, too long or somebody else's."""
    told = shown(name)
    if not told or len(told) > LONGEST:
        raise InvalidRequest(f"A name has 1 to {LONGEST} characters that can be seen.",
                             mend="Usually it is the e-mail address.", name=told[:LONGEST])
    if _BETWEEN.sub("", folded(told)) in RESERVED:
        raise InvalidRequest(f"{told} is what the audit trail calls a part of this app.", mend="Choose another name.",
                             name=told)
    return told
