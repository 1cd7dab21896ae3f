"""The networks that there are."""

from typing import Final

from signl.kinds import Kinds
from signl.models.base import NetworkOptions

#: Kind -> its options.
NETWORKS: Final = Kinds[NetworkOptions](
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
