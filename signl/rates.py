"""What a machine was measured to do, in the file in which ``signl plan --measure`` keeps it."""

import json
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from signl.errors import ConfigError
from signl.typed import Options, Positive
from signl.whole_files import write_text

#: Where the rates of this machine are kept, and looked for.
RATES: Final = Path("results/rates.json")
Device = Literal["cpu", "gpu"]


class DeviceRates(Options):
    """What one core, or one GPU, was measured to do; a multiply-add is two FLOP.

    Attributes
    ----------
    machine : str
        Which it was.
    frontend_flop_per_s, network_flop_per_s : dict
        Kind -> FLOP in a second: of a front-end forwards, of a network in a training step.
    """

    machine: str
    frontend_flop_per_s: dict[str, Positive] = Field(default={})
    network_flop_per_s: dict[str, Positive] = Field(default={})


class Rates(Options):
    """What a machine was measured to do.

    Attributes
    ----------
    decoded_audio_hours_per_cpu_hour : float, optional
        Hours of audio that one core decodes and normalises in an hour.
    cpu, gpu : DeviceRates, optional
        A core, and a GPU, where they were measured.
    """

    decoded_audio_hours_per_cpu_hour: Positive | None = None
    cpu: DeviceRates | None = None
    gpu: DeviceRates | None = None

    def on(self, device: Device) -> DeviceRates | None:
        """Return the rates of a device, if it was measured."""
        return self.gpu if device == "gpu" else self.cpu

    def joined(self, newer: "Rates") -> "Rates":
        """Return these rates with newer ones put in, kind by kind, of the same machine."""
        return Rates(
            decoded_audio_hours_per_cpu_hour=newer.decoded_audio_hours_per_cpu_hour,
            cpu=_joined(self.cpu, newer.cpu),
            gpu=_joined(self.gpu, newer.gpu),
        )


def _joined(older: DeviceRates | None, newer: DeviceRates | None) -> DeviceRates | None:
    if older is None or newer is None:
        return newer or older
    if older.machine != newer.machine:
        return newer
    return DeviceRates(
        machine=newer.machine,
        frontend_flop_per_s={**older.frontend_flop_per_s, **newer.frontend_flop_per_s},
        network_flop_per_s={**older.network_flop_per_s, **newer.network_flop_per_s},
    )


def read_rates(path: Path) -> Rates | None:
    """Read measured rates; nothing, where there is no such file.

    Raises
    ------
    ConfigError
        If the file is not one of rates.
    """
    try:
        return Rates.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigError(
            f"{path} holds no rates of a machine ({error}); remove it, or write it anew with "
            "signl plan --measure"
        ) from error


def write_rates(path: Path, rates: Rates) -> None:
    """Write measured rates."""
    write_text(path, json.dumps(rates.dump(), indent=1) + "\n")
