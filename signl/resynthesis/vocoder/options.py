"""Options of a neural vocoder in an ONNX file."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from signl.errors import ConfigError
from signl.paths import expand_path
from signl.resynthesis.method_options import Method, MethodOptions
from signl.resynthesis.vocoder.mel_options import MelOptions
from signl.seals import file_digest
from signl.typed import FromList, Positive


class VocoderOptions(MethodOptions):
    """Options of a vocoder: the mel spectrogram of a recording goes through its graph."""

    kind: Literal["vocoder"] = "vocoder"
    file: Annotated[str, AfterValidator(lambda text: expand_path(text, "file"))] = Field(
        description="The ONNX file; a path, which may have ~ and $NAME."
    )
    mel: MelOptions = Field(
        default=MelOptions(), description="The mel spectrogram that it was trained on."
    )
    input: str | None = Field(
        default=None, description="Name of the input that takes the mel spectrogram; the only one."
    )
    layout: Literal["mels_frames", "frames_mels"] = Field(
        default="mels_frames",
        description="Axes of the input after that of the batch: HiFi-GAN's, or the other way.",
    )
    output: str | None = Field(
        default=None, description="Name of the output that is the waveform; the first one."
    )
    spectrum: Annotated[tuple[str, str, str], FromList] | None = Field(
        default=None,
        description="Names of the outputs magnitude, cosine and sine, of graphs without the "
        "inverse Fourier transform (Vocos), in place of output.",
    )
    peak: Positive | None = Field(
        default=0.95,
        description="Peak to which a recording is brought before, and from which it is brought "
        "back; null: its own.",
    )
    piece_s: Annotated[float, Field(ge=1, le=600)] = Field(
        default=20.0, description="Longer recordings go through in pieces of so many seconds."
    )
    context: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=64, description="Frames before and after a piece that go through with it."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.spectrum is not None and self.output is not None:
            raise ValueError("allowed is output or spectrum, not both")
        if self.spectrum is not None and not self.mel.centre:
            raise ValueError("spectrum takes mel: centre: true, of windows around their times")
        return self

    def check_files(self) -> None:
        """Refuse a file that is not there.

        Raises
        ------
        ConfigError
            Names the file.
        """
        if not Path(self.file).is_file():
            raise ConfigError(f"file is {self.file!r}, and there is no such file: an ONNX graph")

    def seal(self) -> str:
        """Return the digest of the file."""
        return file_digest(self.file)

    def build(self) -> Method:
        """Build the method.

        Raises
        ------
        ConfigError
            If the graph does not fit; says what it has, and what is expected.
        """
        from signl.resynthesis.vocoder.onnx_vocoder import OnnxVocoder

        return OnnxVocoder(self)
