# A fresh machine needs Python 3.11 and make; everything else is installed or started here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run ui check test test-lowest lint servers bench screenshots lock audit
.DEFAULT_GOAL := run

# Each process of a test run imports Dagster and the product: their bytecode is kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

LOWEST := .venv-lowest
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml

# What it takes to look and to run; development needs twice as many packages.
$(VENV)/product: pyproject.toml
	@echo "Installing into $(VENV): some minutes the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[example,postgresql]'
	@touch $@

$(VENV)/installed: pyproject.toml
	@echo "Installing into $(VENV), for development: some minutes the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,example,postgresql]'
	@touch $(VENV)/product $@

$(VENV)/uv: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	touch $@

# Delivers the orders of a made-up shop to a sandbox, through Dagster.
run: $(VENV)/product
	@$(BIN)/python -m examples.demo run

# The same, to look at and to work with in Dagster's UI, on port 3000 or the next free one; `make ui PORT=3100` on another.
ui: $(VENV)/product
	@$(BIN)/python -m examples.demo ui $(if $(PORT),--port $(PORT))

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# MariaDB, PgBouncer, Redis, the sqlite3 command and Chromium come from the system's packages where that is possible; where not, the tests say what they left out.
servers:
	@missing=""; \
	for need in mariadbd:mariadb-server pgbouncer:pgbouncer redis-server:redis-server sqlite3:sqlite3 chromium:chromium chromedriver:chromium-driver; do \
		PATH="$$PATH:/usr/sbin" command -v $${need%%:*} >/dev/null || missing="$$missing $${need#*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
		else \
			echo "not installed, and cannot be from here; their tests are left out:$$missing"; \
		fi; \
	fi

# One file's tests run in one process, so that what a file sets up once is set up once; tests/scheduling.py cuts further.
PYTEST := $(BIN)/pytest --dist loadfile --no-loadscope-reorder

# The quick loop: no server, no test of a second or more. It computes and does not wait: two processes are enough.
check: lint
	$(PYTEST) -n 3 -m "not server and not slow"

# Every other process waits, for a server, a daemon or a clock.
test: lint servers
	$(PYTEST) -n 4

# The quick loop with the lowest versions that pyproject.toml allows, in an environment of its own; of these TESTS alone.
test-lowest: $(VENV)/uv
	$(BIN)/uv venv --quiet --clear --seed $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable '.[dev,example,postgresql]'
	$(LOWEST)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not server and not slow" $(TESTS)

# The versions that a deployment installs and those of development, each with its hashes, resolved anew.
lock: $(VENV)/uv
	$(LOCK) --extra postgresql --extra s3 --extra celery --extra kubernetes --extra metrics -o deploy/requirements.lock
	$(LOCK) --all-extras -o deploy/requirements-dev.lock

# Known vulnerabilities of what a deployment installs; asks a service on the internet.
audit: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --requirement deploy/requirements.lock --no-deps --disable-pip

# What an order costs: us, a plain script, others. The others are installed apart, for this run.
bench: $(VENV)/installed
	$(BIN)/python -m tests.benchmarks.bench

# The pictures of docs/images, made anew from the example's shop in headless Chromium.
screenshots: $(VENV)/installed servers
	$(BIN)/python -m tests.screenshots
