# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo run test bench bench-stats bench-digests bench-import gallery lint clean
.DEFAULT_GOAL := help

.PHONY: help
help: ## list what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/.demo ## the whole application on this machine, with a local Discord in the browser; no token
	@exec $(BIN)/python -m bot demo

run: .venv/.run ## the bot against Discord, from config.toml
	@exec $(BIN)/python -m bot run

test: .venv/.test ## every test
	$(BIN)/python -m pytest -n auto

bench: .venv/.test ## speeds as ratios against a baseline
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_charts
	$(BIN)/python -m tests.bench_commands
	$(BIN)/python -m tests.bench_profile

gallery: .venv/.test ## every kind of chart, into docs/gallery.md
	$(BIN)/python -m tests.gallery

bench-stats: .venv/.test ## every question of /stats over 10 million events, beside DuckDB
	$(BIN)/python -m tests.bench_stats

bench-digests: .venv/.test ## ten thousand servers' digests due in the same minute; a quarter of an hour
	$(BIN)/python -m tests.bench_digests

bench-import: .venv/.test ## an export of 50,000 posts, beside plain SQLite
	$(BIN)/python -c 'from tests.bench_import import main; main()'

lint: .venv/.test ## ruff, pyright, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

clean: ## remove the virtual environment and caches
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Eyeballs needs Python 3.11 or newer; '$(PYTHON)' is older or missing. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/.run: .venv/bin/python pyproject.toml constraints.txt
	@echo "Setting up (a minute or two the first time) ..."
	@$(PIP) --editable .
	@touch $@

.venv/.demo: .venv/bin/python pyproject.toml constraints.txt
	@echo "Setting up (a minute or two the first time) ..."
	@$(PIP) --editable '.[demo]'
	@touch $@

.venv/.test: .venv/bin/python pyproject.toml constraints.txt
	@echo "Setting up (a minute or two the first time) ..."
	@$(PIP) --editable '.[demo,test]'
	@touch $@
