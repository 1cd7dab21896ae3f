"""Options of coding and decoding."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Augmentation, AugmentationOptions
from signl.typed import FromList

CodecName = Literal["aac", "alaw", "g722", "mp3", "mulaw", "opus"]


class CodecOptions(AugmentationOptions):
    """Options of coding and decoding; a codec is drawn, and then a bit rate."""

    kind: Literal["codec"] = "codec"
    codecs: Annotated[tuple[CodecName, ...], FromList, Field(min_length=1)] = Field(
        default=("mp3", "aac", "opus"),
        description="Codecs to choose among. alaw and mulaw are those of telephones (G.711), at "
        "8 kHz.",
    )
    kbps: Annotated[tuple[Annotated[int, Field(ge=8, le=96)], ...], FromList] = Field(
        default=(16, 32, 64),
        min_length=1,
        description="Bit rates to choose among, in kbit/s, of mp3, aac and opus; those of alaw, "
        "mulaw (64) and g722 (64) are their own.",
    )

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.codec.transcoding import Transcoding

        return Transcoding(self)
