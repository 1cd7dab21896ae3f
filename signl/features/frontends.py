"""The front-ends that there are."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from signl.errors import ConfigError
from signl.features.frontend import FrontendOptions
from signl.kinds import Kinds
from signl.typed import Options, build

FRONTENDS: Final[Kinds[FrontendOptions]] = Kinds(
    "front-end",
    {
        "lfcc": "signl.features.lfcc.options:LfccOptions",
        "logmel": "signl.features.logmel.options:LogMelOptions",
        "mfcc": "signl.features.mfcc.options:MfccOptions",
        "w2v_bert": "signl.features.w2v_bert.options:W2vBertOptions",
        "wav2vec2": "signl.features.speech_model.options:SpeechModelOptions",
        "whisper": "signl.features.whisper.options:WhisperOptions",
    },
)


class _Holder(Options):
    frontend: Annotated[FrontendOptions, FRONTENDS]


def frontend_options(values: Mapping[str, Any] | FrontendOptions) -> FrontendOptions:
    """Build the options of a front-end from plain values, which name its kind.

    Raises
    ------
    ConfigError
        Names each key that is refused, its value, and what is allowed.
    """
    return build(_Holder, {"frontend": values}, "").frontend


def say_the_same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Tell whether two headers' options of a front-end are of the same frames.

    One that was written before an option came to be is without it, and meant its default.
    """
    if one == other or not one or not other:
        return one == other
    try:
        return frontend_options(one) == frontend_options(other)
    except ConfigError:
        return False
