"""The networks that there are."""

from typing import Any, Final

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from signl.errors import ConfigError
from signl.kinds import Kinds
from signl.models.base import NetworkOptions, OwnNetwork
from signl.models.own_code import FORM, is_own, own_options, source_digest


class Networks(Kinds[NetworkOptions]):
    """The networks of this package, and classes outside it: ``kind: package.module:Class``."""

    def knows(self, kind: object) -> bool:
        """Tell whether there is such a kind, or it may be a class outside this package."""
        return super().knows(kind) or is_own(kind)

    @property
    def known(self) -> str:
        """What is allowed, for messages."""
        return f"{self.names}, and {FORM} for one of your own"

    def options_of(self, name: str) -> type[NetworkOptions]:
        """Return the options class of a kind.

        Raises
        ------
        ConfigError
            If there is none.
        """
        return own_options(name) if is_own(name) else super().options_of(name)

    def build(self, values: object) -> NetworkOptions:
        """Build the options of a mapping; of a class outside this package with its digest.

        Raises
        ------
        PydanticCustomError, ValidationError
            As :meth:`signl.kinds.Kinds.build`.
        """
        try:
            options = super().build(values)
            if isinstance(options, OwnNetwork) and not options.code:
                return options.model_copy(update={"code": source_digest(type(options))})
        except ConfigError as error:
            raise PydanticCustomError("kind", "{words}", {"words": str(error)}) from None
        return options

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe all kinds, for editors; of classes outside this package their name alone."""
        described = super().__get_pydantic_json_schema__(schema, handler)
        own = {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "pattern": r"^[\w.]+:\w+$"}},
        }
        return {"oneOf": [*described["oneOf"], own]}


#: Kind -> its options.
NETWORKS: Final = Networks(
    "network",
    {
        "signl": "signl.models.signl.options:SignlOptions",
        "mean_pool": "signl.models.mean_pool.options:MeanPoolOptions",
        "aasist": "signl.models.aasist.options:AasistOptions",
        "aasist_frames": "signl.models.aasist_frames.options:AasistFramesOptions",
        "lcnn": "signl.models.lcnn.options:LcnnOptions",
        "mhfa": "signl.models.mhfa.options:MhfaOptions",
        "sls": "signl.models.sls.options:SlsOptions",
        "nes2net_x": "signl.models.nes2net_x.options:Nes2NetXOptions",
        "audio_ntt": "signl.models.audio_ntt.options:AudioNTTOptions",
        "xvector": "signl.models.xvector.options:XVectorOptions",
        "resnet18": "signl.models.resnet18.options:ResNet18Options",
        "efficientnet_b0": "signl.models.efficientnet_b0.options:EfficientNetB0Options",
    },
)
