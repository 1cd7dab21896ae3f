import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from signl import seals, stages
from signl.artefacts import HEADER, MadeBy, write_document
from signl.errors import ArtefactError
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.models.end_to_end import EndToEndEncoder
from signl.models.heads import Classifier
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.saving import from_pretrained, load_classifier, load_encoder, save_model
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder

PRETRAINED = MadeBy(
    stage="pretrain_encoder", revision=stages.PRETRAINING.revision, options={"epochs": 3}
)
FINETUNED = MadeBy(
    stage="train_classifier", revision=stages.FINETUNING.revision, options={"lr": 1e-5}
)


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "model.safetensors", tmp_path / "config.json"


def make_encoder():
    torch.manual_seed(0)
    config = SignlOptions(nodes=8, channels=16, neighbours=4, layers=3)
    encoder = SpectralTemporalEncoder(20, 30, config)
    encoder(torch.randn(4, 1, 20, 30))  # moves the running statistics
    return encoder


def save_encoder(paths):
    encoder = make_encoder()
    save_model(*paths, encoder, made_by=PRETRAINED, card={"corpus": "cfad"})
    return encoder


def edit_json(path, **changes):
    """Write a configuration with other values, under a seal of its own."""
    content = json.loads(path.read_text()) | changes
    write_document(path, content, MadeBy.from_mapping(content["made_by"]))


def edit_weights(path, edit, made_by=PRETRAINED):
    weights = load_file(path)
    edit(weights)
    save_file(weights, path, metadata={HEADER: made_by.to_blank_json(data=seals.BLANK)})
    seals.seal_tensors(path)


def test_an_encoder_comes_back_as_it_was(paths):
    encoder = save_encoder(paths).eval()
    loaded = load_encoder(*paths)
    picture = torch.randn(3, 1, 20, 30)
    assert torch.equal(loaded.module(picture).joint, encoder(picture).joint)
    assert not loaded.module.training
    assert loaded.module.config == encoder.config
    assert loaded.made_by == PRETRAINED
    assert loaded.card == {"corpus": "cfad"}


def test_a_classifier_comes_back_as_it_was(paths):
    classifier = Classifier.with_mlp(make_encoder(), widths=(24, 12), dropout=0.3).eval()
    save_model(*paths, classifier, made_by=FINETUNED, card={})
    loaded = load_classifier(*paths)
    picture = torch.randn(3, 1, 20, 30)
    assert torch.equal(loaded.module(picture), classifier(picture))
    assert loaded.module.head.hidden.widths == (24, 12)
    assert loaded.module.head.hidden.dropout == 0.3
    assert loaded.card == {}


def test_the_configuration_says_how_to_build_the_model(paths):
    save_encoder(paths)
    content = json.loads(paths[1].read_text())
    assert len(content.pop("seal")) == 32
    assert content == {
        "class": "encoder",
        "width": 20,
        "n_frames": 30,
        "network": {
            "kind": "signl",
            "nodes": 8,
            "channels": 16,
            "neighbours": 4,
            "layers": 3,
            "projection": None,
            "search": "dense",
        },
        "made_by": {
            "stage": "pretrain_encoder",
            "revision": stages.PRETRAINING.revision,
            "options": {"epochs": 3},
            "made_for": "",
            "digests": {},
        },
        "card": {"corpus": "cfad"},
    }


def test_the_same_model_gives_the_same_bytes(paths, tmp_path):
    save_encoder(paths)
    again = tmp_path / "again.safetensors", tmp_path / "again.json"
    save_encoder(again)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_another_class_of_model_is_refused(paths):
    save_encoder(paths)
    with pytest.raises(ArtefactError, match="class 'encoder', expected 'classifier'"):
        load_classifier(*paths)


def test_a_model_of_another_revision_is_refused(paths, monkeypatch):
    save_encoder(paths)
    raised = replace(stages.PRETRAINING, revision=99)
    monkeypatch.setattr(stages, "PRETRAINING", raised)
    with pytest.raises(ArtefactError, match="expected pretrain_encoder revision 99"):
        load_encoder(*paths)
    assert from_pretrained(paths[0].parent).made_by == PRETRAINED


