"""Options of networks that read several hidden states of a speech model."""

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Count


class StatesOptions(NetworkOptions):
    """Options of networks whose frames hold hidden states side by side, one after the other."""

    states: Count = Field(
        default=1,
        description="Hidden states that a frame of the front-end holds side by side. Its width is "
        "a multiple of this.",
    )

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse a width that is no multiple of the number of states.

        Raises
        ------
        ValueError
            Says what is allowed.
        """
        if width % self.states:
            raise ValueError(
                f"a frame of the front-end has {width} channels, which model.states, "
                f"{self.states}, does not divide; allowed is the number of the front-end's layers"
            )

    def check_states(self, n_states: int) -> None:
        """Refuse frames of another number of hidden states.

        Raises
        ------
        ValueError
            Names both numbers.
        """
        if self.states != n_states:
            raise ValueError(
                f"model.states is {self.states}, and a frame of the front-end holds {n_states} "
                f"hidden states (its layers); allowed is {n_states}"
            )
