"""One glance for a person: score, alerts, recommendations. Pure; shown, never acted on."""