def test_a_model_of_another_stage_is_refused(paths):
    made_by = MadeBy(stage="score", revision=1, options={})
    save_model(*paths, make_encoder(), made_by=made_by, card={})
    with pytest.raises(ArtefactError, match="made by score revision 1, expected pretrain_encoder"):
        load_encoder(*paths)


def test_an_imported_encoder_is_an_encoder(paths):
    made_by = MadeBy(stage="import_checkpoint", revision=stages.IMPORTS.revision, options={})
    save_model(*paths, make_encoder(), made_by=made_by, card={})
    assert load_encoder(*paths).made_by == made_by


@pytest.mark.parametrize("is_classifier", [False, True])
def test_a_folder_is_loaded_whatever_it_holds(paths, is_classifier):
    model = Classifier.with_mlp(make_encoder()) if is_classifier else make_encoder()
    save_model(*paths, model.eval(), made_by=FINETUNED, card={})
    loaded = from_pretrained(paths[0].parent)
    assert type(loaded.module) is type(model)
    picture = torch.randn(2, 1, 20, 30)
    found, expected = (
        each(picture) if is_classifier else each(picture).joint for each in (loaded.module, model)
    )
    assert torch.equal(found, expected)


def test_a_folder_of_another_class_of_model_is_refused(paths):
    save_encoder(paths)
    edit_json(paths[1], **{"class": "tree"})
    with pytest.raises(ArtefactError, match="class 'tree', expected 'encoder' or 'classifier'"):
        from_pretrained(paths[0].parent)


def test_a_card_lies_beside_the_model(paths):
    card = {"corpus": "cfad", "label_percent": 5.0, "dev": {"dev_eer": 0.125, "epoch": 3}}
    save_model(*paths, Classifier.with_mlp(make_encoder()), made_by=FINETUNED, card=card)
    text = (paths[0].parent / "README.md").read_text()
    for line in (
        "# SIGNL classifier, cfad",
        "- labels: 5 % of the corpus",
        "- EER on dev, %: 12.5",
    ):
        assert line in text.splitlines()


NAME = "stem.convolutions.0.weight"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda weights: weights.pop(NAME), f"{NAME} is missing"),
        (lambda weights: weights.update(stray=torch.ones(2)), "stray is unknown"),
        (
            lambda weights: weights.update({NAME: torch.ones(2, 1, 5, 5)}),
            rf"{NAME} is float32 \[2, 1, 5, 5\], expected float32 \[2, 1, 3, 3\]",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named(paths, edit, message):
    save_encoder(paths)
    edit_weights(paths[0], edit)
    with pytest.raises(ArtefactError, match=message):
        load_encoder(*paths)


def test_weights_and_configuration_of_different_runs_are_refused(paths):
    save_encoder(paths)
    other = MadeBy(stage=PRETRAINED.stage, revision=PRETRAINED.revision, options={"epochs": 4})
    edit_weights(paths[0], lambda weights: None, made_by=other)
    with pytest.raises(ArtefactError, match=r"'epochs': 4.*configuration by .*'epochs': 3"):
        load_encoder(*paths)


@pytest.mark.parametrize("kept", [0, 5, 500])
def test_cut_weights_are_refused(paths, kept):
    save_encoder(paths)
    paths[0].write_bytes(paths[0].read_bytes()[:kept])
    with pytest.raises(ArtefactError, match=r"model\.safetensors is damaged"):
        load_encoder(*paths)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"class": "encoder"}', "null"])
