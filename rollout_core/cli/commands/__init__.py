"""The commands, by what they are about. Each module has `COMMANDS`, which main.py puts together."""
