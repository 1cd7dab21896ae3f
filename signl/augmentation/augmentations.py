"""The augmentations of waveforms that there are."""

from typing import Annotated, Final

from signl.augmentation.augmentation_options import AugmentationOptions
from signl.kinds import Kinds
from signl.typed import FromList

#: Kind -> its options.
AUGMENTATIONS: Final = Kinds[AugmentationOptions](
    "augmentation",
    {
        "rawboost": "signl.augmentation.rawboost.options:RawBoostOptions",
        "noise": "signl.augmentation.noise.options:NoiseOptions",
        "reverberation": "signl.augmentation.reverberation.options:ReverberationOptions",
        "codec": "signl.augmentation.codec.options:CodecOptions",
        "speed": "signl.augmentation.speed.options:SpeedOptions",
        "resampling": "signl.augmentation.resampling.options:ResamplingOptions",
        "silence": "signl.augmentation.silence.options:SilenceOptions",
    },
)

#: Some of them, one after the other.
Augmentations = Annotated[
    tuple[Annotated[AugmentationOptions, AUGMENTATIONS], ...],
    FromList,
]