def test_a_damaged_configuration_is_refused(paths, text):
    save_encoder(paths)
    paths[1].write_text(text)
    with pytest.raises(
        ArtefactError, match=r"config\.json is not a whole document .* make it anew"
    ):
        load_encoder(*paths)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": {"kind": "signl", "nodes": 8, "knots": 2}},
        {"network": {"kind": "signl", "channels": 7}},
        {"network": {"kind": "signl", "nodes": 10**12}},
        {"network": {"kind": "novel"}},
        {"network": {}},
        {"width": None},
        {"width": 10**12},
        {"n_frames": 1e30},
    ],
    ids=str,
)
def test_impossible_sizes_are_refused(paths, changes):
    save_encoder(paths)
    edit_json(paths[1], **changes)
    with pytest.raises(ArtefactError, match="does not describe an encoder"):
        load_encoder(*paths)


def test_a_description_from_before_networks_had_kinds_is_read(paths):
    save_encoder(paths)
    edit_json(paths[1], network=None)
    document = json.loads(paths[1].read_text())
    del document["network"]
    document["graph"] = {"nodes": 8, "channels": 16, "neighbours": 4, "layers": 3}
    paths[1].write_bytes(seals.seal_document(json.dumps(document).encode()))
    loaded = load_encoder(*paths).module
    assert loaded.config == SignlOptions(nodes=8, channels=16, neighbours=4, layers=3)


def test_a_head_that_is_not_described_is_refused(paths):
    save_model(*paths, Classifier.with_mlp(make_encoder()), made_by=FINETUNED, card={})
    edit_json(paths[1], head={"depth": 3})
    with pytest.raises(ArtefactError, match="does not describe a classifier's head"):
        load_classifier(*paths)


def test_one_crop_is_not_written_and_several_are_read(paths):
    classifier = Classifier.with_mlp(make_encoder())
    save_model(*paths, classifier, made_by=FINETUNED, card={})
    assert "crops" not in json.loads(paths[1].read_text())
    assert load_classifier(*paths).module.n_crops == 1
    classifier.n_crops = 4
    save_model(*paths, classifier, made_by=FINETUNED, card={})
    assert load_classifier(*paths).module.n_crops == 4
    assert "- crops of a clip: 4, whose scores are averaged" in (
        paths[1].with_name("README.md").read_text()
    )


@pytest.mark.parametrize("n_crops", [0, True, 2.0, 101, None])
def test_a_number_of_crops_that_cannot_be_is_refused(paths, n_crops):
    save_model(*paths, Classifier.with_mlp(make_encoder()), made_by=FINETUNED, card={})
    edit_json(paths[1], crops=n_crops)
    with pytest.raises(ArtefactError, match=r"crops is .*; allowed is a whole number, 1 to 100"):
        load_classifier(*paths)


def test_a_missing_file_is_said_to_be_missing(paths):
    with pytest.raises(FileNotFoundError):
        load_encoder(*paths)
    save_encoder(paths)
    paths[0].unlink()
    with pytest.raises(FileNotFoundError):
        load_encoder(*paths)


def test_a_failed_write_leaves_the_old_model(paths, monkeypatch):
    save_encoder(paths)
    before = [path.read_bytes() for path in paths]

    def fail(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr("signl.models.saving.write_tensors", fail)
    with pytest.raises(ArtefactError, match="no room on the disk"):
        save_model(*paths, make_encoder(), made_by=PRETRAINED, card={"new": True})
    assert [path.read_bytes() for path in paths] == before
    assert sorted(path.name for path in paths[0].parent.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]


@pytest.mark.parametrize(
    "states", [{"layer": 2}, {"layers": (1, 2)}, {"layers": "all"}], ids=["one", "some", "all"]
)
def test_a_front_end_comes_back_with_its_hidden_states(paths, speech_model_folder, states):
    frontend = TrainableSpeechModel(AutoModel.from_pretrained(speech_model_folder), **states)
    options = MeanPoolOptions()
    encoder = EndToEndEncoder(frontend, options, clip_s=0.6, crop_samples=4800).eval()
    save_model(*paths, encoder, made_by=PRETRAINED, card={})
    loaded = load_encoder(*paths).module
    assert loaded.form() == encoder.form()
    crops = torch.randn(2, 4800, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(loaded.embed(crops), encoder.embed(crops))
