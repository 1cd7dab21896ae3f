"""What crops and clips take of a GPU and of cores: their arithmetic at the rates of a machine."""

from typing import Final, NamedTuple

from signl.costs import Costs
from signl.experiment import AUDIO, GIVEN_CLIP_S, Experiment
from signl.features.frontend import FrontendOptions
from signl.features.speech_model.lora_options import LoraOptions
from signl.rates import Device
from signl.speeds import Speeds
from signl.training.options import TrainingOptions
from signl.typed import Options


class Passes(NamedTuple):
    """How often crops go through a front-end that is trained and a network, as passes forwards.

    A pass backwards takes two: one for the gradient of the weights, one for that of the input.
    """

    frontend: int
    network: int


FORWARDS: Final = Passes(1, 1)
_TRAINED: Final = 3


class Times(NamedTuple):
    """Hours of one GPU, and of one core."""

    gpu_h: float
    cpu_h: float


class ComputingTimes:
    """The times that front-ends and networks of an experiment take.

    Parameters
    ----------
    experiment : Experiment
    speeds : Speeds
    costs : Costs
    """

    def __init__(self, experiment: Experiment, speeds: Speeds, costs: Costs) -> None:
        self.experiment, self.speeds, self.costs = experiment, speeds, costs

    @property
    def _device(self) -> Device:
        return "gpu" if self.experiment.config.gpus_per_job else "cpu"

    def of_extraction(self, frontend: FrontendOptions, audio_h: float) -> Times:
        """Return what hours of audio take through a front-end; a GPU has them decoded ahead."""
        device = self._device if frontend.wants_gpu else "cpu"
        encoding_s = self._frontend_s(frontend, 3600 * audio_h, device)
        decoding_s = self.speeds.decoding_s(audio_h)
        if device == "cpu":
            return Times(0.0, (encoding_s + decoding_s) / 3600)
        gpu_h = max(encoding_s, decoding_s) / 3600
        return Times(gpu_h, gpu_h + decoding_s / 3600)

    def passes_of(self, recipe: str, options: Options) -> Passes:
        """Return the passes of a training of a recipe with these options.

        What is no training by gradient, and what leaves the encoder as it is, passes it once. The
        momentum copies of some objectives are not counted.
        """
        if not isinstance(options, TrainingOptions) or getattr(options, "freeze_encoder", False):
            return FORWARDS
        has_adapters = isinstance(self.experiment.recipe(recipe).trainable_frontend, LoraOptions)
        # Of weights that stay as they are no gradient is computed.
        frontend = _TRAINED - has_adapters + options.gradient_checkpointing
        return Passes(frontend, _TRAINED)

    def of_crops(self, recipe: str, corpus: str, n_crops: float, passes: Passes) -> Times:
        """Return what crops take through the network of a recipe, and its trained front-end.

        Of a recipe that is given as it is nothing is known: reading is all that is counted.
        """
        device = self._device
        audio_h = n_crops * (self.experiment.recipe(recipe).crop_s or GIVEN_CLIP_S) / 3600
        from_audio = self.experiment.source_of(recipe) == AUDIO
        reading_s = n_crops / self.speeds.crops_per_s
        if from_audio:
            reading_s = self.speeds.decoding_s(audio_h)
        computing_s = 0.0
        if (model := self.experiment.recipe(recipe).model) is not None:
            crop = self.costs.of_network(recipe, corpus).multiply_adds
            multiply_adds = passes.network * n_crops * crop
            computing_s += self.speeds.network_s(model.kind, multiply_adds, device)
        if (frontend := self.experiment.trained_frontend(recipe)) is not None:
            passed_s = passes.frontend * 3600 * audio_h
            computing_s += self._frontend_s(frontend.whole(), passed_s, device)
        return self._shared(reading_s, computing_s)

    def _shared(self, reading_s: float, computing_s: float) -> Times:
        """Return hours where processes read ahead of a GPU, or one core does both."""
        if self._device == "cpu":
            return Times(0.0, (reading_s + computing_s) / 3600)
        n_readers = max(1, self.experiment.config.loader_workers)
        gpu_h = max(computing_s, reading_s / n_readers) / 3600
        return Times(gpu_h, (1 + self.experiment.config.loader_workers) * gpu_h)

    def _frontend_s(self, frontend: FrontendOptions, audio_s: float, device: Device) -> float:
        multiply_adds = self.costs.of_frontend(frontend).multiply_adds * audio_s
        return self.speeds.frontend_s(frontend.kind, multiply_adds, device)
