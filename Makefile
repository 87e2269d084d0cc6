# CityPulse. `make help` lists what there is; every target sets up .venv first when it must.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
# workers of the tests: two cores are what the project is measured on
JOBS ?= 2

.PHONY: help setup run airflow test test-slow lint format bench lock clean reset

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv from requirements.lock (nothing to do when it is up to date)
	@scripts/setup.sh

run: setup ## The main job: a synthetic city through a real Airflow to a report
	@$(BIN)/python scripts/run_demo.py

airflow: setup ## Start Airflow and its page; Ctrl-C ends it
	@$(BIN)/python scripts/run_airflow.py

test: setup ## The tests, under 20 minutes on two cores
	@$(BIN)/python -m pytest -q -m "not slow" -n $(JOBS)

# a file stays on one worker: its tests share one Airflow or one filled lake
test-slow: setup ## The slow and service-bound tests, under 40 minutes more
	@$(BIN)/python -m pytest -q -m slow -n $(JOBS) --dist loadfile

lint: setup ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup ## Rewrite the code as ruff would have it
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## The benchmarks; they print ratios and peak memory
	@for part in $$(ls bench | sed -n 's/^\([a-z][a-z_]*\)\(\.py\)\{0,1\}$$/\1/p'); do \
		echo "== $$part"; $(BIN)/python -m bench.$$part || exit 1; done

lock: setup ## Resolve pyproject.toml again into requirements.lock
	@.venv/uv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet -o requirements.lock
	@.venv/uv/bin/uv pip compile bench/mobility/peer.in --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet -o bench/mobility/peer.lock

clean: ## Remove caches and scratch files; the lake, the files dropped and .venv stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache build dist \
		dbt/target dbt/logs warehouse/work

reset: clean ## Also remove Airflow's state, the lake and the synthetic city's files
	@$(BIN)/python scripts/run_demo.py --forget
