"""Options of several front-ends as one."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from signl.errors import ConfigError
from signl.features.frontend import (
    SAMPLE_RATE_HZ,
    UNPOOLED,
    FrontendOptions,
    Geometry,
)
from signl.features.frontends import PARTS
from signl.seals import text_digest
from signl.typed import FromList

if TYPE_CHECKING:
    import torch

    from signl.features.joined.joined_statistics import JoinedStatistics

_SHARED: Final = ("clip_s", "repeat")
_PART: Final = {
    "anyOf": [{"type": "string"}, {"type": "object", "properties": {"of": {"type": "string"}}}]
}


class JoinedOptions(FrontendOptions):
    """Options of front-ends whose statistics stand side by side, those of the first one first.

    Each takes the same clips, and gives what it would give alone.
    """

    kind: Literal["joined"] = "joined"
    parts: Annotated[
        tuple[Annotated[FrontendOptions, PARTS], ...],
        FromList,
        Field(min_length=2),
        WithJsonSchema({"type": "array", "items": _PART, "minItems": 2}),
    ] = Field(
        description="Names of front-ends of the configuration, or `{of: NAME, ...}` with what is "
        "otherwise; each caches statistics (pooled), of one clip_s and repeat, which are then "
        "those of the whole.",
    )

    @model_validator(mode="before")
    @classmethod
    def _share(cls, values: Any) -> Any:  # noqa: ANN401
        """Take the length of clips, and what is repeated, from the first part."""
        parts = values.get("parts") if isinstance(values, Mapping) else None
        if not isinstance(parts, list | tuple) or not parts:
            return values
        first = parts[0].dump() if isinstance(parts[0], FrontendOptions) else parts[0]
        if not isinstance(first, Mapping):
            return values
        return {**{key: first[key] for key in _SHARED if key in first}, **values}

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        for number, part in enumerate(self.parts):
            where = f"parts.{number} ({part.kind})"
            if not part.is_pooled:
                raise ValueError(
                    f"{where} has pooled: {part.pooled}; allowed are parts that cache statistics, "
                    "for frames of several front-ends are not of one length"
                )
            for key in _SHARED:
                own, whole = getattr(part, key), getattr(self, key)
                if own != whole:
                    raise ValueError(f"{where} has {key}: {own}; allowed is {whole}, as in others")
        if self.pooled != UNPOOLED:
            raise ValueError(
                f"pooled is {self.pooled}; leave it out: that of the parts says which statistics"
            )
        return self

    @property
    def is_pooled(self) -> bool:
        """Tell that statistics are cached in place of frames."""
        return True

    @property
    def wants_gpu(self) -> bool:
        """Whether any part is for a GPU, where there is one."""
        return any(part.wants_gpu for part in self.parts)

    @property
    def pads(self) -> bool:
        """Tell that it takes a waveform as it is: each part cuts what fills no frame of its own."""
        return True

    def each(self) -> Sequence[FrontendOptions]:
        """Return the front-ends that it is made of."""
        return self.parts

    def geometry(self) -> Geometry:
        """Return the form of the one frame of an utterance."""
        width = sum(part.cached(part.geometry()).width for part in self.parts)
        return Geometry(width, 1, round(self.clip_s * SAMPLE_RATE_HZ))

    def normalises(self) -> bool:
        """Tell whether the input of all parts is brought to zero mean and unit variance."""
        return self.parts[0].normalises()

    def model_files(self) -> Sequence[Path]:
        """Return the files that any part reads."""
        return list(dict.fromkeys(path for part in self.parts for path in part.model_files()))

    def model_digest(self) -> str:
        """Return a digest of those of the parts; empty where none reads a file."""
        digests = [part.model_digest() for part in self.parts]
        return text_digest(digests) if any(digests) else ""

    def with_model(self, folder: str) -> Self:
        """Return the options with another folder of the model that its parts have."""
        if len(self.models()) != 1:
            raise ConfigError(
                f"the front-end {folder} is of no use: this model's is joined of parts with the "
                f"models {list(self.models())}, and allowed is one"
            )
        parts = [part.with_model(folder) if part.models() else part for part in self.parts]
        return self.model_copy(update={"parts": tuple(parts)})

    def models(self) -> Sequence[str]:
        """Return the models of its parts, each once."""
        return list(dict.fromkeys(model for part in self.parts for model in part.models()))

    def check_model(self) -> None:
        """Refuse a broken model of any part, and parts whose input differs."""
        for part in self.parts:
            part.check_model()
        levels = [part.normalises() for part in self.parts]
        if len(set(levels)) > 1:
            raise ConfigError(
                "of its parts some take clips of zero mean and unit variance and some take the "
                f"recording level (normalise: {levels}); allowed is the same for all"
            )

    def least_crop_s(self, *, training: bool) -> float:
        """Return the seconds of the shortest crop that all parts take."""
        return max(part.least_crop_s(training=training) for part in self.parts)

    def build(self, device: "torch.device") -> "JoinedStatistics":
        """Build all parts on a device."""
        from signl.features.frame_statistics import build_frontend
        from signl.features.joined.joined_statistics import JoinedStatistics

        return JoinedStatistics(self, [build_frontend(part, device) for part in self.parts])

    def untrained(
        self, device: "torch.device", *, building: AbstractContextManager[Any] | None = None
    ) -> "JoinedStatistics":
        """Build all parts with random weights."""
        from signl.features.frame_statistics import pooled_frames
        from signl.features.joined.joined_statistics import JoinedStatistics

        parts = [
            pooled_frames(part.untrained(device, building=building), part) for part in self.parts
        ]
        return JoinedStatistics(self, parts)
