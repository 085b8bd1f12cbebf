# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo run test proofs bench bench-stats bench-digests bench-import bench-limits truth gallery lint requirements clean
.DEFAULT_GOAL := help

.PHONY: help
help: ## list what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.demo ## the whole application on this machine, with a local Discord in the browser; no token
	@exec $(BIN)/python -m bot demo

run: $(VENV)/.run ## the bot against Discord, from config.toml
	@exec $(BIN)/python -m bot run

# What is compiled is kept: tests start the command line many times, and it would be compiled anew each time.
unexport PYTHONDONTWRITEBYTECODE

# Work is taken from whoever has most left, so that no core waits for another.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

test: $(VENV)/.test ## every test, without the long proofs
	$(PYTEST)

proofs: $(VENV)/.test ## the long ones: many kills, long stories, every time zone
	$(PYTEST) -m proof

bench: $(VENV)/.test ## speeds as ratios against a baseline
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_charts
	$(BIN)/python -m tests.bench_commands
	$(BIN)/python -m tests.bench_picks
	$(BIN)/python -m tests.bench_shares
	$(BIN)/python -m tests.bench_profile

truth: $(VENV)/.test ## how often claims are false in made-up worlds, and known people counted; for docs/metrics.md and counting.md
	$(BIN)/python -m tests.truth
	$(BIN)/python -m pytest -m proof -s tests/truth/test_counting.py

gallery: $(VENV)/.test ## every kind of chart, into docs/gallery.md
	$(BIN)/python -m tests.gallery

bench-stats: $(VENV)/.test ## every question of /stats over 10 million events, beside DuckDB
	$(BIN)/python -m tests.bench_stats

bench-digests: $(VENV)/.test ## ten thousand servers' digests due in the same minute; a quarter of an hour
	$(BIN)/python -m tests.bench_digests

bench-limits: $(VENV)/.test ## answers of one server at its limits, and long work and jobs there
	$(BIN)/python -m tests.bench_limits
	$(BIN)/python -c 'from tests.bench_limits_jobs import main; main()'

bench-import: $(VENV)/.test ## an export of 50,000 posts, beside plain SQLite
	$(BIN)/python -c 'from tests.bench_import import main; main()'

lint: $(VENV)/.test ## ruff, pyright, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# For every system and Python at once. What a file pins stays as it is; without the files, the newest of all is taken.
COMPILE := echo setuptools | uv pip compile pyproject.toml - --quiet --universal --python-version 3.11 --generate-hashes \
  --no-annotate --no-emit-index-url --custom-compile-command 'make requirements' --output-file

requirements: ## requirements/ anew, from pyproject.toml; needs uv
	$(COMPILE) requirements/test.txt --all-extras
	$(COMPILE) requirements/run.txt --constraint requirements/test.txt
	$(COMPILE) requirements/country.txt --constraint requirements/test.txt --extra country
	$(COMPILE) requirements/demo.txt --constraint requirements/test.txt --extra demo

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Eyeballs needs Python 3.11 or newer; '$(PYTHON)' is older or missing. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

# What is downloaded must have the hash that its file names. Pip can't ask that of a folder, so this one is installed apart, with
# setuptools of the same file.
$(VENV)/.%: $(VENV)/bin/python pyproject.toml requirements/%.txt
	@echo "Setting up (a minute or two the first time) ..."
	@$(PIP) --require-hashes --requirement requirements/$*.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
