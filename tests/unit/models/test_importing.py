import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from signl import stages
from signl.errors import ArtefactError
from signl.models.end_to_end import EndToEndEncoder
from signl.models.heads import Classifier, score
from signl.models.network import to_picture
from signl.models.published.importing import Provenance, import_checkpoint
from signl.models.published.reference import build_model, convert_state_dict
from signl.models.saving import from_pretrained, load_classifier, load_encoder

CFAD = Provenance(corpus="cfad", neighbours=3, label_percent=5.0)


@pytest.fixture
def checkpoint(publish, tmp_path):
    """Return a function that writes a published checkpoint and gives its path."""

    def write(kind, edit=None, **options):
        published = publish(kind, **options)
        state = dict(published.state)
        if edit:
            edit(state)
        path = tmp_path / f"{kind}.ckpt"
        torch.save({"state_dict": state}, path)
        return path

    return write


@pytest.fixture
def config(publish):
    """The fields of the small front-end, which has fewer channels a head than published ones."""
    return publish("encoder").wav2vec2


@pytest.fixture
def waveforms():
    return torch.randn(2, 72_000, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["encoder", "classifier"])
def test_an_imported_model_computes_what_its_checkpoint_does(
    checkpoint, publish, config, waveforms, tmp_path, kind
):
    import_checkpoint(checkpoint(kind), tmp_path / "out", CFAD, frontend=config)
    imported = from_pretrained(tmp_path / "out").module
    converted = convert_state_dict(publish(kind).state)
    encoder = imported.encoder if kind == "classifier" else imported
    assert isinstance(encoder, EndToEndEncoder)
    with torch.no_grad():
        frames = encoder.frontend(waveforms)
        model = build_model(converted, width=32, n_frames=224, neighbours=3)
        picture = to_picture(frames)
        if kind == "classifier":
            found, expected = score(imported(waveforms)), score(model(picture))
        else:
            found, expected = imported(waveforms).joint, model.encoder(picture).joint
    torch.testing.assert_close(found, expected)


def test_all_weights_arrive(checkpoint, publish, config, tmp_path):
    import_checkpoint(checkpoint("classifier"), tmp_path / "out", CFAD, frontend=config)
    with safe_open(tmp_path / "out" / "model.safetensors", framework="pt") as file:
        n_written = len(list(file.keys()))
    converted = convert_state_dict(publish("classifier").state)
    assert n_written == len(converted.model) + len(converted.frontend)


def test_an_import_says_what_it_is(checkpoint, config, tmp_path):
    import_checkpoint(checkpoint("classifier"), tmp_path / "out", CFAD, frontend=config)
    description = json.loads((tmp_path / "out" / "config.json").read_text())
    assert description["made_by"] == {
        "made_for": "",
        "digests": {},
        "stage": "import_checkpoint",
        "revision": stages.IMPORTS.revision,
        "options": {
            "source": "classifier.ckpt",
            "corpus": "cfad",
            "neighbours": 3,
            "label_percent": 5.0,
        },
    }
    card = (tmp_path / "out" / "README.md").read_text()
    assert "- corpus: cfad" in card
    assert "- labels: 5 % of the corpus" in card


def test_imports_are_read_where_the_workflow_reads_models(checkpoint, config, tmp_path):
    for kind in ("encoder", "classifier"):
        import_checkpoint(checkpoint(kind), tmp_path / kind, CFAD, frontend=config)
    folder = tmp_path / "encoder"
    load_encoder(folder / "model.safetensors", folder / "config.json")
    folder = tmp_path / "classifier"
    loaded = load_classifier(folder / "model.safetensors", folder / "config.json")
    assert isinstance(loaded.module, Classifier)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda state: state.pop("stem.convs.0.bias"), r"stem\.convs\.0\.bias is missing"),
        (lambda state: state.update(stray=torch.ones(1)), r"no place .*\['stray'\]"),
        (
            lambda state: state.update({"encoder_t.gnn.gconv.1.bias": torch.ones(3)}),
            r"encoder_t\.gnn\.gconv\.1\.bias is float32 \[3\], expected float32 \[32\]",
        ),
        (
            lambda state: state.pop("wav2vec.encoder.layer_norm.bias"),
            r"encoder\.layer_norm\.bias is missing",
        ),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(checkpoint, config, tmp_path, edit, message):
    with pytest.raises(ArtefactError, match=message):
        import_checkpoint(checkpoint("encoder", edit), tmp_path / "out", CFAD, frontend=config)
    assert not (tmp_path / "out").exists()


def test_neighbours_that_the_graph_cannot_have_are_refused(checkpoint, config, tmp_path):
    many = Provenance(corpus="cfad", neighbours=4)
    with pytest.raises(ArtefactError, match=r"neighbours must lie in 1\.\.3 for 4 nodes, got 4"):
        import_checkpoint(checkpoint("encoder"), tmp_path / "out", many, frontend=config)


def test_the_same_checkpoint_gives_the_same_bytes(checkpoint, config, tmp_path):
    path = checkpoint("encoder")
    written = []
    for name in ("first", "second"):
        import_checkpoint(path, tmp_path / name, CFAD, frontend=config)
        written.append([file.read_bytes() for file in sorted((tmp_path / name).iterdir())])
    assert written[0] == written[1]
    assert np.all([len(each) for each in written[0]])
