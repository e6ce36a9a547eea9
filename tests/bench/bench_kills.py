"""kill -9 at 20 random moments while the app writes events, sweeps and changes a rollout: acknowledged and lost."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figures import Figure, at_most, report
from tests.fakes.killed_app import Told, kill_once, look_after, prepare

KILLS = int(os.environ.get("ROLLOUT_TEST_KILLS", "20"))
SEED = 64


def main() -> int:
    """Kills, looks, counts."""
    rounds, lost, contradictions = list[Told](), [], []
    with TemporaryDirectory(prefix="rollout-kills-") as folder:
        settings, moments = prepare(Path(folder) / "store"), random.Random(SEED)
        for number in range(KILLS):
            rounds.append(kill_once(settings.store, f"k{number}", moments))
            left = look_after(settings, f"k{number}", rounds[-1])
            lost.append(left.lost)
            contradictions += left.contradictions
    return report(f"kill -9 of the running app, {KILLS} times", figures(rounds, lost, contradictions))


def figures(rounds: list[Told], lost: list[int], contradictions: list[str]) -> list[Figure]:
    """Each sum beside its bar."""
    batches, verbs = sum(len(told.batches) for told in rounds), sum(len(told.revisions) for told in rounds)
    swept, refused = sum(told.sweeps for told in rounds), [each for told in rounds for each in told.refused]
    return [
        at_most("acknowledged batches lost", 0, "batches", [float(sum(lost))],
                f"of {batches:,} acknowledged, {swept:,} sweeps beside them"),
        at_most("contradictions in rollout, epochs and trail", 0, "found", [float(len(contradictions))],
                f"after {verbs:,} acknowledged verbs {'; '.join(contradictions[:3])}"),
        at_most("refused before the kill", 0, "answers", [float(len(refused))], "; ".join(refused[:2])),
    ]


if __name__ == "__main__":
    sys.exit(main())
