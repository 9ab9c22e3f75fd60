# Needed: Python 3.11 to 3.13 with venv, make, a connection to the internet. `make help` lists the targets.
APPS = $(patsubst %/apps.py,%,$(wildcard */apps.py))
WITH_SERVERS = .venv/bin/python -m embedded.temporary
# An app's first migration locks nothing that anybody uses (and the linter stumbles over its BRIN index).
MIGRATION_RULES = --include-apps $(APPS) --ignore-initial-migrations --warnings-as-errors --no-cache -q ok ignore
AS_DEPLOYED = DEBUG=0 PUBLIC_URL=https://portal.example ALLOWED_HOSTS=portal.example \
	SECRET_KEY=$$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))')

.DEFAULT_GOAL := help
.PHONY: help run manage test test-fast lint format bench requirements messages translations rights clean
SHELL := /bin/bash

# The first Python that really runs and has a fit version: a python3.12 on the PATH may be a broken shim.
IS_FIT := import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11 /usr/bin/python3)
FIT = $(shell for p in $(CANDIDATES); do "$$p" -c '$(IS_FIT)' 2>/dev/null && echo "$$p" && break; done)
# Prepares .venv (kind `run` or `dev`) and then becomes a module in it.
PREPARE = $(or $(FIT),$(error Python 3.11 to 3.13 with venv is needed, and none of these is one: $(CANDIDATES). \
	Install one (Debian: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3.12)) -m embedded.venv

# All steps count their seconds from here.
export CCHC_STARTED := $(shell date +%s)

ENGLISH = locale/en/LC_MESSAGES/django
COMPILE_MESSAGES = babel.messages.frontend --quiet compile --domain django --locale en

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(ENGLISH).mo ## everything the portal needs, at http://127.0.0.1:$PORT, until Ctrl-C
	@exec $(PREPARE) run embedded.run --end-with-parent

manage: ## one management command on the same servers: make manage ARGS="close_rounds"
	@exec $(PREPARE) run embedded.manage $(ARGS)

test: lint ## everything: lint and all tests; says what was skipped and how to install what is missing
	@$(PREPARE) dev pytest -n 2 --dist loadgroup

test-fast: ## the unit tests, within a minute
	@$(PREPARE) dev pytest -n 2 --dist loadgroup -m "not slow and not browser"

lint: ## style, types, import layers, migrations, deployment settings
	@$(PREPARE) dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	SECRET_KEY=for-mypy .venv/bin/mypy .
	.venv/bin/lint-imports --no-cache
	$(WITH_SERVERS) .venv/bin/python manage.py makemigrations --check --dry-run
	$(WITH_SERVERS) .venv/bin/python manage.py lintmigrations $(MIGRATION_RULES)
	$(AS_DEPLOYED) $(WITH_SERVERS) .venv/bin/python manage.py check --deploy --fail-level WARNING

format: ## put the code into the one format
	@$(PREPARE) dev ruff format .
	@$(PREPARE) dev ruff check --fix .

bench: ## measure: case, ours, floor, ratio
	@exec $(PREPARE) dev bench $(ARGS)

COMPILE = -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header -q
requirements: ## compile requirements.in and requirements-dev.in to hashed lists; ARGS=--upgrade for newer versions
	@$(PREPARE) dev
	.venv/bin/python $(COMPILE) $(ARGS) requirements.in -o requirements.txt
	.venv/bin/python $(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt

messages: ## bring the English catalogue in line with the source strings; needs GNU gettext
	@$(PREPARE) dev
	SECRET_KEY=for-extraction .venv/bin/python manage.py makemessages --locale en --ignore .venv --ignore var \
		--ignore tests --ignore bench --add-location file --no-wrap --no-obsolete

translations: $(ENGLISH).mo ## compile the English catalogue

# Written aside first: a portal that runs on this checkout must never read half a file.
$(ENGLISH).mo: $(ENGLISH).po
	@new=$(ENGLISH).$$$$.mo; $(PREPARE) run $(COMPILE_MESSAGES) --input-file $< --output-file $$new && mv $$new $@

rights: ## write docs/rights.md from accounts/rights.py and tests/rights/expected.txt
	@$(PREPARE) dev
	SECRET_KEY=for-rights .venv/bin/python -m tests.rights.document

clean: ## remove what can be made again; never DATA_DIR
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis static-built test-results
	rm -f $(ENGLISH).mo
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
