# The two commands of the README. A fresh machine needs Python 3.11 and make; everything else is installed here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: test lint servers
.DEFAULT_GOAL := test

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,postgresql]'
	touch $@

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# MariaDB comes from the system's packages where that is possible; where not, the tests say what they left out.
servers:
	@if ! PATH="$$PATH:/usr/sbin" command -v mariadbd >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mariadb-server >/dev/null; \
		else \
			echo "MariaDB is not installed and cannot be from here: its tests are left out"; \
		fi; \
	fi

test: lint servers
	$(BIN)/pytest
