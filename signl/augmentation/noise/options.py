"""Options of additive noise."""

from typing import Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Augmentation, FolderOptions, Range


class NoiseOptions(FolderOptions):
    """Options of additive noise: sounds of a folder, or white noise without one."""

    kind: Literal["noise"] = "noise"
    snr_db: Range = Field(
        default=(10.0, 40.0),
        description="Signal-to-noise ratio, of the energies of the whole clip. A number, or from "
        "where to where it is drawn.",
    )

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.noise.additive_noise import AdditiveNoise

        return AdditiveNoise(self)
