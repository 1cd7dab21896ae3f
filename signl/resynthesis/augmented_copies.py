"""Copies of an utterance that a chain of augmentations made, for trainings on cached features.

The draws of a copy follow from the seed, the utterance and the number of the copy: from no order,
shard or process. To ask for more copies adds some and changes none.
"""

from typing import Final

from signl.augmentation.chain import Chain
from signl.resynthesis.copies import Copy, Samples, sent_through
from signl.resynthesis.copies_options import AugmentedCopiesOptions
from signl.seeds import derive_seed

#: What stands for the method of an augmented copy.
AUGMENTED_METHOD: Final = "augmented"


class AugmentedCopies:
    """The chain of options, built once for many utterances.

    Parameters
    ----------
    options : AugmentedCopiesOptions
        What is made.

    Raises
    ------
    ConfigError
        If a folder of the chain has no sound.
    """

    def __init__(self, options: AugmentedCopiesOptions) -> None:
        self.options = options
        self.chain = Chain(options.chain)

    def copies(self, samples: Samples, name: str) -> list[Copy]:
        """Return the augmented copies of an utterance (time,) at 16 kHz."""
        seeds = (
            derive_seed(self.options.seed, "augmented", name, number)
            for number in range(self.options.copies)
        )
        return [
            Copy("augmented", AUGMENTED_METHOD, number, sent_through(self.chain, samples, seed))
            for number, seed in enumerate(seeds)
        ]
