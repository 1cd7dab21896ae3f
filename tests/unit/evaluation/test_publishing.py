"""What is published of a model, and a model that goes to a stand-in of the Hub and comes back."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from hub_stand_in import COMMIT, NAME, TOKEN, Repository, serving
from huggingface_hub import ModelCard
from small_models import save_frame_classifier, write_audio, write_point

from signl.artefacts import MadeBy, open_document, write_document
from signl.errors import ConfigError, SignlError
from signl.evaluation.publishing import files_to_publish
from signl.evaluation.scorer import load
from signl.models.card import card_text, metadata_of, model_card

MODEL = "results/classifiers/signl-logmel/cfad/labels-100/seed-1"


def commands_of(repository):
    """The commands of docs/using.md that publish a model, with the names of the stand-in."""
    page = (repository / "docs" / "using.md").read_text(encoding="utf-8")
    section = page.partition("## Publish a model\n")[2]
    block = re.search(r"^```\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)[1]
    block = block.replace(MODEL, "model").replace("owner/name", NAME).replace("COMMIT", COMMIT)
    return [shlex.split(line)[1:] for line in block.splitlines()]


@pytest.fixture
def model(tmp_path):
    """A classifier with an operating point, whose card tells of dev."""
    folder = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    write_point(folder)
    (folder / "history.jsonl").write_text("{}\n")
    return folder


@pytest.mark.slow
def test_a_model_goes_to_the_hub_and_comes_back(model, tmp_path, repository):
    audio = write_audio(tmp_path / "call.wav", 0.8)
    held = Repository({})
    with serving(held) as address:
        environment = os.environ | {
            "PYTHONPATH": str(repository),
            "HF_ENDPOINT": address,
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": TOKEN,
        }

        def run(arguments, **changes):
            return subprocess.run(
                [sys.executable, "-m", "signl", *arguments],
                env=environment | changes,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )

        push, score = commands_of(repository)
        pushed = run(push)
        assert pushed.returncode == 0, pushed.stderr
        assert f"revision {COMMIT}" in pushed.stdout
        assert held.created[0].get("private") or held.created[0].get("visibility") == "private"
        scored = run([*score, "--json", "-"])
        refused = run(push, HF_TOKEN="hf_another")
    assert held.files.keys() == {
        "model.safetensors",
        "config.json",
        "operating_point.json",
        "README.md",
    }
    assert held.files["model.safetensors"] == (model / "model.safetensors").read_bytes()
    assert json.loads(scored.stdout)["score"] == load(model).score(audio).score
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"ConfigError: {NAME} cannot be pushed: ")


def test_the_uploaded_card_says_how_the_model_is_used_from_there(model):
    text = files_to_publish(model, NAME)["README.md"].decode()
    assert f"signl score {NAME} --revision COMMIT recording.wav" in text
    assert f'signl.load("{NAME}", revision="COMMIT").score("recording.wav")' in text


def test_the_hub_reads_the_metadata(model):
    document = open_document(model / "config.json")
    document["card"] = {"corpus": "cfad", "dev": {"dev_eer": 0.0625, "epoch": 3}}
    data = ModelCard(model_card(document)).data
    (result,) = data.eval_results
    assert (data.pipeline_tag, data.datasets) == ("audio-classification", ["cfad"])
    assert (result.dataset_type, result.dataset_split) == ("cfad", "dev")
    assert (result.metric_type, result.metric_value) == ("eer", 6.25)


def test_a_card_of_an_earlier_version_is_brought_to_its_present_form(model):
    now = files_to_publish(model, NAME)["README.md"]
    document = open_document(model / "config.json")
    (model / "README.md").write_text(card_text(document))
    assert files_to_publish(model, NAME)["README.md"] == now


def test_an_edited_card_is_kept_where_it_has_metadata(model):
    card = (model / "README.md").read_text().replace("# SIGNL", "# Our SIGNL")
    (model / "README.md").write_text(card)
    assert files_to_publish(model, NAME)["README.md"].decode() == card


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("# A model\n", r"lacks the metadata \['pipeline_tag', 'tags', 'library_name'\]"),
        ("---\ntags: [speech]\n---\n# A model\n", r"lacks the metadata \['pipeline_tag', "),
        ("---\na: [\n---\n", "its metadata are no YAML"),
        ("---\n- a\n---\n", "its metadata are list, no mapping"),
    ],
)
def test_an_edited_card_without_metadata_is_refused(model, card, message):
    (model / "README.md").write_text(card)
    with pytest.raises(ConfigError, match=message):
        files_to_publish(model, NAME)


def damage(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no saved model, it has no config.json"),
        (lambda folder: (folder / "README.md").unlink(), "it has no README.md"),
        (lambda folder: damage(folder / "model.safetensors"), "model.safetensors is damaged"),
        (
            lambda folder: write_document(
                folder / "config.json",
                {"class": "table"},
                MadeBy(stage="x", revision=1, options={}),
            ),
            "holds a model of class 'table'",
        ),
    ],
)
def test_what_is_no_whole_model_is_refused(model, spoil, message):
    spoil(model)
    with pytest.raises(SignlError, match=message):
        files_to_publish(model, NAME)


def test_a_card_without_metadata_has_none():
    assert metadata_of("# A model\n") == {}
