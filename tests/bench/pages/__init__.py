"""How long the pages take on a large store, in the real server: `python -m tests.bench.pages --help`."""
