"""A speech model that is trained by low-rank adapters; its own weights do not move."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from signl.errors import ArtefactError, ConfigError
from signl.features.speech_model.hidden_states import TrainableSpeechModel, which_states
from signl.features.speech_model.lora_options import LoraOptions
from signl.features.speech_model.model_loading import UNUSED_WEIGHTS, load_speech_model
from signl.typed import Options

#: What peft calls the one adapter of a layer, and the parts of a layer that has one.
_ADAPTER: Final = "default"
_OF_ADAPTER: Final = ".lora_"
_BASE: Final = ".base_layer."


class BaseModelError(ArtefactError):
    """The front-end to which saved adapters belong is not there, or is another."""


class Base(Options):
    """The model to which adapters that are saved alone belong."""

    model: str = Field(min_length=1, description="Its id, or the folder in which it lay.")
    revision: str | None = Field(default=None, description="The commit of an id.")
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of its weights, see weights_digest."
    )


class AdaptedSpeechModel(TrainableSpeechModel):
    """A speech model with adapters, which alone are trained.

    Dropout and SpecAugment of the model act in training mode all the same; its batch
    normalisation, where it has any, does not move its statistics.

    Parameters
    ----------
    model : PreTrainedModel
        Its layers are replaced by such with adapters, drawn from PyTorch's global generator.
    layer, layers
        As :class:`TrainableSpeechModel` takes them.
    lora : LoraOptions
        The adapters.
    base : Base, optional
        Where the model came from: needed where adapters are saved alone (``merge: false``).

    Raises
    ------
    ConfigError
        If the model has no such layers.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        *,
        layer: int = -1,
        layers: tuple[int, ...] | Literal["all"] | None = None,
        lora: LoraOptions,
        base: Base | None = None,
    ) -> None:
        super().__init__(model, layer=layer, layers=layers)
        self.lora, self.base = lora, base
        self.model.requires_grad_(requires_grad=False)
        _insert(self.model, lora)
        for name, weight in self.model.named_parameters():
            weight.requires_grad_(_OF_ADAPTER in name)

    @property
    def keeps_adapters(self) -> bool:
        """Whether adapters are saved alone."""
        return not self.lora.merge

    def adapter_weights(self) -> Iterator[nn.Parameter]:
        """Yield the weights of the adapters."""
        for name, weight in self.model.named_parameters():
            if _OF_ADAPTER in name:
                yield weight

    def train(self, mode: bool = True) -> "AdaptedSpeechModel":
        """Enter training mode, but for batch normalisation, whose statistics are the model's."""
        super().train(mode)
        for module in self.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def saved_weights(self) -> dict[str, Tensor]:
        """Return what is saved, by name in this module: the whole model, or adapters alone."""
        state = self.state_dict()
        if self.keeps_adapters:
            base = self._base_names()
            return {name: each for name, each in state.items() if name not in base}
        merged = {_plain(name): tensor for name, tensor in state.items() if _OF_ADAPTER not in name}
        for name, layer in self.named_modules():
            if hasattr(layer, "get_delta_weight"):
                with torch.no_grad():
                    delta = layer.get_delta_weight(_ADAPTER)
                merged[f"{name}.weight"] = merged[f"{name}.weight"] + delta
        return merged

    def base_weights(self) -> dict[str, Tensor]:
        """Load what is not saved with the adapters, by name in this module.

        Raises
        ------
        BaseModelError
            If the model is not there, or its weights are others than those of the training.
        """
        assert self.base is not None
        where = f"the front-end {self.base.model!r} (revision {self.base.revision})"
        try:
            state = load_speech_model(self.base.model, self.base.revision).state_dict()
        except ConfigError as error:
            raise BaseModelError(
                f"the model has adapters to {where}, which is needed to load it: {error}"
            ) from error
        if (found := weights_digest(state)) != self.base.digest:
            raise BaseModelError(
                f"the model has adapters to {where} with weights of digest {self.base.digest}; "
                f"found are weights of digest {found}"
            )
        names = self._base_names()
        given = {f"model.{name}": tensor for name, tensor in state.items()}
        # Whoever loads compares names and shapes; what is missing here is missing there.
        return {name: given[plain] for name, plain in names.items() if plain in given}

    def _base_names(self) -> dict[str, str]:
        """Return the names of the tensors that are not saved with adapters, here and without."""
        return {
            name: _plain(name)
            for name in self.state_dict()
            if _OF_ADAPTER not in name and not name.endswith(UNUSED_WEIGHTS)
        }

    def describe(self) -> dict[str, Any]:
        """Return adapters and base as config.json says them; nothing, where they are merged."""
        if not self.keeps_adapters:
            return {}
        assert self.base is not None
        return {"lora": self.lora.dump(), "base": self.base.dump()}


def _plain(name: str) -> str:
    """Return the name that a tensor has in a model without adapters."""
    return name.replace(_BASE, ".")


def _insert(model: nn.Module, lora: LoraOptions) -> None:
    """Put adapters around the targets of the transformer's layers."""
    # Imported here: other trainings do without.
    from peft import LoraConfig, inject_adapter_in_model

    config: Any = model.config
    names = "|".join(map(re.escape, lora.layer_names(config.model_type)))
    wanted = rf"encoder\.layers\.\d+\..*\b({names})"
    if not any(re.fullmatch(wanted, name) for name, _ in model.named_modules()):
        raise ConfigError(
            f"a {type(model).__name__} has no layers for LoRA's targets {list(lora.targets)}; "
            "allowed are models whose transformer has such"
        )
    adapters = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]
        lora_dropout=lora.dropout,
        target_modules=wanted,
        bias="none",
    )
    inject_adapter_in_model(adapters, model, adapter_name=_ADAPTER)


def adapted(
    frontend: TrainableSpeechModel, lora: LoraOptions, base: Base | None = None
) -> AdaptedSpeechModel:
    """Return a speech model with new adapters; its own module is changed."""
    which = which_states(frontend.layer)
    return AdaptedSpeechModel(frontend.model, **which, lora=lora, base=base)


def adapted_parts(module: nn.Module) -> Iterator[tuple[str, AdaptedSpeechModel]]:
    """Yield the speech models with adapters in a module, with what their names begin with."""
    for name, part in module.named_modules():
        if isinstance(part, AdaptedSpeechModel):
            yield f"{name}." if name else "", part


def weights_to_save(module: nn.Module) -> dict[str, Tensor]:
    """Return the state dict of a module as it is saved: adapters merged, or without their base."""
    state: dict[str, Tensor] = dict(module.state_dict())
    for prefix, part in adapted_parts(module):
        others = {name: each for name, each in state.items() if not name.startswith(prefix)}
        saved = {f"{prefix}{name}": each for name, each in part.saved_weights().items()}
        state = others | saved
    return state


def weights_of_base(module: nn.Module) -> dict[str, Tensor]:
    """Load what a module that keeps adapters does not find in its own file, by name in it.

    Raises
    ------
    BaseModelError
        If a base is not there, or is another.
    """
    return {
        f"{prefix}{name}": tensor
        for prefix, part in adapted_parts(module)
        if part.keeps_adapters
        for name, tensor in part.base_weights().items()
    }


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of a model's weights: names, types, shapes and bytes, by name.

    Without :data:`UNUSED_WEIGHTS`, which some files lack and loading then draws.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        if name in UNUSED_WEIGHTS:
            continue
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
