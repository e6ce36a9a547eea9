"""Which variant a subject gets, and why. Pure; imports nothing heavy."""

from rollout_core.flags.decision import Arm, Decision, Reason
from rollout_core.flags.evaluation import CompiledRollout, compile_rollout, decide_all, evaluate, is_on
from rollout_core.flags.snapshot import ServedRollout, Snapshot

__all__ = ["Arm", "CompiledRollout", "Decision", "Reason", "ServedRollout", "Snapshot", "compile_rollout",
           "decide_all", "evaluate", "is_on"]
