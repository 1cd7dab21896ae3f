"""The crops of trials that are scored: of kept features, of audio, or of features made here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from signl.augmentation.chain import perturbation_of
from signl.corpora.audio_shards import PackedAudio, count_packed, iterate_audio
from signl.corpora.random_access import AudioStore, no_row, no_shard
from signl.devices import Resources
from signl.errors import AudioError
from signl.evaluation.model_inputs import FrameInputs, check_digest
from signl.features.extract import batches_of
from signl.features.feature_shards import MODEL_DIGEST
from signl.features.frontends import frontend_options
from signl.features.usable import check_members
from signl.models.heads import Classifier
from signl.progress import progress
from signl.shards import by_archive
from signl.training.clips import Clips
from signl.training.crops import FixedCrops, Loading, Utterances, even_batches, load_batches

#: Utterances whose pictures are scored at a time.
_BATCH: Final = 256
#: Positions of some utterances among all, and of each view the crops of these.
Crops = tuple[np.ndarray, Sequence[Tensor]]


class StreamedClips:
    """Audio whose features are computed as they are asked for, and not kept.

    They are those that ``extract_features`` keeps, by the same functions.

    Parameters
    ----------
    audio : sequence of paths
        Audio shards.
    frontend : Mapping
        The front-end: its kind, and the options of the kind.
    perturbed_by : Mapping, optional
        Options of what is done to each recording first.
    """

    def __init__(
        self,
        audio: Sequence[str | Path],
        frontend: Mapping[str, Any],
        perturbed_by: Mapping[str, Any] | None = None,
    ) -> None:
        self._audio, self.perturbed_by = audio, perturbed_by
        self._frontend = frontend_options(frontend)

    def features(self) -> dict[str, Any]:
        """Return the options of the front-end, as a model's card has them."""
        return {"features": self._frontend.dump()}

    def check_utterances(self, usable: Sequence[str | Path]) -> None:
        """Refuse audio shards of other utterances."""
        check_members(usable, AudioStore(self._audio).members())

    def check_model(self, card: Mapping[str, Any]) -> None:
        """Refuse a front-end of other files than those that a classifier was trained with.

        Parameters
        ----------
        card : Mapping
            Of the classifier.

        Raises
        ------
        ConfigError, ArtefactError
            If they are not here, or others.
        """
        check_digest(
            self._frontend,
            card.get(MODEL_DIGEST),
            remedy="give its recipe the front-end that it was trained on, or train it anew",
        )

    def crops(
        self,
        utterances: Utterances,
        classifier: Classifier,
        device: torch.device,
        n_decoders: int,
    ) -> Iterator[Crops]:
        """Yield the crops of all utterances, shard by shard.

        Raises
        ------
        ArtefactError
            If one lies in none of the shards.
        AudioError
            Names the first that gives no features: nothing is scored then, where ``limits`` would
            let it be left out of features that are kept.
        """
        perturbation = perturbation_of(self.perturbed_by)
        inputs = FrameInputs(self._frontend, classifier, device, perturbation)
        for path, positions in self._by_shard(utterances):
            rows = _rows(path, utterances.rows[positions])
            with closing(inputs.of_packed(rows, n_decoders)) as pictures:
                try:
                    yield from _in_batches(positions, pictures, device)
                except AudioError as error:
                    raise AudioError(
                        f"{path}: {error}; its features cannot be left out here: take the corpus "
                        "out of streamed, and it is in quarantine, as far as limits.undecodable "
                        "allows"
                    ) from error

    def _by_shard(self, utterances: Utterances) -> Iterator[tuple[Path, np.ndarray]]:
        """Yield each shard and the positions of the utterances in it, by their rows."""
        paths = by_archive(self._audio)
        archives = np.array(utterances.archives)
        places = sorted(set(zip(utterances.archives, utterances.shards.tolist(), strict=True)))
        for archive, shard in places:
            if shard >= len(paths.get(archive, ())):
                raise no_shard(archive, shard)
        for archive, shard in places:
            positions = np.flatnonzero((archives == archive) & (utterances.shards == shard))
            by_row = np.argsort(utterances.rows[positions], kind="stable")
            yield paths[archive][shard], positions[by_row]


def _in_batches(
    positions: np.ndarray, pictures: Iterator[list[Tensor]], device: torch.device
) -> Iterator[Crops]:
    """Yield the pictures of a shard's utterances some at a time, on a device."""
    for batch in batches_of(zip(positions, pictures, strict=True), _BATCH):
        found, views = zip(*batch, strict=True)
        stacked = [torch.stack(view).to(device) for view in zip(*views, strict=True)]
        yield np.array(found), stacked


def _rows(path: Path, rows: np.ndarray) -> Iterator[PackedAudio]:
    """Yield the utterances in some rows of a shard, which rise, one row as often as it is there."""
    n_rows = count_packed(path)
    if rows[-1] >= n_rows:
        raise no_row(path, n_rows, rows[-1])
    n_times = dict(zip(*np.unique(rows, return_counts=True), strict=True))
    wanted = islice(iterate_audio(path), int(rows[-1]) + 1)
    for packed in progress(wanted, path.stem, unit="utterance", total=int(rows[-1]) + 1):
        for _ in range(n_times.get(packed.row, 0)):
            yield packed


def evaluated_crops(
    utterances: Utterances,
    clips: Clips | StreamedClips,
    classifier: Classifier,
    device: torch.device,
    resources: Resources,
    *,
    name: str,
) -> Iterable[Crops]:
    """Yield the crops that a classifier scores, until each utterance had its turn.

    Parameters
    ----------
    utterances : Utterances
    clips : Clips or StreamedClips
        Hold them.
    classifier : Classifier
        Says how long its crops are, and how many of a clip.
    device : device
        Where the crops lie.
    resources : Resources
        Of these, those that load.
    name : str
        What is said beside the progress.

    Yields
    ------
    tuple of ndarray and of sequence of Tensor
        Positions of some utterances; the first crop of each, the second, and so on.
    """
    if isinstance(clips, StreamedClips):
        yield from clips.crops(utterances, classifier, device, max(1, resources.n_workers))
        return
    loading = Loading(
        clips=clips, device=device, batch_size=clips.batch_size, n_workers=resources.n_workers
    )
    crops = FixedCrops(length=classifier.encoder.crop_length, n_views=classifier.n_crops)
    batches = even_batches(np.arange(len(utterances)), loading.batch_size)
    loaded = load_batches(utterances, batches, crops, loading, name=name)
    for positions, batch in zip(batches, loaded, strict=True):
        yield np.array(positions), batch.views
