"""What a network is, as others see it: the options that all have, and what may be asked of them.

A network is a room of :mod:`signl.models`: a module of options, which imports no PyTorch, one of
code, which the options import when they build it, and a line in :mod:`signl.models.networks`.
"""

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from signl.typed import Options

if TYPE_CHECKING:
    from signl.models.network import Network

#: Widths of the published heads' linear layers, and the rate of their dropout.
HEAD_WIDTHS: Final = (256, 128, 80)
DROPOUT: Final = 0.1
#: What stands between a linear layer and its ReLU.
Norm = Literal["none", "batch"]


class NetworkOptions(Options):
    """Options of every network; a kind adds its own.

    Attributes
    ----------
    reads : {"frames", "audio"}
        What it is given: frames of a front-end, as a picture, or waveforms.
    has_weights : bool
        Whether there is something in it to be pre-trained.
    augments_graphs : bool
        Whether pre-training augments graphs in it.
    """

    reads: ClassVar[Literal["frames", "audio"]] = "frames"
    has_weights: ClassVar[bool] = True
    augments_graphs: ClassVar[bool] = False

    kind: str

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse frames that the network cannot read.

        Parameters
        ----------
        width, n_frames : int
            Channels of a frame, and frames of a crop.

        Raises
        ------
        ValueError
            Says what is allowed.
        """

    def build(self, width: int, n_frames: int) -> "Network":
        """Build the network for pictures (batch, 1, width, n_frames), with random weights."""
        raise NotImplementedError
