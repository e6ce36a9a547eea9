# The two commands that matter: `make run` and `make test`.
PYTHON ?= python3
PY := .venv/bin/python
DEMO ?= 1
WORKERS ?= 2

.PHONY: install run test check bench bench-pages bench-statistics demo clean

install: .venv/.installed

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.txt pyproject.toml
	@echo "Installing the packages of requirements.txt into .venv; this takes a few minutes, once."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.installed-tests: .venv/.installed tests/requirements.txt
	@echo "Installing what the tests need; this takes a minute, once."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

run: install            ## serves http://localhost:8501 (DEMO=0: an empty store for real data)
	@$(PY) -m rollout_core serve $(if $(filter 0,$(DEMO)),--no-demo,--demo)

test: .venv/.installed-tests   ## in WORKERS processes; one folder: make test TESTS=tests/pages
	$(PY) -m pytest -n $(WORKERS) $(TESTS)

check: .venv/.installed-tests
	.venv/bin/ruff check dashboard.py pages rollout_core tests
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m rollout_core plan check data/plans/*.yaml

bench: .venv/.installed-tests
	$(PY) -m tests.bench

bench-pages: .venv/.installed-tests   ## every page on 10 M events in the real server; BENCH_PAGES="--events 300000 …"
	$(PY) -m tests.bench.pages $(BENCH_PAGES)

bench-statistics: .venv/.installed-tests
	$(PY) -m tests.statistics.bench_statistics

bench-demo: .venv/.installed-tests    ## the demo in mode act, and 50 harmless versions of it (an hour and more)
	$(PY) -m tests.statistics.bench_demo

demo: install           ## makes the demo store anew
	$(PY) -m rollout_core demo --anew

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
