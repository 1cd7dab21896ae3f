"""Options of reverberation."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from signl.augmentation.augmentation_options import Augmentation, FolderOptions


class ReverberationOptions(FolderOptions):
    """Options of reverberation by impulse responses of a folder; their first channel is taken."""

    kind: Literal["reverberation"] = "reverberation"
    file_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=5.0, description="Seconds of an impulse response that are read."
    )

    @model_validator(mode="after")
    def _check_folder_is_named(self) -> Self:
        if self.folder is None:
            raise ValueError("its folder is missing: that of the impulse responses")
        return self

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.reverberation.impulse_responses import Reverberation

        return Reverberation(self)
