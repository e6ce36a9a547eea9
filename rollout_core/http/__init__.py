"""The verbs and answers over HTTP."""
