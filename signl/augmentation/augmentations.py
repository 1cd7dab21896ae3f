"""The augmentations of waveforms that there are."""

from typing import Annotated, Final

from signl.augmentation.augmentation_options import AugmentationOptions
from signl.kinds import Kinds
from signl.typed import FromList

_SINGLE: Final = {
    "rawboost": "signl.augmentation.rawboost.options:RawBoostOptions",
    "noise": "signl.augmentation.noise.options:NoiseOptions",
    "reverberation": "signl.augmentation.reverberation.options:ReverberationOptions",
    "codec": "signl.augmentation.codec.options:CodecOptions",
    "speed": "signl.augmentation.speed.options:SpeedOptions",
    "resampling": "signl.augmentation.resampling.options:ResamplingOptions",
    "silence": "signl.augmentation.silence.options:SilenceOptions",
    "equaliser": "signl.augmentation.equaliser.options:EqualiserOptions",
    "mu_law": "signl.augmentation.mu_law.options:MuLawOptions",
    "gain": "signl.augmentation.gain.options:GainOptions",
}

#: Kind -> its options, without the choice among these.
SINGLE_AUGMENTATIONS: Final = Kinds[AugmentationOptions]("augmentation", _SINGLE)

#: Kind -> its options.
AUGMENTATIONS: Final = Kinds[AugmentationOptions](
    "augmentation",
    {**_SINGLE, "one_of": "signl.augmentation.one_of.options:OneOfOptions"},
)

#: Some of them, one after the other.
Augmentations = Annotated[
    tuple[Annotated[AugmentationOptions, AUGMENTATIONS], ...],
    FromList,
]
