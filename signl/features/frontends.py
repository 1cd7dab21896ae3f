"""The front-ends that there are."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

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
