"""Loading of a speech model by transformers: no code of others, no errors of others."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from signl.errors import ConfigError
from signl.features.speech_model.model_folder import (
    CONFIG,
    PREPROCESSOR,
    Described,
    read_model_config,
)
from signl.features.speech_model.model_options import LAST
from signl.features.speech_model.model_weights import check_weights, weight_files

#: Weights that pre-training uses and encoding does not; some published checkpoints lack them.
UNUSED_WEIGHTS: Final = ("masked_spec_embed",)


def load_speech_model(model: str, revision: str | None) -> Any:  # noqa: ANN401
    """Load a model of the wav2vec 2.0 family from a folder or by its id and revision.

    Raises
    ------
    ConfigError
        If it cannot be loaded, lacks weights, takes no waveforms, or an id comes without a
        revision; names the file, where it is known, and the cure.
    """
    return load_pretrained(
        model, revision, read=read_model_config, class_of=_any_model, unused=UNUSED_WEIGHTS
    )


def load_pretrained(
    model: str,
    revision: str | None,
    *,
    read: Callable[[Path], Described],
    class_of: Callable[[Any], Any],
    unused: Collection[str],
) -> Any:  # noqa: ANN401
    """Load a model of transformers from a folder or by its id and revision.

    Parameters
    ----------
    model, revision : str
        The folder, or the id and the commit.
    read : callable
        Reads and checks the configuration in a folder.
    class_of : callable
        Returns the class of transformers that loads the model of a configuration.
    unused : collection of str
        Weights that may be missing.

    Raises
    ------
    ConfigError
        If it cannot be loaded, lacks weights, or an id comes without a revision; names the file,
        where it is known, and the cure.
    """
    folder = description_of(model, revision)
    config = read(folder)
    if Path(model).is_dir():
        check_weights(folder, config)
    try:
        loaded, report = _from_pretrained(model, revision, class_of)
    except Exception as error:  # whatever transformers and its parts raise
        raise _refusal(model, revision, error) from error
    missing = [key for key in report["missing_keys"] if key not in unused]
    if missing:
        raise ConfigError(f"front-end model {model!r} lacks the weights {sorted(missing)[:5]}")
    return loaded


def untrained_model(
    config: Any,  # noqa: ANN401
    class_of: Callable[[Any], Any] | None = None,
) -> Any:  # noqa: ANN401
    """Build a model of transformers with random weights.

    Parameters
    ----------
    config : PretrainedConfig
    class_of : callable, optional
        Returns the class of transformers of a configuration; by default the one that it names.
    """
    from transformers import MODEL_MAPPING

    kind: Any = class_of(config) if class_of else MODEL_MAPPING[type(config)]
    return kind._from_config(config, attn_implementation=attention_of(config))


def without_layers_above(encoder: Any, states: Sequence[int]) -> None:  # noqa: ANN401
    """Take the transformer layers out of an encoder that no wanted hidden state needs.

    One layer above the highest state stays: transformers normalises the output of the last one in
    some models, and a state is that before it.

    Parameters
    ----------
    encoder : Module
        With its layers as ``layers``.
    states : sequence of int
        Numbers of the hidden states that are wanted; -1 is the model's output.
    """
    if LAST not in states:
        encoder.layers = encoder.layers[: max(states) + 1]


def placed(model: Any, device: torch.device, dtype: torch.dtype) -> Any:  # noqa: ANN401
    """Return a module on a device, in a precision.

    One that is there already is not touched: weights without content, of which
    :mod:`signl.costs` counts what they cost, cannot be moved.
    """
    if all(each.device == device and each.dtype == dtype for each in model.parameters()):
        return model
    return model.to(device=device, dtype=dtype)


def _any_model(_: object) -> Any:  # noqa: ANN401
    from transformers import AutoModel

    return AutoModel


def description_of(model: str, revision: str | None) -> Path:
    """Return the folder in which the description of a model lies, fetched for a model id.

    Raises
    ------
    ConfigError
        If it cannot be fetched, or an id comes without a revision.
    """
    if Path(model).is_dir():
        return Path(model)
    if revision is None:
        raise ConfigError(
            f"front-end model {model!r} is no folder here; as a model id it needs a revision "
            "(a commit of its repository)"
        )
    try:
        # Imported here for the seconds that it takes, which cached features need not wait.
        from transformers.utils.hub import cached_file

        described = cached_file(model, CONFIG, revision=revision)
        cached_file(
            model, PREPROCESSOR, revision=revision, _raise_exceptions_for_missing_entries=False
        )
    except Exception as error:
        raise _refusal(model, revision, error) from error
    return Path(str(described)).parent


def attention_of(config: Any) -> str:  # noqa: ANN401
    """Return how attention is computed, whatever the model's config.json says.

    PyTorch's fused scaled dot product, where transformers has it for the model.
    """
    from transformers import MODEL_MAPPING

    model_type: Any = MODEL_MAPPING[type(config)]
    return "sdpa" if model_type._supports_sdpa else "eager"


def _from_pretrained(
    model: str, revision: str | None, class_of: Callable[[Any], Any]
) -> tuple[Any, Any]:
    from transformers import AutoConfig

    is_folder = Path(model).is_dir()
    where = {"revision": None if is_folder else revision, "local_files_only": is_folder}
    config = AutoConfig.from_pretrained(model, trust_remote_code=False, **where)
    if is_folder:
        is_safe = weight_files(Path(model))[0].name.startswith("model.safetensors")
        where["use_safetensors"] = is_safe
    loaded: tuple[Any, Any] = class_of(config).from_pretrained(
        model,
        config=config,
        trust_remote_code=False,
        attn_implementation=attention_of(config),
        # Whatever the precision of the file: training needs the digits.
        dtype=torch.float32,
        output_loading_info=True,
        **where,
    )
    return loaded


def _refusal(model: str, revision: str | None, error: Exception) -> ConfigError:
    """Return what is said of a model that cannot be loaded."""
    words = str(error).strip() or repr(error)
    said = f"front-end model {model!r} (revision {revision}) cannot be loaded: {words[:600]}\n"
    if isinstance(error, ImportError):
        return ConfigError(said + "Install the package that is named, or take another model")
    if Path(model).is_dir():
        return ConfigError(
            said + f"If its config.json and its weights are of one model, download {model} again"
        )
    return ConfigError(
        said + f"On a machine with access run: hf download {model} --revision {revision} "
        "--local-dir FOLDER, and give FOLDER as the front-end's model. Models are kept below "
        "HF_HOME, by default ~/.cache/huggingface, which must be a folder that can be written"
    )
