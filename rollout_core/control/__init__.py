"""The only code that changes state: one verb per file."""
