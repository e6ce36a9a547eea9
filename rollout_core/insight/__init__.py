"""Answers for charts, reports, routes, gates and sweeps. Never writes."""
