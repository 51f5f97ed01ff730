# Every target sets up what it needs by itself; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help up setup lint format test benchmark client lock

# `make setup PYTHON=/path/to/python3.12` chooses another one.
PYTHON ?= $(shell sh tools/find-python.sh)
BIN := .venv/bin
# The machine's Node.js or, where it has none that is new enough, the one that the set-up put into .venv.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## set up and start maskloop; prints a sign-in link (options: make up ARGS="--port 9000")
	@$(PYTHON) tools/setup.py
	@exec $(BIN)/maskloop up $(ARGS)

setup: ## only the set-up, with the tools for tests and linting: .venv and the built page
	@$(PYTHON) tools/setup.py --dev

lint: setup ## check style, types, imports, the page's unit tests and its generated client
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	cd web && $(WITH_NODE) npm run lint
	cd web && $(WITH_NODE) npm run typecheck
	$(BIN)/python -m api.openapi | diff -u web/openapi.json - || { echo "The client lags behind the API: make client"; exit 1; }
	cd web && $(WITH_NODE) npm run generate:check
	cd web && $(WITH_NODE) npm run test

format: setup ## rewrite the sources in the project's style
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	cd web && $(WITH_NODE) npm run format

test: setup ## run all tests, or some: make test ARGS="tests/store -k version"
	@$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest $(or $(ARGS),-n auto --dist loadgroup)

benchmark: setup ## measure the figures in the README on this machine
	$(BIN)/python -m benchmarks.decode
	$(BIN)/python -m benchmarks.train
	$(BIN)/python -m benchmarks.automatic

client: setup ## write web/'s typed client anew from the API
	$(BIN)/python -m api.openapi > web/openapi.json
	cd web && $(WITH_NODE) npm run generate

lock: setup ## resolve dependencies and rewrite requirements.lock (newest versions: make lock ARGS=--upgrade)
	$(BIN)/uv pip compile pyproject.toml tools/torch-needs.txt --all-extras --universal --python-version 3.11 \
	  --overrides tools/lock-overrides.txt --no-emit-package torch --custom-compile-command "make lock" --quiet \
	  -o requirements.lock $(ARGS)
