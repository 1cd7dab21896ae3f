"""The objectives that there are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from signl.kinds import Kinds
from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import build

if TYPE_CHECKING:
    from torch import nn

#: Kind -> its options.
OBJECTIVES: Final = Kinds[ObjectiveOptions](
    "objective",
    {
        "alignment": "signl.objectives.alignment.options:AlignmentOptions",
        "vicreg": "signl.objectives.vicreg.options:VICRegOptions",
        "barlow": "signl.objectives.barlow.options:BarlowOptions",
        "simsiam": "signl.objectives.simsiam.options:SimSiamOptions",
        "simclr": "signl.objectives.simclr.options:SimCLROptions",
        "cola": "signl.objectives.cola.options:COLAOptions",
        "acl": "signl.objectives.acl.options:ACLOptions",
        "byol": "signl.objectives.byol.options:BYOLOptions",
        "moco": "signl.objectives.moco.options:MoCoOptions",
    },
)


def make_objective(kind: str, width: int, options: Mapping[str, Any]) -> "nn.Module":
    """Build an objective by name: a module from two projections (batch, width) to a loss.

    What it sees besides the projections is given by name (:class:`ObjectiveOptions`).

    Raises
    ------
    ConfigError
        If there is no such kind, or it has no such option.
    """
    chosen = build(OBJECTIVES.options_of(kind), {"kind": kind, **options}, f"objective {kind}")
    return chosen.build(width)
