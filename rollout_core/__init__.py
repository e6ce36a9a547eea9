"""The rollout control room's core: who is in, what happened, is it safe, and who may move it."""

__version__ = "0.1.0"
