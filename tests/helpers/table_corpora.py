"""An experiment on a corpus that a table describes."""


def config_of(entry):
    """Return the configuration of the smallest experiment on a corpus, by its entry."""
    frontend = {"kind": "logmel", "n_mels": 16, "window_ms": 40.0, "hop_ms": 40.0}
    recipe = {
        "frontend": "mel",
        "crop_s": 1.0,
        "model": {"kind": "mean_pool"},
        "finetuning": {"kind": "logistic"},
    }
    axes = {
        "recipes": ["pool"],
        "train_corpora": ["mine"],
        "label_percents": [100],
        "seeds": [1],
        "evaluate_on": ["mine"],
    }
    return {
        "archives": "archives",
        "gpus_per_job": 0,
        "corpora": {"mine": entry},
        "frontends": {"mel": frontend},
        "recipes": {"pool": recipe},
        "experiments": {"mine": axes},
    }
