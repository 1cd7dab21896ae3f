"""Networks of one's own: named, digested, and run only where they are named."""

import json
import os
import sys

import pytest
import torch
from own_networks import write_module

from signl import seals, stages
from signl.artefacts import MadeBy
from signl.errors import ArtefactError, ConfigError
from signl.models.heads import Classifier
from signl.models.networks import NETWORKS
from signl.models.own_code import (
    FOLDERS,
    check_allowed,
    check_source,
    is_own,
    look_in,
    own_kinds,
    source_digest,
)
from signl.models.saving import from_pretrained, load_classifier, save_model


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder in which modules are looked for; Python's own path is as before, afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    return tmp_path


@pytest.fixture
def kind(place, request):
    """The kind of a network in a module of its own name."""
    name = f"net_{abs(hash(request.node.name))}"
    write_module(place, name)
    yield f"{name}:Options"
    sys.modules.pop(name, None)


@pytest.fixture
def saved(kind, tmp_path):
    """A classifier with this network, as a folder."""
    options = NETWORKS.build({"kind": kind})
    made_by = MadeBy(stage=stages.FINETUNING.rule, revision=stages.FINETUNING.revision, options={})
    folder = tmp_path / "model"
    folder.mkdir()
    classifier = Classifier.with_mlp(options.build(4, 5), widths=(8, 6))
    files = folder / "model.safetensors", folder / "config.json"
    save_model(*files, classifier, made_by=made_by, card={})
    return folder, classifier.eval()


@pytest.mark.parametrize("name", ["a:B", "a.b_c:D1"])
def test_a_place_of_a_class_is_a_kind(name):
    assert is_own(name)


@pytest.mark.parametrize("name", ["signl", "a.b", "a:", ":B", "a:b:c", "a/b:C", "..a:B", 3, None])
def test_others_are_none(name):
    assert not is_own(name)


def test_options_have_the_digest_of_their_source(kind, place):
    options = NETWORKS.build({"kind": kind, "channels": 3})
    path = place / f"{kind.partition(':')[0]}.py"
    assert options.code == source_digest(type(options))
    assert NETWORKS.build(options.dump()) == options
    check_source(options)
    path.write_text(path.read_text() + "\n# another version\n")
    with pytest.raises(ConfigError, match="bring back the file that it was made with"):
        check_source(options)
    assert NETWORKS.build({"kind": kind, "channels": 3}) != options


def test_files_beside_it_count_where_they_are_named(kind, place):
    options = type(NETWORKS.build({"kind": kind}))
    options.source_files = ("blocks.py",)
    with pytest.raises(ConfigError, match=r"blocks.py, source of .* cannot be read"):
        source_digest(options)
    digests = set()
    for text in ("one", "another"):
        (place / "blocks.py").write_text(text)
        digests.add(source_digest(options))
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("no_such_module:Net", "no_such_module cannot be imported .*ModuleNotFoundError"),
        ("json:JSONDecoder", "is no class of options; allowed is a class that derives"),
        ("json:Nothing", "Nothing of .* is not there"),
        ("signl.models.signl.options:SignlOptions", "allowed is a class that derives"),
    ],
)
def test_what_is_no_network_is_refused(place, wrong, message):
    with pytest.raises(Exception, match=message):
        NETWORKS.build({"kind": wrong})


def test_a_saved_model_comes_back_where_its_kind_is_named(saved, kind):
    folder, classifier = saved
    crops = torch.randn(3, 1, 4, 5)
    for load in (
        lambda: from_pretrained(folder, model_code=kind),
        lambda: load_classifier(
            folder / "model.safetensors", folder / "config.json", model_code=kind
        ),
    ):
        assert torch.equal(load().module(crops), classifier(crops))


@pytest.mark.parametrize("named", [None, "other:Class"])
def test_no_code_is_imported_because_a_saved_model_asks_for_it(saved, kind, named):
    folder, _ = saved
    module = kind.partition(":")[0]
    del sys.modules[module]
    with pytest.raises(ConfigError, match=f"--model-code {kind}"):
        from_pretrained(folder, model_code=named)
    assert module not in sys.modules


def test_a_saved_model_of_another_version_of_the_code_is_refused(saved, kind, place):
    folder, _ = saved
    path = place / f"{kind.partition(':')[0]}.py"
    path.write_text(path.read_text() + "\n# another version\n")
    with pytest.raises(ArtefactError, match="bring back the file"):
        from_pretrained(folder, model_code=kind)


def test_a_description_that_is_no_mapping_is_no_way_around(saved, kind):
    folder, _ = saved
    path = folder / "config.json"
    document = json.loads(path.read_text())
    document["network"] = [["kind", kind]]
    document["seal"] = seals.BLANK
    path.write_bytes(seals.seal_document(json.dumps(document, indent=2, sort_keys=True).encode()))
    with pytest.raises(ArtefactError, match="does not describe an encoder"):
        from_pretrained(folder)


def test_networks_of_the_package_are_allowed():
    check_allowed({"kind": "signl"}, None)
    check_allowed(None, None)


def test_folders_are_handed_on_to_processes(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDERS, str(tmp_path / "a"))
    look_in([tmp_path / "b", tmp_path / "a"])
    assert os.environ[FOLDERS] == f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}"


def test_kinds_are_found_at_any_depth():
    options = {"model": {"kind": "a:B"}, "list": [{"x": {"kind": "c:D"}}, 1], "kind": "signl"}
    assert own_kinds(options) == {"a:B", "c:D"}
