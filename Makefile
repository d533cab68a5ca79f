# Each verb says what it does; `make` alone prints them. Everything lives in .venv, nothing is installed outside it but
# the programs that tools/setup names before it installs them. The tests call these verbs with SETUP=: and their own PYTHON.
SETUP := tools/setup
# twice the cores: a test waits for devices and programs about a third of its time
WORKERS = $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
PYTHON := .venv/bin/python
CASE :=
SIZE := 100
COUNT := 10000
SEED := 2026

.DEFAULT_GOAL := help
.PHONY: help setup demo test thorough lint lab bench mutants killed redactions picture
MAKEFLAGS += --no-print-directory

help: ## print these lines
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## create .venv, install tshoot and what its tests need into it, and the programs that are missing
	@$(SETUP) --dev

demo: ## diagnose a recorded fault on a simulated device, over real SSH (CASE=… for another, `tshoot demo --list`)
	@$(SETUP)
	@"$(PYTHON)" -m tshoot demo $(CASE); status=$$?; [ $$status -eq 1 ] || { echo "make demo: expected exit status 1 (fault found), got $$status" >&2; exit 1; }

# Real servers on a machine that stands still at the wrong instant fail a test now and then: it has a second try, and is shown at the end all the same (tests/conftest.py)
PYTEST = env -u PYTHONDONTWRITEBYTECODE "$(PYTHON)" -m pytest -q -n $(WORKERS) --dist worksteal --reruns 1

# the tests start tshoot a thousand times: without its bytecode each start would compile it anew
test: ## lint, types, import contracts, then every test that needs no laboratory
	@$(SETUP) --dev
	@$(MAKE) lint SETUP=:
	@$(PYTEST)

thorough: ## what `make test` takes a sample of, in full
	@$(SETUP) --dev
	@THOROUGH=1 $(PYTEST) $$(grep -rl "^from tests.thorough" tests)

lint: ## style, types, who may import whom, playbooks, shell
	@$(SETUP) --dev
	@"$(PYTHON)" -m ruff check .
	@"$(PYTHON)" -m ruff format --check .
	@"$(PYTHON)" -m mypy
	@"$(PYTHON)" -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())'
	@"$(PYTHON)" -m tshoot playbooks lint
	@shellcheck tools/setup .ci/run

lab: ## faults on real servers and routers in network namespaces (CASE=nfs-mount/denied for one, KEEP=1 to look around, RECORD=1 for scenarios)
	@$(SETUP) --lab
	@CASE="$(CASE)" "$(PYTHON)" tests/lab/run.py

bench: ## tshoot beside the plain tools, as ratios, into docs/benchmarks.md (SIZE=1000 for captures of up to 1 GB)
	@$(SETUP) --dev
	@"$(PYTHON)" bench/measure.py
	@"$(PYTHON)" bench/triage.py $(SIZE)
	@"$(PYTHON)" bench/packets_screen.py
	@"$(PYTHON)" bench/tui.py
	@"$(PYTHON)" bench/archive.py
	@"$(PYTHON)" bench/big_log.py
	@"$(PYTHON)" bench/fleet.py

mutants: ## damaged captures by the thousand: none may crash, hang, fill the memory or leave anything behind (COUNT=10000 SEED=2026)
	@$(SETUP) --dev
	@"$(PYTHON)" bench/mutants.py --count $(COUNT) --seed $(SEED)

killed: ## runs killed in the middle of a call to the disk, also a full one: none may lose what it acknowledged (COUNT=10000 SEED=2026)
	@$(SETUP) --dev
	@"$(PYTHON)" bench/killed.py --count $(COUNT) --seed $(SEED)

redactions: ## every recorded scenario redacted: nothing of the original is left, every verdict and every capture stays what it was
	@$(SETUP) --dev
	@"$(PYTHON)" bench/redactions.py

picture: ## draw docs/picture.svg anew from a recorded session
	@$(SETUP)
	@"$(PYTHON)" docs/picture.py
