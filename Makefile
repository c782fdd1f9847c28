# Two commands matter: `make run` and `make test`. Both work from a clean clone with Python 3.11+ and make.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
# A process of tests for each core, whole files at a time in their usual order, for the longest come early there;
# each has a database server of its own.
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test fast check axe bench chaos attack sabotage setup migrate messages screenshots fmt packages venv browser

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: packages ## Start everything: database, dashboard, bot, and the sandbox when there is no BOT_TOKEN
	@PISHKHAN_PARENT=$$PPID exec $(PY) -m shop up

test: setup browser ## Run every check and every test, as CI does
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint templates
	$(PY) -m pytest $(AT_ONCE)

fast: setup ## Run the rules and the conventions: seconds
	$(PY) -m pytest -q tests/rules tests/house

check: test ## The same as test, and that the installed packages agree with each other
	$(PIP) check

axe: setup browser ## Let axe-core judge every page in every language, theme and width: minutes (make test: two looks of each)
	EVERY_LOOK=1 $(PY) -m pytest -q tests/browser/test_pages.py

chaos: setup ## Kill, cut and hang everything under load and see what is lost: minutes (docs/proof/chaos.md)
	@$(PY) -m tests.chaos --keep

bench: setup ## Measure how fast it is beside bare programs that do the same (docs/proof/bench.md)
	@$(PY) -m tests.bench

attack: setup ## Set scanners on the running product, signed in, and ask it our own questions (docs/proof/attack.md)
	@$(PY) -m tests.attack --keep

sabotage: setup ## Take each cure out in turn, list by list (tests/sabotage): the tests must notice (docs/proof/sabotage.md)
	$(PY) -m tests.sabotage

migrate: packages ## Bring the database's schema to the newest form
	@$(PY) -m shop migrate

messages: setup ## Collect the sentences of code and templates into the catalogues
	$(PY) -m shop.i18n

screenshots: setup browser ## Take the pictures of docs/screenshots from the running product
	$(PY) -m tests.browser.screenshots

fmt: setup ## Put the code into the house's format
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

browser: setup
	@$(PY) -m tests.browser.install

# A copy of the lock inside the environment tells what is installed there: installing happens again
# only when the lock says something else.
packages: venv
	@cmp -s requirements.lock $(VENV)/.runs || { \
	  echo "Installing the packages (once)…"; \
	  $(PIP) install --quiet --require-hashes --requirement requirements.lock \
	    || { echo "The packages could not be installed; the reason stands above." >&2; exit 1; }; \
	  cp requirements.lock $(VENV)/.runs; }

setup: venv ## Install what development and the tests need
	@cmp -s requirements-dev.lock $(VENV)/.tests || { \
	  echo "Installing the packages for development (once)…"; \
	  $(PIP) install --quiet --require-hashes --requirement requirements-dev.lock \
	    || { echo "The packages could not be installed; the reason stands above." >&2; exit 1; }; \
	  cp requirements.lock $(VENV)/.runs; cp requirements-dev.lock $(VENV)/.tests; }

venv:
	@if $(PIP) --version >/dev/null 2>&1; then exit 0; fi; \
	for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -c 'import venv, ensurepip' 2>/dev/null || { \
	      echo "Python's venv module is missing; install it (Debian and Ubuntu: apt-get install python3-venv)." >&2; \
	      exit 1; }; \
	    "$$python" -m venv --clear $(VENV) && exit 0; \
	    echo "The virtual environment could not be made in $(VENV); the reason stands above." >&2; exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is missing; install it, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1
