"""Options of lossy coding as a method."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.codec.options import CodecName, CodecOptions
from signl.resynthesis.method_options import Method, MethodOptions
from signl.typed import FromList


class CodecMethodOptions(MethodOptions):
    """Options of coding and decoding; a codec is drawn, and then a bit rate."""

    kind: Literal["codec"] = "codec"
    codecs: Annotated[tuple[CodecName, ...], FromList, Field(min_length=1)] = Field(
        default=("mp3", "aac", "opus"), description="Codecs to choose among."
    )
    kbps: Annotated[tuple[Annotated[int, Field(ge=8, le=96)], ...], FromList] = Field(
        default=(8, 12, 16),
        min_length=1,
        description="Bit rates to choose among, in kbit/s, of mp3, aac and opus.",
    )

    def build(self) -> Method:
        """Build the method."""
        return CodecOptions(codecs=self.codecs, kbps=self.kbps).build()
