"""Networks of other published systems, trained on the toy corpus."""

import json
from pathlib import Path

import pytest

MODELS = {
    "lcnn": {"projection": 16, "repeat_time": 2, "dropout": 0.0},
    "mean_pool": {"weighting": "softmax", "states": 2, "channels": 8},
    "mhfa": {"states": 2, "heads": 2, "compression": 4, "channels": 6},
    "sls": {"states": 2, "channels": 16},
    "nes2net_x": {"groups": 2, "scale": 2},
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_learnable_task_is_learnt(finetune, recipe, read_history, kind):
    # Taken for the recipe's own, whose network is of another kind.
    recipe["model"] = {"kind": kind, **MODELS[kind]}
    records = read_history(finetune(epochs=6, patience=6))
    assert min(record["train_loss"] for record in records) < 0.9 * records[0]["train_loss"]
    assert min(record["dev_eer"] for record in records) < 0.35


@pytest.mark.parametrize(("output", "kind"), [("probability", "linear"), ("selu", "selu")])
def test_a_head_of_one_layer_has_the_output_that_is_asked_for(finetune, read_history, output, kind):
    files = finetune(epochs=4, patience=4, head_widths=[], head_output=output)
    assert json.loads(Path(files.config).read_text())["head"] == {"kind": kind}
    records = read_history(files)
    assert records[-1]["train_loss"] < records[0]["train_loss"]
