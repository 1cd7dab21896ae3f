"""Options of the copies that are made of an utterance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import Field, model_validator

from signl.augmentation.augmentation_options import AugmentationOptions, seals_of, stretch_of
from signl.augmentation.augmentations import AUGMENTATIONS, Augmentations
from signl.resynthesis.method_options import MethodOptions
from signl.resynthesis.methods import CLASSICAL, METHODS, Methods
from signl.seals import text_digest
from signl.typed import FromList, Options, Rate

if TYPE_CHECKING:
    from signl.resynthesis.augmented_copies import AugmentedCopies
    from signl.resynthesis.copies import CopyMaker, Resynthesis

#: A channel: an equaliser, a coding or none, noise, and a level.
CHANNEL: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "equaliser", "probability": 0.5},
    {
        "kind": "one_of",
        "choices": [
            {"kind": "mu_law", "probability": 0.2},
            {"kind": "resampling", "rate_hz": 8_000, "probability": 0.15},
            {"kind": "codec", "codecs": ["mp3"], "kbps": [24, 32, 48], "probability": 0.15},
        ],
    },
    {"kind": "noise", "snr_db": [20.0, 50.0]},
    {"kind": "gain"},
)


class CopyOptions(Options):
    """Options of all kinds of copies."""

    seed: Annotated[int, Field(ge=0)] = Field(
        default=0, description="All draws follow from it and from the name of the utterance."
    )

    @property
    def n_copies(self) -> int:
        """Copies of an utterance."""
        raise NotImplementedError

    @property
    def used(self) -> tuple[MethodOptions, ...]:
        """The methods of synthesis that they are made by; often none."""
        return ()

    @property
    def augmentations(self) -> Sequence[AugmentationOptions]:
        """What waveforms go through, one after the other."""
        raise NotImplementedError

    @property
    def stretch(self) -> float:
        """Seconds of a recording that are read for one of a copy, at most."""
        return 1.0

    def check_files(self) -> None:
        """Refuse a file or a folder that is not there.

        Raises
        ------
        ConfigError
            Names it.
        """
        for method in self.used:
            method.check_files()
        for augmentation in self.augmentations:
            augmentation.check_files()

    def seal(self) -> str:
        """Return a digest of the files that it reads; empty, if there are none."""
        seals = [seal for each in self.used if (seal := each.seal())]
        seals += seals_of(self.augmentations)
        return text_digest(seals) if seals else ""

    def sealed_files(self) -> dict[str, str]:
        """Return what a header says of these files.

        Not under ``seal``, the name of the header's own, which must be found in it; an empty one is
        not taken for that.
        """
        seal = self.seal()
        return {"files": seal} if seal else {"seal": ""}

    def build(self) -> "CopyMaker":
        """Build what makes the copies.

        Raises
        ------
        ConfigError
            If a file that it reads does not fit.
        """
        raise NotImplementedError


class AugmentedCopiesOptions(CopyOptions):
    """Options of augmented copies, of which trainings draw."""

    chain: Annotated[Augmentations, Field(min_length=1)] = Field(
        description="What an utterance goes through: augmentations one after the other, as in "
        "waveform_augmentation."
    )
    copies: Annotated[int, Field(ge=1, le=100)] = Field(
        description="Copies of an utterance, each with draws of its own."
    )

    @property
    def n_copies(self) -> int:
        """Copies of an utterance."""
        return self.copies

    @property
    def augmentations(self) -> Sequence[AugmentationOptions]:
        """The chain."""
        return self.chain

    @property
    def stretch(self) -> float:
        """Seconds of a recording that are read for one of a copy: a faster one is shorter."""
        return stretch_of(self.chain)

    def build(self) -> "AugmentedCopies":
        """Build the chain."""
        from signl.resynthesis.augmented_copies import AugmentedCopies

        return AugmentedCopies(self)


class ResynthesisOptions(CopyOptions):
    """Options of pseudo-spoofs and channel copies."""

    methods: Methods = Field(
        default_factory=lambda: tuple(METHODS.build({"kind": kind}) for kind in CLASSICAL),
        description="Methods of which some are drawn for an utterance; their names, or kinds "
        "where they have none, differ.",
    )
    without: Annotated[tuple[str, ...], FromList] = Field(
        default=(), description="Methods, by name, that are left out."
    )
    pseudo_spoofs: Annotated[int, Field(ge=0)] = Field(
        default=3, description="Copies by different methods, for an utterance."
    )
    channel_copies: Annotated[int, Field(ge=0)] = Field(
        default=1, description="Copies through a channel alone, for an utterance."
    )
    channel: Augmentations = Field(
        default_factory=lambda: tuple(AUGMENTATIONS.build(each) for each in CHANNEL),
        description="The channel: augmentations one after the other.",
    )
    channel_probability: Rate = Field(
        default=0.5, description="Share of the pseudo-spoofs that go through the channel too."
    )

    @property
    def n_copies(self) -> int:
        """Copies of an utterance, of both kinds."""
        return self.channel_copies + self.pseudo_spoofs

    @property
    def augmentations(self) -> Sequence[AugmentationOptions]:
        """The channel."""
        return self.channel

    @property
    def used(self) -> tuple[MethodOptions, ...]:
        """The methods that are not left out."""
        return tuple(each for each in self.methods if each.label not in self.without)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [each.label for each in self.methods]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"allowed are methods with different names; {twice} are there twice")
        if unknown := sorted(set(self.without) - set(names)):
            raise ValueError(f"without has {unknown}, which are no methods here; known are {names}")
        if self.pseudo_spoofs > len(self.used):
            raise ValueError(
                f"pseudo_spoofs is {self.pseudo_spoofs}; allowed is at most {len(self.used)}, the "
                "number of methods that are not left out"
            )
        if not self.pseudo_spoofs + self.channel_copies:
            raise ValueError("pseudo_spoofs and channel_copies are 0: nothing would be made")
        return self

    def build(self) -> "Resynthesis":
        """Build the methods and the channel.

        Raises
        ------
        ConfigError
            If a graph of a vocoder does not fit.
        """
        from signl.resynthesis.copies import Resynthesis

        return Resynthesis(self)
