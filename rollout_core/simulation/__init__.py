"""Demo scenario, worlds, rehearsal: made or replayed time through the same verbs."""
