"""Options of the copies that are made of an utterance."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import Field, model_validator

from signl.augmentation.augmentation_options import seals_of
from signl.augmentation.augmentations import AUGMENTATIONS, Augmentations
from signl.resynthesis.method_options import MethodOptions
from signl.resynthesis.methods import CLASSICAL, METHODS, Methods
from signl.seals import text_digest
from signl.typed import FromList, Options, Rate

if TYPE_CHECKING:
    from signl.resynthesis.copies import Resynthesis

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


class ResynthesisOptions(Options):
    """Options of pseudo-spoofs and channel copies."""

    seed: Annotated[int, Field(ge=0)] = Field(
        default=0, description="All draws follow from it and from the name of the utterance."
    )
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

    def check_files(self) -> None:
        """Refuse a file or a folder that is not there.

        Raises
        ------
        ConfigError
            Names it.
        """
        for method in self.used:
            method.check_files()
        for augmentation in self.channel:
            augmentation.check_files()

    def seal(self) -> str:
        """Return a digest of the files that it reads; empty, if there are none."""
        seals = [seal for each in self.used if (seal := each.seal())] + seals_of(self.channel)
        return text_digest(seals) if seals else ""

    def build(self) -> "Resynthesis":
        """Build the methods and the channel.

        Raises
        ------
        ConfigError
            If a graph of a vocoder does not fit.
        """
        from signl.resynthesis.copies import Resynthesis

        return Resynthesis(self)
