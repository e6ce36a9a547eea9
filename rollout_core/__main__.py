"""`python -m rollout_core` is the command line `rollout`."""

from rollout_core.cli.main import run

if __name__ == "__main__":
    run()
