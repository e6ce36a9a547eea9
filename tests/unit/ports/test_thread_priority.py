"""A thread gives way for itself alone."""

import os
import sys
from threading import Thread

import pytest

from rollout_core.ports.thread_priority import LATER, give_way

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads share one priority elsewhere")


def mine() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def test_a_thread_that_gives_way_becomes_nicer_and_no_other_does() -> None:
    before, within = mine(), []

    def work() -> None:
        give_way()
        within.append(mine())

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert within == [min(before + LATER, 19)]
    assert mine() == before
