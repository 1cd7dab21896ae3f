"""What scripts of short jobs import: a run has hundreds, and it is most of their time."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow_scripts"
#: Packages that take long to import, and what brings them in.
HEAVY = {
    *("torch", "torchaudio", "torchvision", "lightning_fabric", "transformers", "peft"),
    *("pandas", "scipy", "sklearn", "matplotlib", "soundfile", "av"),
    *("safetensors", "tqdm", "pydantic", "pyarrow", "numpy"),
}
TABLES = frozenset({"numpy", "pyarrow"})
TYPED_TABLES = TABLES | {"pydantic"}
#: Scripts that need no network -> the heavy packages that they may import.
ALLOWED = {
    "check_archives": {"pydantic"},
    "verify_archives": {"pydantic"},
    "tabulate_pretraining": set(),
    **dict.fromkeys(("tabulate", "tabulate_breakdown", "sample_labels"), TABLES),
    **dict.fromkeys(("gather_utterances", "count_quarantine"), TABLES),
    **dict.fromkeys(("measure", "measure_pooled", "collect_metrics"), TYPED_TABLES),
    **dict.fromkeys(("convert_scores", "combine_scores", "combine_dev_scores"), TYPED_TABLES),
    **dict.fromkeys(("build_manifest", "locate_trials", "pack_audio"), TYPED_TABLES),
}


def imported_by(names):
    """Heavy packages that are there when the modules of these scripts are."""
    trees = [ast.parse((SCRIPTS / f"{name}.py").read_text()) for name in names]
    modules = {
        node.module
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("signl.")
    }
    code = f"import sys, {', '.join(sorted(modules))}; print(*sys.modules)"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return HEAVY & set(done.stdout.split())


# Those of the same packages in one process: what all bring in is what the worst of them does.
@pytest.mark.parametrize(
    "allowed", sorted(set(map(frozenset, ALLOWED.values())), key=sorted), ids=sorted
)
def test_scripts_without_a_network_import_nothing_heavy(allowed):
    names = [name for name, packages in ALLOWED.items() if packages == allowed]
    assert imported_by(names) == allowed


def test_reading_a_workflow_takes_neither_arrays_nor_tables():
    code = "import sys, signl.experiment; print(*sys.modules)"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    assert HEAVY & set(done.stdout.split()) == {"pydantic"}
