"""What a command's exit code says. docs/guide/cli.md repeats this table; a test compares them."""

from __future__ import annotations

from rollout_core import errors
from rollout_core.errors import RolloutError

DONE = 0
UNFORESEEN = 1
USAGE = 2
INVALID = 3
NOT_FOUND = 4
NOT_PERMITTED = 5
REFUSED = 6
STORE = 7
UNREACHABLE = 8
FOUND_SOMETHING = 9
NOT_ALL = 10

MEANINGS: dict[int, str] = {
    DONE: "done",
    UNFORESEEN: "an unforeseen failure",
    USAGE: "the command was not understood",
    INVALID: "a value, a plan or a file has mistakes; all are listed",
    NOT_FOUND: "no such rollout, plan, flag or subject",
    NOT_PERMITTED: "nobody is signed in, or the role does not allow it",
    REFUSED: "refused, nothing was changed: a closed gate, a status, a stale revision, a missing reason",
    STORE: "a store cannot do it: locked, corrupt, too new, the disk is full",
    UNREACHABLE: "the running app does not answer",
    FOUND_SOMETHING: "a check found something: `doctor`, `verify`, `audit verify`, `plan check`, `pause-check`",
    NOT_ALL: "done, but not with everything: `import` refused rows or events and kept the others",
}

BY_ERROR: dict[type[RolloutError], int] = {
    errors.NotFound: NOT_FOUND,
    errors.Invalid: INVALID,
    errors.NotSignedIn: NOT_PERMITTED,
    errors.NotPermitted: NOT_PERMITTED,
    errors.Refused: REFUSED,
    errors.StoreError: STORE,
    errors.AppUnreachable: UNREACHABLE,
    RolloutError: UNFORESEEN,
}
"""Error class -> exit code; a class that is not here takes its nearest parent's."""


def exit_code_of(error: RolloutError) -> int:
    """The exit code of the error's class or of its nearest parent in BY_ERROR."""
    return next(BY_ERROR[kind] for kind in type(error).__mro__ if kind in BY_ERROR)
