"""A process that does verbs on a store until it is killed. Prints the revision and audit seq after each commit.

Usage: python -m tests.contract.verb_worker DIRECTORY
"""

from __future__ import annotations

import sys
from itertools import cycle
from pathlib import Path

from rollout_core.rollouts.status import Status
from rollout_core.storage.control_store import open_control_store
from tests.fakes.control_setting import Setting, read_made

STEPS = cycle([("pause", {}), ("resume", {}), ("set_percentage", {"percentage": 0.5}), ("hold", {}),
               ("set_percentage", {"percentage": 0.7}), ("roll_back", {"kind": "gradual"}), ("stop", {}),
               ("resume", {}), ("set_override", {"subject": "u1", "value": True, "reason": "test"})])


def main(directory: Path) -> None:
    control = open_control_store(directory / "control.sqlite", read_made, reserve=directory / "reserve")
    setting = Setting(directory, control=control)
    if setting.rollout().status is not Status.RUNNING:
        setting.raise_by("resume")
    for verb, fields in STEPS:
        change = setting.raise_by(verb, **fields)
        print(change.revision, change.audit_seq, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
