"""Options of linear prediction."""

from typing import Annotated, Literal

from pydantic import Field

from signl.resynthesis.method_options import Counts, Method, MethodOptions
from signl.typed import FromList, NotNegative

Excitation = Literal["pulse", "mixed", "noise"]


class LpcOptions(MethodOptions):
    """Options of linear prediction: windows of 30 ms every 15 ms."""

    kind: Literal["lpc"] = "lpc"
    orders: Counts = Field(default=(10, 14, 18, 22), description="Orders to choose among.")
    excitations: Annotated[tuple[Excitation, ...], FromList, Field(min_length=1)] = Field(
        default=("pulse", "mixed", "noise"),
        description="Excitations to choose among. pulse: pulses at the pitch, and noise where "
        "there is none; mixed: the same with noise in it; noise: nothing else.",
    )
    noise: NotNegative = Field(
        default=0.15, description="Level of the noise of mixed, of that of its pulses."
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.lpc.linear_prediction import LinearPrediction

        return LinearPrediction(self)
