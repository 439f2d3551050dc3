# The two commands of the README, and the gate's parts. Everything else is `behave`.
.PHONY: demo test check prepare lock

export PATH := $(CURDIR)/.venv/bin:$(PATH)

demo: prepare  ## run the plan against an embedded StreamSpace and write the report
	@behave; status=$$?; streamspace-acceptance report || exit 1; exit $$status

test: prepare  ## the project's own tests, among them the proof by planted faults
	@pytest

check: prepare  ## style, types, layers, features
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports
	@streamspace-acceptance lint

prepare:
	@scripts/prepare

lock:  ## pin again what pyproject.toml asks for
	@uv pip compile pyproject.toml --extra dev --extra sandbox --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements.lock
