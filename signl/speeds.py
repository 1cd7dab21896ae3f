"""How fast a plan takes a machine to be: as measured, where it was, and else as assumed."""

from dataclasses import dataclass, fields
from typing import Final

from signl.errors import ConfigError
from signl.rates import Device, DeviceRates, Rates

#: FLOP of a multiply-add.
FLOP: Final = 2


@dataclass(frozen=True, kw_only=True)
class Speeds:
    """What a machine is assumed to do; a rate that was measured goes before the assumed one.

    Attributes
    ----------
    frontend_flop_per_gpu_s : float
        FLOP of a speech model in a second of one GPU, in bfloat16: assumed, a third of what a
        GPU of 2020 has (312e12).
    network_flop_per_gpu_s : float
        The same of the networks on frames, in training: assumed, a hundredth of it, for their
        operations are many and small.
    frontend_flop_per_cpu_s, network_flop_per_cpu_s : float
        The same on one core, in float32; assumed.
    decoded_audio_hours_per_cpu_hour : float
        Hours of FLAC that one core decodes and normalises in an hour: assumed, a millisecond an
        utterance of 3 s.
    crops_per_s : float
        Crops of cached features that one process reads in a second; assumed, 0.5 MB a crop.
    copied_audio_hours_per_cpu_hour : float
        Hours of copies that resynthesis makes in an hour of one core, by classical methods:
        measured on utterances of 3 s, a tenth of a second a copy. A neural vocoder is slower.
    augmented_audio_hours_per_cpu_hour : float
        Hours of augmented copies that one core makes in an hour: measured on utterances of 3 s, by
        RawBoost (algorithm 4) and half of them through MP3 or Opus, 35 ms a copy. Noise, speed
        and other algorithms of RawBoost alone are 5 to 15 times as fast.
    packed_mb_per_s : float
        Encoded audio that packing copies in a second; assumed, the speed of a network disk.
    job_start_s : float
        CPU seconds before a job's own work begins: Snakemake twice, on a cluster, and imports.
    max_epochs : int, optional
        Epochs after which training is taken to have stopped. ``None``: as many as a recipe
        allows, which its patience nearly always cuts short.
    measured : Rates, optional
        What was measured on the machine.
    """

    frontend_flop_per_gpu_s: float = 1e14
    network_flop_per_gpu_s: float = 3e12
    frontend_flop_per_cpu_s: float = 5e10
    network_flop_per_cpu_s: float = 2e10
    decoded_audio_hours_per_cpu_hour: float = 3000.0
    crops_per_s: float = 1000.0
    copied_audio_hours_per_cpu_hour: float = 30.0
    augmented_audio_hours_per_cpu_hour: float = 90.0
    packed_mb_per_s: float = 50.0
    job_start_s: float = 6.0
    max_epochs: int | None = None
    measured: Rates | None = None

    def __post_init__(self) -> None:
        """Refuse speeds that are not positive."""
        for name in assumptions():
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}; allowed are numbers above 0")

    def frontend_s(self, kind: str, multiply_adds: float, device: Device) -> float:
        """Return the seconds that multiply-adds of a kind of front-end take on a device."""
        rates = self._rates(device).frontend_flop_per_s
        assumed: float = getattr(self, f"frontend_flop_per_{device}_s")
        return FLOP * multiply_adds / rates.get(kind, assumed)

    def network_s(self, kind: str, multiply_adds: float, device: Device) -> float:
        """Return the seconds that multiply-adds of a kind of network take on a device."""
        rates = self._rates(device).network_flop_per_s
        assumed: float = getattr(self, f"network_flop_per_{device}_s")
        return FLOP * multiply_adds / rates.get(kind, assumed)

    def decoding_s(self, audio_h: float) -> float:
        """Return the seconds in which one core decodes hours of audio."""
        return 3600 * audio_h / self.decoding_h_per_h

    @property
    def decoding_h_per_h(self) -> float:
        """Hours of audio that one core decodes in an hour, as measured or assumed."""
        measured = self.measured and self.measured.decoded_audio_hours_per_cpu_hour
        return measured or self.decoded_audio_hours_per_cpu_hour

    def _rates(self, device: Device) -> DeviceRates:
        found = self.measured and self.measured.on(device)
        return found or DeviceRates(machine="")


def assumptions() -> list[str]:
    """Return the names of what is assumed."""
    return [field.name for field in fields(Speeds) if field.name != "measured"]
