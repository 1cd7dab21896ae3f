"""The methods of resynthesis that there are."""

from typing import Annotated, Final

from pydantic import Field

from signl.kinds import Kinds
from signl.resynthesis.method_options import MethodOptions
from signl.typed import FromList

#: Kind -> its options.
METHODS: Final = Kinds[MethodOptions](
    "method",
    {
        "griffin_lim": "signl.resynthesis.griffin_lim.options:GriffinLimOptions",
        "mel_griffin_lim": "signl.resynthesis.griffin_lim.options:MelGriffinLimOptions",
        "world": "signl.resynthesis.world.options:WorldOptions",
        "lpc": "signl.resynthesis.lpc.options:LpcOptions",
        "phase": "signl.resynthesis.phase.options:PhaseOptions",
        "noise_vocoder": "signl.resynthesis.noise_vocoder.options:NoiseVocoderOptions",
        "wsola": "signl.resynthesis.wsola.options:WsolaOptions",
        "codec": "signl.resynthesis.codec.options:CodecMethodOptions",
        "vocoder": "signl.resynthesis.vocoder.options:VocoderOptions",
    },
)

#: Of which some are drawn for an utterance.
Methods = Annotated[
    tuple[Annotated[MethodOptions, METHODS], ...],
    FromList,
    Field(min_length=1),
]

#: Those that need neither a model nor a lossy coder.
CLASSICAL: Final = (
    "griffin_lim",
    "mel_griffin_lim",
    "world",
    "lpc",
    "phase",
    "noise_vocoder",
    "wsola",
)
