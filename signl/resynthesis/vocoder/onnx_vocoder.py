"""Mel spectrograms of recordings through the graph of a vocoder."""

import numpy as np
import torch
import torchaudio.functional
from numpy.typing import NDArray
from torch import Tensor

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ
from signl.errors import AudioError
from signl.resynthesis.spectra import Samples
from signl.resynthesis.vocoder.graphs import find_input, find_outputs, load_graph
from signl.resynthesis.vocoder.options import VocoderOptions
from signl.resynthesis.vocoder.vocoder_mels import VocoderMels


class OnnxVocoder:
    """Copy-synthesis by a neural vocoder; draws nothing.

    Parameters
    ----------
    options : VocoderOptions
        The file and its form.

    Raises
    ------
    ConfigError
        If the graph does not fit; says what it has, and what is expected.
    """

    def __init__(self, options: VocoderOptions) -> None:
        self.options = options
        self._graph = load_graph(options.file)
        self._input = find_input(self._graph, options)
        self._outputs = find_outputs(self._graph, options)
        self._mels = VocoderMels(options.mel)

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) as long.

        Raises
        ------
        AudioError
            If the graph gives another number of samples than its hop has it.
        """
        rate_hz = self.options.mel.sample_rate_hz
        peak = np.abs(samples).max()
        gain = 1.0 if self.options.peak is None or peak == 0 else self.options.peak / peak
        played = torchaudio.functional.resample(
            torch.from_numpy(gain * samples), SAMPLE_RATE_HZ, rate_hz
        )
        made = torch.from_numpy(self.synthesise(self._mels(played)))
        back = torchaudio.functional.resample(made, rate_hz, SAMPLE_RATE_HZ).numpy() / gain
        result: Samples = np.pad(back, (0, max(0, len(samples) - len(back))))[: len(samples)]
        return result

    def synthesise(self, mels: Tensor) -> Samples:
        """Return the waveform (time,) of a mel spectrogram (band, frame), at its own rate.

        What is longer than a piece goes through piece by piece, with frames around each that are
        thrown away afterwards: the same, where they are as many as the graph looks ahead and back.
        """
        options, hop = self.options, self.options.mel.hop
        n_frames = mels.shape[1]
        n_piece = max(1, round(options.piece_s * options.mel.sample_rate_hz / hop))
        pieces = []
        for start in range(0, n_frames, n_piece):
            stop = min(start + n_piece, n_frames)
            first, last = max(0, start - options.context), min(n_frames, stop + options.context)
            made = self._run(mels[:, first:last].numpy().astype(np.float32))
            pieces.append(made[(start - first) * hop : (stop - first) * hop])
        return np.concatenate(pieces).astype(np.float64)

    def _run(self, mels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the waveform (time,) of a mel spectrogram that is computed at once."""
        given = mels[None] if self.options.layout == "mels_frames" else mels.T[None]
        found = self._graph.run(self._outputs, {self._input: np.ascontiguousarray(given)})
        made = self._inverted(found) if self.options.spectrum else np.asarray(found[0]).reshape(-1)
        # Centred transforms end a hop early.
        n_expected, hop = mels.shape[1] * self.options.mel.hop, self.options.mel.hop
        if not n_expected - hop <= len(made) <= n_expected:
            raise AudioError(
                f"{self.options.file} gives {len(made)} samples for {mels.shape[1]} frames; "
                f"expected are {n_expected}, as mel: hop says"
            )
        padded: NDArray[np.float32] = np.pad(made, (0, n_expected - len(made)))
        return padded

    def _inverted(self, found: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the waveform (time,) of magnitudes, cosines and sines (1, bin, frame)."""
        magnitude, cosine, sine = (torch.from_numpy(each[0]) for each in found)
        mel = self.options.mel
        made: NDArray[np.float32] = torch.istft(
            torch.complex(magnitude * cosine, magnitude * sine),
            mel.n_fft,
            mel.hop,
            mel.window,
            torch.hann_window(mel.window),
        ).numpy()
        return made
