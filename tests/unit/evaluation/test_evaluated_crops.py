"""Features that are made as a corpus is scored are those that the workflow keeps."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from small_models import save_frame_classifier, tone

from signl.corpora.audio_shards import ShardWriter, read_members
from signl.devices import Resources
from signl.errors import ArtefactError, AudioError
from signl.evaluation import evaluated_crops as module
from signl.evaluation.evaluated_crops import StreamedClips, evaluated_crops
from signl.evaluation.scoring import _scores
from signl.features import extract
from signl.features.extract import extract_features
from signl.features.feature_shards import MODEL_DIGEST
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.saving import from_pretrained
from signl.training.clips import FrameClips
from signl.training.crops import Utterances

CPU = torch.device("cpu")
SECONDS = (0.4, 0.7, 1.0, 0.4, 0.05, 0.7, 0.9)
TEXT = "text.flac"
PERTURBATION = {"kind": "noise", "probability": 1.0, "snr_db": [10.0, 10.0]}


def flac(seconds, seed):
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(seconds, seed=seed), 16_000, format="FLAC")
    return buffer.getvalue()


@pytest.fixture
def audio(tmp_path):
    """Utterances in two shards of an archive, and one that is no audio."""
    paths = [tmp_path / "audio" / "A" / f"000{shard}-of-0002.parquet" for shard in (0, 1)]
    with ShardWriter(paths, {"archive": "A"}) as writer:
        for place, seconds in enumerate(SECONDS):
            writer.add(f"{place}.flac", flac(seconds, place))
        writer.add(TEXT, b"not audio but text\n" * 10)
    return paths


def utterances_named(audio, names):
    """Utterances where their members lie."""
    places = {
        member: (shard, row)
        for shard, path in enumerate(audio)
        for row, member in enumerate(read_members(path))
    }
    shards, rows = np.array([places[name] for name in names]).T
    n = len(names)
    return Utterances(names, ["A"] * n, shards, rows, np.zeros(n, int))


def placed(utterances, clips, classifier, n_workers=0):
    """The crops of each utterance, (utterance, view, 1, width, frame)."""
    found = {}
    crops = evaluated_crops(
        utterances, clips, classifier, CPU, Resources(n_workers=n_workers), name="test"
    )
    for positions, views in crops:
        for index, position in enumerate(positions):
            assert position not in found
            found[position] = torch.stack([view[index] for view in views])
    return torch.stack([found[position] for position in range(len(utterances))])


@pytest.fixture
def classifier_on(tmp_path):
    """Return a function that gives a classifier on a front-end's frames, with its card."""

    def classifier(options, **others):
        return from_pretrained(
            save_frame_classifier(tmp_path / "model", options, n_crops=2, **others)
        )

    return classifier


@pytest.fixture
def features_of(audio, tmp_path):
    """Return a function that extracts the features of the audio, and gives their shards."""

    def extracted(options):
        shards = []
        for path in audio:
            shards.append(tmp_path / "features" / "A" / f"{path.stem}.safetensors")
            index = shards[-1].with_suffix(".parquet")
            extract_features(path, shards[-1], index, options=options)
        return shards

    return extracted


@pytest.mark.parametrize("perturbation", [None, PERTURBATION], ids=["as it is", "perturbed"])
@pytest.mark.parametrize(
    "options",
    [
        {"kind": "logmel"},
        {"kind": "logmel", "repeat": "frames"},
        {"kind": "lfcc", "repeat": "frames", "storage": "int8"},
    ],
    ids=["waveforms repeated", "frames repeated", "in 8 bits"],
)
def test_crops_are_those_of_kept_features(audio, classifier_on, features_of, options, perturbation):
    model = classifier_on(options)
    frontend = model.card["features"]
    shards = features_of(frontend | ({"perturbation": perturbation} if perturbation else {}))
    # In an order of their own, one of them twice, and not all.
    names = [f"{place}.flac" for place in (6, 1, 3, 0, 4, 5, 1)]
    utterances = utterances_named(audio, names)
    kept = placed(utterances, FrameClips(shards), model.module)
    assert kept.shape[:2] == (7, 2)
    streamed = StreamedClips(audio, frontend, perturbation)
    for n_workers in (0, 3):
        assert torch.equal(placed(utterances, streamed, model.module, n_workers), kept)


def test_a_vector_of_a_recording_too(audio, classifier_on, features_of):
    options = {"kind": "logmel", "pooled": "mean"}
    model = classifier_on(options, network=MeanPoolOptions(statistics="mean"))
    shards = features_of(model.card["features"])
    utterances = utterances_named(audio, [f"{place}.flac" for place in range(len(SECONDS))])
    streamed = StreamedClips(audio, model.card["features"])
    expected = placed(utterances, FrameClips(shards), model.module)
    assert torch.equal(placed(utterances, streamed, model.module), expected)


def test_scores_are_those_of_kept_features_but_for_the_order_of_sums(
    audio, classifier_on, features_of, monkeypatch
):
    monkeypatch.setattr(extract, "WINDOW", 3)
    monkeypatch.setattr(module, "_BATCH", 2)
    model = classifier_on({"kind": "logmel", "repeat": "frames"})
    frontend = model.card["features"]
    utterances = utterances_named(audio, [f"{place}.flac" for place in range(len(SECONDS))])
    kept, streamed = (
        _scores([model.module], utterances, clips, Resources())[0]
        for clips in (FrameClips(features_of(frontend)), StreamedClips(audio, frontend))
    )
    assert len(set(kept)) == len(SECONDS)
    np.testing.assert_allclose(streamed, kept, atol=1e-5)


def test_an_utterance_of_no_shard_that_was_given_is_refused(audio, classifier_on):
    model = classifier_on({"kind": "logmel"})
    utterances = utterances_named(audio, [f"{place}.flac" for place in range(len(SECONDS))])
    some = StreamedClips(audio[:1], model.card["features"])
    with pytest.raises(ArtefactError, match="no audio shard 1 of archive 'A' among those given"):
        placed(utterances, some, model.module)
    elsewhere = replace(utterances, archives=["B"] * len(utterances))
    streamed = StreamedClips(audio, model.card["features"])
    with pytest.raises(ArtefactError, match="no audio shard 0 of archive 'B' among those given"):
        placed(elsewhere, streamed, model.module)
    beyond = replace(utterances, rows=utterances.rows + 99)
    with pytest.raises(ArtefactError, match=r"has \d+ rows, row \d+ is none of them"):
        placed(beyond, streamed, model.module)


def test_what_has_no_features_is_named(audio, classifier_on):
    model = classifier_on({"kind": "logmel"})
    streamed = StreamedClips(audio, model.card["features"])
    utterances = utterances_named(audio, ["1.flac", TEXT])
    with pytest.raises(AudioError, match=r"parquet: text\.flac: .*take the corpus out of streamed"):
        placed(utterances, streamed, model.module)


def test_a_front_end_of_other_weights_is_refused(audio, classifier_on, speech_model_folder):
    options = {"kind": "wav2vec2", "model": str(speech_model_folder)}
    model = classifier_on(options)
    streamed = StreamedClips(audio, model.card["features"])
    streamed.check_model(model.card)
    with pytest.raises(ArtefactError, match="those that the model was trained with"):
        streamed.check_model(model.card | {MODEL_DIGEST: "0" * 32})
