"""What the numbers prove: sufficient statistics in, verdicts out. Pure."""
