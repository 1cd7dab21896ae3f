"""A saved classifier that scores audio: files, arrays, and windows of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from signl.audio import SAMPLE_RATE_HZ
from signl.errors import ArtefactError, AudioError, ConfigError
from signl.evaluation.audio_sources import Source, waveform_of
from signl.evaluation.model_inputs import ModelInputs, inputs_for
from signl.evaluation.operating_point import OperatingPoint, read_operating_point
from signl.evaluation.scoring import scores_of
from signl.evaluation.time_windows import Span, Windows
from signl.features.extract import OVERFLOW, Clip, batches_of
from signl.models.heads import Classifier
from signl.models.hub import find_model
from signl.models.saving import from_pretrained

#: The longest recording that is scored window by window: all of it is in memory.
MAX_OVER_TIME_S: Final = 2 * 3600.0
LEAST_WINDOW_S: Final = 0.1
#: Clips that are scored at a time: 40 MB of waveforms, and what the network makes of them.
BATCH: Final = 64
NO_VERDICT: Final = "no verdict: the model has no threshold"
NOT_SCORED: Final = "not scored"
NOT_FINITE: Final = "the model gives a score that is not a number"


class Score(NamedTuple):
    """What a classifier says of a recording.

    Attributes
    ----------
    score : float, or None
        Higher is more bona fide; None where there is none, and ``reason`` says why.
    llr : float, or None
        The calibrated natural-log likelihood ratio, above 0 where the recording speaks for bona
        fide; None where the model has no calibration.
    threshold : float, or None
        The model's own, from its dev set: scores from it on are accepted.
    verdict : str
        In words.
    reason : str, or None
        Why there is no score.
    begin_s, end_s : float, or None
        The window of the recording; None where it was not scored window by window.
    """

    score: float | None
    llr: float | None
    threshold: float | None
    verdict: str
    reason: str | None = None
    begin_s: float | None = None
    end_s: float | None = None


class Scorer:
    """A classifier with what it takes to score audio.

    Parameters
    ----------
    classifier : Classifier
    inputs : ModelInputs
        What it is given of waveforms.
    point : OperatingPoint, optional
        Its threshold and calibration.
    device : device
        Where it computes.
    """

    def __init__(
        self,
        classifier: Classifier,
        inputs: ModelInputs,
        point: OperatingPoint | None,
        device: torch.device,
    ) -> None:
        self._classifier = classifier.to(device).eval()
        self._device = device
        self.inputs, self.point = inputs, point

    def score(self, source: Source, rate_hz: int | None = None) -> Score:
        """Score a recording.

        Parameters
        ----------
        source : path, bytes, ndarray or Tensor
            A file that libsndfile or FFmpeg decodes, or what it holds; or floating-point samples of
            shape (time,) or (time, channel), full scale 1.
        rate_hz : int, optional
            Of an array, which is refused without it.

        Raises
        ------
        AudioError
            If the file cannot be decoded; if the array has no rate, or another shape, or values
            that are not finite; or if the model can give no score.
        """
        waveform = self.waveform(source, rate_hz, max_duration_s=self.inputs.clip_s)
        return self._only(self.judge([self.inputs.clip_of("", waveform)]))[0]

    def over_time(
        self,
        source: Source,
        rate_hz: int | None = None,
        *,
        window_s: float | None = None,
        hop_s: float | None = None,
    ) -> list[Score]:
        """Score a recording window by window, each as if it were a recording of its own.

        Parameters
        ----------
        source, rate_hz
            As of :meth:`score`.
        window_s, hop_s : float, optional
            As of :meth:`windows`.

        Raises
        ------
        AudioError
            As :meth:`score`, and if the recording is longer than two hours.
        ConfigError
            If the window or the hop is not allowed.
        """
        windows = self.windows(window_s, hop_s)
        waveform = self.whole_waveform(source, rate_hz)
        scores: list[Score] = []
        for spans in batches_of(windows.spans(len(waveform)), BATCH):
            parts = [waveform[span.start : span.stop] for span in spans]
            clips = [self.inputs.clip_of("", part) for part in parts]
            scores += map(placed, self._only(self.judge(clips)), spans)
        return scores

    def windows(self, window_s: float | None = None, hop_s: float | None = None) -> Windows:
        """Return windows of which the model sees all.

        Parameters
        ----------
        window_s : float, optional
            By default all that the model sees of a clip, and no more.
        hop_s : float, optional
            By default half a window.

        Raises
        ------
        ConfigError
            Names what is not allowed.
        """
        span_s = self.inputs.span_s
        window_s = span_s if window_s is None else window_s
        if not LEAST_WINDOW_S <= window_s <= span_s:
            raise ConfigError(
                f"--window-s is {window_s:g}; allowed are {LEAST_WINDOW_S:g} to {span_s:g}, the "
                "seconds that the model sees"
            )
        hop_s = window_s / 2 if hop_s is None else hop_s
        if not LEAST_WINDOW_S / 10 <= hop_s <= window_s:
            raise ConfigError(
                f"--hop-s is {hop_s:g}; allowed are {LEAST_WINDOW_S / 10:g} to the {window_s:g} of "
                "the window"
            )
        return Windows(window_s=window_s, hop_s=hop_s)

    def whole_waveform(self, source: Source, rate_hz: int | None = None) -> Tensor:
        """Return all of a recording at 16 kHz, to be scored window by window."""
        waveform = self.waveform(source, rate_hz, max_duration_s=MAX_OVER_TIME_S + 1)
        if len(waveform) > MAX_OVER_TIME_S * SAMPLE_RATE_HZ:
            raise AudioError(
                f"a recording of more than {MAX_OVER_TIME_S:g} s, the most that is scored window "
                "by window; cut it"
            )
        return waveform

    def waveform(
        self, source: Source, rate_hz: int | None = None, *, max_duration_s: float
    ) -> Tensor:
        """Return the first seconds of a recording, mono at 16 kHz."""
        return waveform_of(source, rate_hz, max_duration_s=max_duration_s)

    def judge(self, clips: Sequence[Clip]) -> list[Score]:
        """Score clips; one without a waveform, or without finite frames, has a reason instead."""
        crops = self.inputs.crops(clips)
        scored = [place for place, crop in enumerate(crops) if crop is not None]
        found: dict[int, float] = {}
        if scored:
            views = zip(*(each for each in crops if each is not None), strict=True)
            stacked = [torch.stack(view).to(self._device) for view in views]
            with torch.inference_mode():
                values = scores_of(self._classifier, stacked)
            found = dict(zip(scored, values.tolist(), strict=True))
        return [
            self._judged(found[place]) if place in found else unscored(clip.reason or OVERFLOW)
            for place, clip in enumerate(clips)
        ]

    def _judged(self, value: float) -> Score:
        """Return a score with what the operating point says of it."""
        if not np.isfinite(value):
            return unscored(NOT_FINITE)
        if self.point is None:
            return Score(value, None, None, NO_VERDICT)
        ratio = self.point.log_likelihood_ratio(value)
        llr = None if ratio is None else float(ratio)
        return Score(value, llr, self.point.threshold, self.point.verdict(value))

    @staticmethod
    def _only(scores: list[Score]) -> list[Score]:
        """Return scores, and raise where there is none."""
        for each in scores:
            if each.reason is not None:
                raise AudioError(each.reason)
        return scores


def load(
    model: str | Path,
    *,
    revision: str | None = None,
    frontend: str | Path | None = None,
    model_code: str | None = None,
    device: str | torch.device = "cpu",
) -> Scorer:
    """Load a classifier to score audio with.

    Parameters
    ----------
    model : path or str
        A folder with ``model.safetensors`` and ``config.json``, and ``operating_point.json`` where
        it has one; or ``owner/name`` on the Hugging Face Hub. No code of it is run.
    revision : str, optional
        Commit of a model on the Hub, which needs it.
    frontend : path, optional
        A folder with the model of the front-end, where it lies elsewhere than at the training.
    model_code : str, optional
        ``package.module:Class`` of a network of one's own, whose code may be run; that of other
        models is refused.
    device : str or device
        Where to compute.

    Raises
    ------
    ConfigError
        If there is no such model, its front-end cannot be built here, or its network is code
        outside this package that was not named.
    ArtefactError
        If a file is damaged, the model is no classifier, or its front-end or its operating point
        is that of another.
    """
    folder = find_model(model, revision)
    for name in ("config.json", "model.safetensors"):
        if not Path(folder, name).is_file():
            raise ConfigError(f"{model} has no {name}, and so is no saved model")
    loaded = from_pretrained(folder, model_code=model_code)
    if not isinstance(loaded.module, Classifier):
        raise ArtefactError(f"{model} is an encoder, which gives no scores; name a classifier")
    if not isinstance(loaded.card, Mapping):
        raise ArtefactError(f"{model} has a card of {type(loaded.card).__name__}, no mapping")
    device = torch.device(device)
    try:
        inputs = inputs_for(loaded.module, loaded.card, device, frontend=frontend)
    except (ArtefactError, ConfigError) as error:
        raise type(error)(f"{model}: {error}") from error
    return Scorer(loaded.module, inputs, read_operating_point(folder), device)


def placed(score: Score, span: Span) -> Score:
    """Return a score with the window that it is of."""
    return score._replace(begin_s=span.start / SAMPLE_RATE_HZ, end_s=span.stop / SAMPLE_RATE_HZ)


def unscored(reason: str) -> Score:
    """Return what is said of a recording that has no score."""
    return Score(None, None, None, NOT_SCORED, reason)
