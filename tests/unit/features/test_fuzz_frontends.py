"""Folders of front-ends, broken at random: used as they are, or refused by an error of ours."""

import json
import random
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from signl.errors import SignlError
from signl.features.frontends import frontend_options

CPU = torch.device("cpu")
STRANGE = [
    *(None, True, False, 0, -1, 1, 7, 1 << 40, 1e300, -0.5, "", "a", "../../etc/passwd", "\x00"),
    *([], {}, [1], [[]], [-1] * 7, [1 << 40] * 7, ["a"] * 7, {"a": {"b": []}}, float("nan")),
]
CONFIG, WEIGHTS, PREPROCESSOR = "config.json", "model.safetensors", "preprocessor_config.json"
INDEX = f"{WEIGHTS}.index.json"


@pytest.fixture(scope="module")
def whole(speech_model_folder, whisper_folder, w2v_bert_folder, tmp_path_factory):
    """Kinds and folders with a preprocessor; one has its weights in a part that an index names."""
    folders = []
    for name in ("single", "parts"):
        folder = shutil.copytree(speech_model_folder, tmp_path_factory.mktemp("whole") / name)
        (folder / PREPROCESSOR).write_text('{"do_normalize": true, "sampling_rate": 16000}')
        folders.append(folder)
    weights = load_file(folders[1] / WEIGHTS)
    (folders[1] / WEIGHTS).unlink()
    save_file(weights, folders[1] / "part.safetensors", metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, "part.safetensors")}
    (folders[1] / INDEX).write_text(json.dumps(index))
    others = [("whisper", whisper_folder), ("w2v_bert", w2v_bert_folder)]
    return [*(("wav2vec2", folder) for folder in folders), *others]


def change_value(rng, content):
    """Put something strange in the place of a value, at any depth, or a key more."""
    values = json.loads(content)
    place = values
    while rng.random() < 0.4:
        inner = [value for value in place.values() if isinstance(value, dict) and value]
        place = rng.choice(inner) if inner else place
    known = [
        "auto_map",
        "quantization_config",
        "torch_dtype",
        "attn_implementation",
        "pruned_heads",
    ]
    place[rng.choice([*place, rng.choice(known)])] = rng.choice(STRANGE)
    return json.dumps(values).encode()


def change_bytes(rng, content):
    """Flip some bytes, most of them in the head."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 30])):
        last = rng.choice([9, 200, len(changed) - 1])
        changed[rng.randrange(min(last, len(changed) - 1) + 1)] = rng.randrange(256)
    return bytes(changed)


def cut(rng, content):
    return content[: rng.randrange(len(content))]


def lengthen(rng, content):
    return content + rng.randbytes(rng.choice([1, 8, 500]))


def replace(rng, content):
    return rng.choice([b"", b"<html>", b"[" * 50_000, b"null", rng.randbytes(64), b"\xff\xfe{}"])


def break_one(rng, folder):
    """Break a file of a folder; return what was done."""
    name = rng.choice(sorted(path.name for path in folder.iterdir()))
    ways = [change_bytes, cut, lengthen, replace]
    way = rng.choice([change_value] * 6 + ways if name.endswith(".json") else ways)
    (folder / name).write_bytes(way(rng, (folder / name).read_bytes()))
    return f"{way.__name__} of {name}"


def try_one(seed, whole, scratch):
    """Break a folder and use it; tell whether it was used."""
    rng = random.Random(seed)
    kind, original = rng.choice(whole)
    folder = shutil.copytree(original, scratch / "model")
    done = break_one(rng, folder)
    try:
        options = frontend_options({"kind": kind, "model": str(folder), "clip_s": 0.5})
        options.geometry()
        options.least_crop_s(training=True)
        options.model_files()
        options.check_model()
        frontend = options.build(CPU)
        assert frontend(torch.zeros(1, 4000)).shape[0] == 1
    except SignlError:
        return False
    except Exception as error:
        raise AssertionError(f"seed {seed}, {done}: {error!r}") from error
    finally:
        shutil.rmtree(folder)
    return True


@pytest.mark.parametrize("block", range(4))
def test_no_foreign_error_comes_of_a_broken_folder(block, whole, tmp_path):
    used = [try_one(1000 * block + seed, whole, tmp_path) for seed in range(30)]
    # Both happen: bytes of a weight that are others, and files that nobody can read.
    assert 0 < sum(used) < len(used)


@pytest.mark.slow
def test_no_foreign_error_comes_of_five_thousand_broken_folders(whole, tmp_path):
    for seed in range(10_000, 15_000):
        try_one(seed, whole, tmp_path)
