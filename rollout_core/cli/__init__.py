"""The verbs and answers in a terminal."""
