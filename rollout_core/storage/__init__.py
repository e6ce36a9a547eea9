"""control.sqlite and DuckDB behind the ports."""
