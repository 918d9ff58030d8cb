# Two commands matter: `make demo` plans a made-up retailer's day, `make test` checks everything.
# Both set up .venv on their first call; a later call installs again only when a lock has changed.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
UV_COMPILE := uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet

.PHONY: demo test lint types bench lock clean

demo: .venv/runtime.stamp
	$(BIN)/fulfillment demo

# pytest comes last: the last lines say what passed. Each of its processes starts a PostgreSQL of its own.
test: lint types
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp
	$(BIN)/mypy

# Timed for real; `make test` runs the same cases once each, untimed.
bench: .venv/dev.stamp
	$(BIN)/python -m pytest benchmarks --benchmark-enable

# Resolve anew what pyproject.toml allows; needs uv. UPGRADE=--upgrade takes newer versions where there are any.
lock:
	$(UV_COMPILE) $(UPGRADE) --output-file requirements.lock
	$(UV_COMPILE) $(UPGRADE) --extra postgres --extra cluster --extra telemetry --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/runtime.stamp: requirements.lock pyproject.toml | .venv/made.stamp
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

# All of runtime and more, so it counts as both.
.venv/dev.stamp: requirements-dev.lock requirements.lock pyproject.toml | .venv/made.stamp
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch .venv/runtime.stamp $@

# A stamp and not .venv/bin/python: that exists before venv is done, and would hide that it failed.
.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	touch $@
