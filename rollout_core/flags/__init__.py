"""Which variant a subject gets, and why. Pure; imports nothing heavy."""
