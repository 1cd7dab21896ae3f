"""What a network is, as others see it: the options that all have, and what may be asked of them.

A network is a room of :mod:`signl.models`: a module of options, which imports no PyTorch, one of
code, which the options import when they build it, and a line in :mod:`signl.models.networks`.
"""

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from signl.typed import Options, Positive

if TYPE_CHECKING:
    from signl.models.network import Network

#: Widths of the published heads' linear layers, and the rate of their dropout.
HEAD_WIDTHS: Final = (256, 128, 80)
DROPOUT: Final = 0.1
#: Crops of a clip that a classifier may score: so many would overlap by more than nine tenths.
MAX_CROPS: Final = 100
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
    reads_statistics : bool
        Whether it can read statistics of a clip in place of its frames (a front-end's ``pooled``).
    """

    reads: ClassVar[Literal["frames", "audio"]] = "frames"
    has_weights: ClassVar[bool] = True
    augments_graphs: ClassVar[bool] = False
    reads_statistics: ClassVar[bool] = False

    kind: str

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse frames that the network cannot read.

        Parameters
        ----------
        width, n_frames : int
            Channels of a frame, and frames of a crop; 1 and its samples, for a network that reads
            audio.

        Raises
        ------
        ValueError
            Says what is allowed.
        """

    def check_states(self, n_states: int) -> None:
        """Refuse frames that hold another number of hidden states than the network tells apart.

        Raises
        ------
        ValueError
            Says what is allowed.
        """

    def build(self, width: int, n_frames: int) -> "Network":
        """Build the network for pictures (batch, 1, width, n_frames), with random weights.

        One that reads audio is built for waveforms (batch, n_frames), with a width of 1.
        """
        raise NotImplementedError


class AudioOptions(NetworkOptions):
    """Options of every network that reads waveforms itself; its recipes have no front-end."""

    reads = "audio"

    clip_s: Positive = Field(
        default=9.0,
        description="Seconds of an utterance that are read, repeated where it is shorter. "
        "Trainings take crops from anywhere in them, scoring takes their beginning.",
    )
    normalise: bool = Field(
        default=False, description="Bring the clips to zero mean and unit variance."
    )


class OwnNetwork(NetworkOptions):
    """Options of a network whose class lies outside this package (kind ``package.module:Class``).

    Attributes
    ----------
    source_files : tuple of str
        Other files of its code, by their place relative to its own: a change of them makes its
        trainings anew, as a change of its own file does.
    """

    source_files: ClassVar[tuple[str, ...]] = ()

    code: str = Field(
        default="", description="SHA-256 of its source, which is filled in: leave it out."
    )


class OwnFrameOptions(OwnNetwork):
    """Base of the options of one's own networks that read frames of a front-end."""

    reads_statistics = True  # it is tried on what it is to read


class OwnAudioOptions(OwnNetwork, AudioOptions):
    """Base of the options of one's own networks that read waveforms."""
