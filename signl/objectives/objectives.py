"""The objectives that there are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from signl.kinds import Kinds
from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import build

if TYPE_CHECKING:
    from torch import nn

_OF_PROJECTIONS: Final = {
    "alignment": "signl.objectives.alignment.options:AlignmentOptions",
    "vicreg": "signl.objectives.vicreg.options:VICRegOptions",
    "barlow": "signl.objectives.barlow.options:BarlowOptions",
    "simsiam": "signl.objectives.simsiam.options:SimSiamOptions",
    "simclr": "signl.objectives.simclr.options:SimCLROptions",
    "cola": "signl.objectives.cola.options:COLAOptions",
}
#: Those that see the projections of two views alone, and can therefore stand beside another.
PROJECTION_OBJECTIVES: Final = Kinds[ObjectiveOptions]("objective beside another", _OF_PROJECTIONS)
#: Kind -> its options.
OBJECTIVES: Final = Kinds[ObjectiveOptions](
    "objective",
    {
        **_OF_PROJECTIONS,
        "acl": "signl.objectives.acl.options:ACLOptions",
        "byol": "signl.objectives.byol.options:BYOLOptions",
        "moco": "signl.objectives.moco.options:MoCoOptions",
        "resynthesis": "signl.objectives.resynthesis.options:ResynthesisObjectiveOptions",
    },
)


def make_objective(
    kind: str, width: int, options: Mapping[str, Any], *, n_classes: int = 0
) -> "nn.Module":
    """Build an objective by name: a module from two projections (batch, width) to a loss.

    What it sees besides the projections is given by name (:class:`ObjectiveOptions`), and how many
    classes it tells apart, where it does.

    Raises
    ------
    ConfigError
        If there is no such kind, or it has no such option.
    """
    chosen = build(OBJECTIVES.options_of(kind), {"kind": kind, **options}, f"objective {kind}")
    return chosen.build(width, n_classes=n_classes)
