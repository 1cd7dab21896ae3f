"""What is advised where a file cannot be used: what the workflow can do, and no other thing."""

import pytest

from signl.places import remedy


@pytest.mark.parametrize(
    "place",
    [
        "results/manifests/cfad.parquet",
        "results/features/toy/train/0000-of-0001.safetensors",
        "results/usable/toy/cfad/eval.quarantine.csv",
        "results/encoders/toy/cfad/seed-1/README.md",
        "results/classifiers/toy/cfad/labels-5/seed-1/model.safetensors",
        "results/classifiers/toy/cfad/labels-5/seed-1/operating_point.json",
        "results/metrics/toy/cfad/labels-5/seed-1/cfad/eval.json",
        "results/indomain.csv",
    ],
)
def test_what_the_workflow_makes_is_made_anew_by_it(place):
    assert remedy(f"/elsewhere/{place}").endswith(f"snakemake --cores 1 --force {place}")


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "model/model.safetensors",
        "results/README.md",
        "results/scores/README.md",
        "results/encoders/README.md",
        "results/metrics/toy/notes.md",
        "results/encoders/toy/cfad/seed-1/operating_point.json",
    ],
)
def test_what_it_does_not_make_is_not_forced(path):
    assert "snakemake" not in remedy(path)
    assert "it is no file of the workflow's results" in remedy(path)


def test_a_place_is_one_word_of_a_command():
    assert remedy("results/labels/a b/x.parquet").endswith("--force 'results/labels/a b/x.parquet'")
