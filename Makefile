# Galleria's commands. On the machine: Python 3.11 or newer, and make. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help up down status logs clean test test-fast check format bench demo soak

UV_VERSION := 0.13.9
TOOLS := .galleria/tools
UV := $(TOOLS)/uv-$(UV_VERSION)/bin/uv
RUN := .venv/bin
# The first Python that will do. The distribution's own goes first: it is compiled with profile-guided
# optimisation, and a version manager's often is not: the same work then takes half as long again
# (benchmarks/README.md). `make PYTHON=… up` takes another.
PYTHON ?= $(shell for name in /usr/bin/python3 /usr/local/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done)

# What `make check` runs of the tests: house rules, migrations from nothing, committed schemas.
CHECKS := tests/architecture tests/deploy/test_migrations.py $(wildcard tests/shared/contracts)
PARTS ?=
LINES ?= 20
MINUTES ?=
WALKERS ?=
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: .venv/synced ## start the local stack: PostgreSQL, Kafka, all services; prints addresses and credentials
	@$(RUN)/python -m deploy.local up

down: .venv/synced ## stop it; data is kept
	@$(RUN)/python -m deploy.local down

status: .venv/synced ## each part with its process
	@$(RUN)/python -m deploy.local status

logs: .venv/synced ## the end of all logs (PARTS="points kafka" LINES=100)
	@$(RUN)/python -m deploy.local logs $(PARTS) --lines $(LINES)

clean: .venv/synced ## stop the stack and delete its data
	@$(RUN)/python -m deploy.local clean

test: .venv/synced ## all tests, on real engines
	@$(RUN)/pytest -n 2 --dist loadgroup $(ARGS)

test-fast: .venv/synced ## pure rules and house rules: seconds, no engines
	@$(RUN)/pytest tests/architecture $(wildcard tests/*/domain) $(ARGS)

check: .venv/synced ## format, lint, types, imports, house rules, migrations, schemas
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@$(RUN)/pytest -q $(CHECKS)

format: .venv/synced ## format, and fix what can be fixed by itself
	@$(RUN)/ruff check --fix .
	@$(RUN)/ruff format .

bench: .venv/synced ## each figure beside its ceiling, in one run
	@$(RUN)/python -m benchmarks $(ARGS)

demo: .venv/synced ## replay a year of receipts through the running stack (ARGS="--month 3 --members 200")
	@$(RUN)/python -m demo $(ARGS)

soak: .venv/synced ## the fault tests at length, for hours or so many minutes (MINUTES=30 WALKERS=2)
	@SOAK_MINUTES=$(MINUTES) SOAK_WALKERS=$(WALKERS) $(RUN)/pytest -s -m soak tests/faults $(ARGS)

.venv/synced: pyproject.toml uv.lock | $(UV)
	@echo "installing Galleria's packages from uv.lock into .venv"
	@UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --python $(PYTHON) || \
		{ echo "The packages could not be installed: check the network, then run the same command again." >&2; exit 1; }
	@touch $@

$(UV):
	@if [ -z "$(PYTHON)" ]; then \
		echo "Galleria needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 up" >&2; exit 1; fi
	@echo "installing uv $(UV_VERSION) with $$($(PYTHON) --version)"
	@rm -rf $(TOOLS)/uv-$(UV_VERSION) && mkdir -p $(TOOLS)
	@$(PYTHON) -m venv $(TOOLS)/uv-$(UV_VERSION) || \
		{ echo "$(PYTHON) cannot make a virtual environment: install its venv module (on Debian: apt install python3-venv)." >&2; exit 1; }
	@$(TOOLS)/uv-$(UV_VERSION)/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || \
		{ rm -rf $(TOOLS)/uv-$(UV_VERSION); \
		echo "uv could not be fetched from PyPI: check the network (or pip's index), then run the same command again." >&2; exit 1; }
