"""What is measured, and how a number is computed from counts. Pure."""
