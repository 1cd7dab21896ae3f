"""Hidden states of a speech model that lie side by side in the frames of a front-end."""

from torch import Tensor

from signl.models.network import FrameNetwork
from signl.models.state_options import StatesOptions


class StatesNetwork(FrameNetwork):
    """A network that reads several hidden states: all channels of the first, then of the second.

    Parameters
    ----------
    width, n_frames : int
        Channels of a frame, all states together, and frames of a crop.
    config : StatesOptions
        Among others how many states there are.

    Raises
    ------
    ValueError
        If the width is no multiple of the number of states.
    """

    config: StatesOptions

    def __init__(self, width: int, n_frames: int, config: StatesOptions) -> None:
        config.check(width=width, n_frames=n_frames)
        super().__init__(width, n_frames, config)

    @property
    def state_width(self) -> int:
        """Channels of one state."""
        return self.width // self.config.states

    def states_of(self, crops: Tensor) -> Tensor:
        """Return the states (batch, state, frame, channel) of pictures (batch, 1, width, frame).

        Raises
        ------
        ValueError
            If the pictures have another shape than the network was built for.
        """
        self.check_picture(crops)
        shape = (len(crops), self.config.states, self.state_width, self.n_frames)
        return crops.reshape(shape).mT
