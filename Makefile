# Two commands do all: `make demo` and `make test`.

PYTHON ?= python3
CORES ?= 2
UV = .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python
# By the interpreter: the first line of a script cannot name one below a folder with a space.
SNAKEMAKE = .venv/bin/python -m snakemake

# Snakemake and PyTorch want a home that can be written to and a user with a name: every process of
# this environment is given them before it begins, where a machine has none (signl/surroundings.py).
SURROUNDINGS = import pathlib, sysconfig; \
	pathlib.Path(sysconfig.get_path("purelib"), "signl-surroundings.pth").write_text( \
	"import importlib.util; importlib.util.find_spec(\"signl\") and __import__(\"signl\")\n")

# A run is hundreds of short processes. Where this variable is set, as in many containers, each of them
# would compile anew all that it imports: 8 seconds of processor time for PyTorch instead of 3.
unexport PYTHONDONTWRITEBYTECODE

# As many processes as cores, of one thread each; tests that share an experiment stay together. The
# slowest are named at the end.
PYTEST = OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n $(CORES) --dist loadgroup --durations=25

.PHONY: demo test test-slow test-compiles test-kills test-slurm lint docs generated install install-dev bench bench-networks bench-gpu bench-corpora clean

demo: .venv/installed ## the main job on the embedded corpora
	$(SNAKEMAKE) --cores $(CORES)
	.venv/bin/signl show indomain crossdomain

test: .venv/installed-dev ## unit, golden, architecture and workflow tests
	$(PYTEST) -m "not slow"

# By file: a process builds the experiment that it shares once more, and neither waits for the other.
test-slow: .venv/installed-dev ## the tests that take minutes: kills, full disks, other cores, memory
	$(PYTEST) --dist loadfile -m "slow and not compiles"

test-compiles: .venv/installed-dev ## torch-cluster, built here, gives the graphs of the dense search; ten minutes and more
	.venv/bin/python -m pytest -m compiles

test-slurm: .venv/installed-dev ## a part of the embedded experiment on a Slurm of this machine; wants root
	tests/slurm/run

test-kills: .venv/installed-dev ## a small experiment, killed twenty times and taken up again
	SIGNL_KILLS=20 .venv/bin/python -m pytest tests/workflow/test_kill.py

lint: .venv/installed-dev ## formatters, linters, types, import order
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/snakefmt --check Snakefile rules
	.venv/bin/codespell
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(SNAKEMAKE) --lint

generated: .venv/installed ## the JSON Schema and the tables of options, from the options
	.venv/bin/python -m signl.documentation

docs: .venv/installed-docs ## the documentation as a site, in site/; every link is checked
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict --quiet

install: .venv/installed

install-dev: .venv/installed-dev

# uv installs the pinned packages several times as fast as pip does.
.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet uv==0.13.9

.venv/installed: requirements.txt | .venv/bin/uv
	$(UV) -r requirements.txt
	$(UV) --no-deps -e .
	.venv/bin/python -c '$(SURROUNDINGS)'
	touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(UV) -r requirements-dev.txt
	touch $@

.venv/installed-docs: pyproject.toml .venv/installed
	$(UV) -e '.[docs]' -c requirements.txt
	touch $@

bench: .venv/installed ## speed beside what bounds it, as ratios of one run; some minutes
	OMP_NUM_THREADS=1 .venv/bin/python benchmarks/bench.py

bench-networks: .venv/installed ## time and memory of a training step of every network; a minute
	OMP_NUM_THREADS=1 .venv/bin/python benchmarks/bench_networks.py

bench-gpu: .venv/installed ## the same on a GPU; exits with 2 where there is none
	.venv/bin/python benchmarks/bench_gpu.py

bench-corpora: .venv/installed ## speed of manifests and packing, as ratios to common tools
	.venv/bin/python benchmarks/bench_corpora.py

clean: ## remove what the workflow made
	rm -rf results/* .snakemake
	git checkout -- results
