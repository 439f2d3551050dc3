# The commands of the README, and the gate's parts. Everything else is `behave`.
.PHONY: demo test proof soak real bench check able prepare suite lock

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Hundreds of short Python processes: each would compile its modules again if the shell forbade it to keep them.
unexport PYTHONDONTWRITEBYTECODE

WORKERS ?= $(shell expr $$(nproc) + 2)
PROOF ?=
BENCH ?=
SOAK ?=

demo: able prepare  ## run the plan against an embedded StreamSpace and write the report
	@began=$$(mktemp); behave; status=$$?; \
	summary="$${STREAMSPACE_REPORTS:-reports}/SUMMARY.md"; \
	if [ -e "$$summary" ] && ! [ $$began -nt "$$summary" ]; then streamspace-acceptance report || status=1; fi; \
	if [ -n "$$SUDO_UID" ] && [ -d "$${STREAMSPACE_REPORTS:-reports}" ]; then chown -R "$$SUDO_UID:$$SUDO_GID" "$${STREAMSPACE_REPORTS:-reports}"; fi; \
	rm -f $$began; exit $$status

test: prepare  ## units, contracts, the sandbox's own tests, one healthy run, a sample of each slow family
	@pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder --durations=25

proof: prepare  ## every planted and proxy fault, equivalent product and kill; make proof PROOF="--only 1.2"
	@python -m tests.proof $(PROOF)

soak: prepare  ## the plan again and again, in random order, on a busy machine; make soak SOAK="--runs 10 --tags @phase1"
	@python -m tests.proof.soak $(SOAK)

real: prepare  ## phases 0 to 3 on a real Kubernetes, which the first run builds from Go modules
	@python -m tests.proof --only real --fresh

bench: prepare  ## the suite's measurements against what is known; make bench BENCH="running lag"
	@python -m tests.bench $(BENCH)

check: prepare  ## style, types, layers, features
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports
	@streamspace-acceptance lint

able:
	@scripts/able

prepare:
	@scripts/prepare

suite:  ## install the suite alone, to test a given StreamSpace: no packages, no root
	@scripts/prepare --suite

lock:  ## pin again what pyproject.toml asks for
	@uv pip compile pyproject.toml --extra dev --extra sandbox --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements.lock
	@uv pip compile pyproject.toml -c requirements.lock --generate-hashes --no-header --python-version 3.11 --universal --no-annotate -q -o requirements-suite.lock
