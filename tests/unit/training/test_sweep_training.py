from signl.training.model_files import ModelFiles
from signl.training.sweep_training import train_sweep


def test_each_classifier_has_the_bytes_of_a_training_of_its_own(
    toy, recipe, finetune, same_bytes, tmp_path
):
    recipe["finetuning"] = {"kind": "logistic"}
    alone = [finetune(f"alone-{seed}", seed=seed) for seed in (1, 2)]
    together = [
        ModelFiles(*(tmp_path / f"swept-{seed}" / path.name for path in files))
        for seed, files in zip((1, 2), alone, strict=True)
    ]
    train_sweep(
        [["100", "1"], ["100", "2"]],
        [toy.labels, toy.labels],
        *zip(*together, strict=True),
        train=toy.train,
        dev=toy.dev,
        shards=toy.features,
        corpus="toy",
        options={key: recipe[key] for key in ("crop_s", "model", "finetuning")},
    )
    for one, other in zip(alone, together, strict=True):
        assert same_bytes(one, other)
        assert one.card.read_bytes() == other.card.read_bytes()
    # The network has random weights, of which each seed has its own.
    assert not same_bytes(*together)
