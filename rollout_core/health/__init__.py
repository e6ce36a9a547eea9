"""One glance for a person: score, alerts, recommendations. Pure; never acts."""
