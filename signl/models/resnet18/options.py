"""Options of ResNet-18: it has none."""

from typing import TYPE_CHECKING, Literal

from signl.models.base import NetworkOptions

if TYPE_CHECKING:
    from signl.models.resnet18.residual import ResNet18


class ResNet18Options(NetworkOptions):
    """Options of ResNet-18: it has none."""

    kind: Literal["resnet18"] = "resnet18"

    def build(self, width: int, n_frames: int) -> "ResNet18":
        """Build the network."""
        from signl.models.resnet18.residual import ResNet18

        return ResNet18(width, n_frames, self)
