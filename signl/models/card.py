"""Model cards: what a model was trained on, with how many labels, and how good it was on dev."""

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

from signl.models.own_code import is_own

#: What a hub finds models by; a card without them is not published.
METADATA: Final = ("pipeline_tag", "tags", "library_name")
_FENCE: Final = "---\n"
#: What stands for the place of the model where a card says how it is used.
PLACE: Final = "FOLDER"

_TASK = {
    "encoder": "encodes speech for the detection of deepfakes; it has seen no labels",
    "classifier": "tells bona fide speech from spoofs: a score that is higher for bona fide",
}
#: How it is used: a classifier in two lines, of which one is enough.
_USE = {
    "encoder": "## Use\n\n```python\nfrom signl.models.saving import from_pretrained\n\n"
    'model = from_pretrained("FOLDER").module\n```',
    "classifier": "## Use\n\n```bash\nsignl score FOLDER recording.wav\n```\n\n```python\n"
    'import signl; print(signl.load("FOLDER").score("recording.wav"))\n```',
}
_DEV_FIGURES = {
    "dev_eer": "EER on dev, %",
    "dev_loss": "loss on dev",
    "epoch": "epoch, from 0",
    "collapsed": "collapsed",
}


def model_card(description: Mapping[str, Any]) -> str:
    """Return the card of a model as Markdown, with its metadata as YAML before it.

    Parameters
    ----------
    description : Mapping
        What ``config.json`` holds: ``class``, ``network``, ``made_by`` and ``card``, whose keys
        may be ``corpus``, ``label_percent``, ``n_labelled``, ``n_utterances``, ``seed``,
        ``adapters``, ``n_weights``, ``pretrained``, ``features``, ``source``, ``dev`` and, where
        this chose nothing, ``dev_chose``.

    References
    ----------
    The metadata are those of https://huggingface.co/docs/hub/model-cards.
    """
    return _with_metadata(card_text(description), _metadata(description))


def card_text(description: Mapping[str, Any]) -> str:
    """Return a card without metadata: all of it, in versions before these."""
    card, kind = description["card"], description["class"]
    sections = [
        f"# {_title(description)} {kind}, {card.get('corpus') or 'corpus not known'}",
        f"This model {_TASK[kind]}. It was made by SIGNL-pipeline.",
        _list("Training", _training(card) | _counted(card)),
        _list("Network", _network(description)),
        _list("On the development set", _dev(card.get("dev") or {})),
        _use(description),
        f"{_choice(card)} Error rates on other corpora are higher; a score is no proof.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _choice(card: Mapping[str, Any]) -> str:
    """Return what the development set chose."""
    if card.get("dev_chose", True):
        return "The development set chose the epoch, so its figures flatter the model."
    return "Nothing was chosen by the development set."


def metadata_of(text: str) -> dict[str, Any]:
    """Return the metadata of a card; nothing, where it has none.

    Raises
    ------
    ValueError
        If they are no YAML, or no mapping.
    """
    if not text.startswith(_FENCE):
        return {}
    try:
        found = yaml.safe_load(text.removeprefix(_FENCE).partition(f"\n{_FENCE}")[0])
    except yaml.YAMLError as error:
        raise ValueError(f"its metadata are no YAML: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"its metadata are {type(found).__name__}, no mapping")
    return found


def _with_metadata(text: str, metadata: Mapping[str, Any]) -> str:
    shown = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True)
    return f"{_FENCE}{shown}{_FENCE}\n{text}"


def _metadata(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a hub finds a model by; of a classifier its EER on dev as ``model-index``."""
    card, is_classifier = description["card"], description["class"] == "classifier"
    corpus, dev = card.get("corpus"), card.get("dev") or {}
    metadata: dict[str, Any] = {
        "library_name": "signl-pipeline",
        "pipeline_tag": "audio-classification" if is_classifier else "feature-extraction",
        "tags": ["anti-spoofing", "audio-deepfake-detection", "speech", _title(description)],
    }
    if corpus:
        metadata["datasets"] = [corpus]
    if is_classifier and corpus and "dev_eer" in dev:
        metadata["metrics"] = ["eer"]
        metric = {"type": "eer", "name": "EER, %", "value": round(100 * dev["dev_eer"], 4)}
        result = {
            "task": {"type": "audio-classification", "name": "Speech deepfake detection"},
            "dataset": {"type": corpus, "name": corpus, "split": "dev"},
            "metrics": [metric],
        }
        name = f"{_title(description)}, {corpus}"
        metadata["model-index"] = [{"name": name, "results": [result]}]
    return metadata


def _use(description: Mapping[str, Any]) -> str:
    """Return how it is used; of a network outside this package with its kind, which is needed."""
    text, kind = _USE[description["class"]], description["network"]["kind"]
    if not is_own(kind):
        return text
    named = text.replace("recording.wav\n", f"recording.wav --model-code {kind}\n")
    return named.replace(f'"{PLACE}")', f'"{PLACE}", model_code="{kind}")')


def _title(description: Mapping[str, Any]) -> str:
    """Return what the network is called: that of the paper SIGNL, others by their kind."""
    kind = description["network"]["kind"]
    return "SIGNL" if kind == "signl" else str(kind)


def _list(title: str, items: Mapping[str, object]) -> str:
    lines = [f"- {name}: {value}" for name, value in items.items()]
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _training(card: Mapping[str, Any]) -> dict[str, object]:
    """Return corpus, labels and seed, as far as they are known."""
    items: dict[str, object] = {"corpus": card.get("corpus") or "not known"}
    if "label_percent" in card:
        percent = card["label_percent"]
        items["labels"] = "not known" if percent is None else f"{percent:g} % of the corpus"
    elif "labels" in card:
        items["labels"] = card["labels"]
    for key, name in (("n_labelled", "labelled utterances"), ("n_utterances", "utterances")):
        if key in card:
            items[name] = ", ".join(f"{n:,} of {part}" for part, n in sorted(card[key].items()))
    if "pretrained" in card:
        items["encoder pre-trained"] = "yes" if card["pretrained"] else "no"
    for key in ("seed", "source"):
        if key in card:
            items[key] = card[key]
    return items


def _counted(card: Mapping[str, Any]) -> dict[str, object]:
    """Return how many weights were trained, where that was said."""
    if "n_weights" not in card:
        return {}
    counted = card["n_weights"]
    return {"weights that were trained": f"{counted['trained']:,} of {counted['all']:,}"}


def _network(description: Mapping[str, Any]) -> dict[str, object]:
    network = dict(description["network"])
    items: dict[str, object] = {
        "kind": network.pop("kind"),
        "sizes": ", ".join(f"{name} {value}" for name, value in sorted(network.items())),
    }
    if "frontend" in description:
        config = description["frontend"]["config"]
        items["front-end"] = f"{config['model_type']}, {_front_end_training(description)}"
        items["input"] = (
            f"crops of {description['crop_samples']:,} samples at 16 kHz, of clips of "
            f"{description['clip_s']:g} s with zero mean and unit variance"
        )
    elif "crop_samples" in description:
        items["front-end"] = "none, it reads waveforms"
        items["input"] = (
            f"crops of {description['crop_samples']:,} samples at 16 kHz, of clips of "
            f"{network['clip_s']:g} s"
            + (" with zero mean and unit variance" if network["normalise"] else ", as decoded")
        )
    else:
        features = description["card"].get("features")
        items["front-end"] = f"apart from the model: `{json.dumps(features, sort_keys=True)}`"
        items["input"] = f"frames ({description['width']} channels, {description['n_frames']})"
    if "crops" in description:
        items["crops of a clip"] = f"{description['crops']}, whose scores are averaged"
    return items


def _front_end_training(description: Mapping[str, Any]) -> str:
    """Return how a front-end was trained, and whether its weights are in the model's file."""
    adapters = description["card"].get("adapters")
    if adapters is None:
        return "trained with it and part of the model"
    trained = f"trained with it by LoRA of rank {adapters['rank']}"
    if "base" not in description["frontend"]:
        return f"{trained}; the adapters were added to its weights, which are part of the model"
    base = description["frontend"]["base"]
    return (
        f"{trained}; the adapters are part of the model, and `{base['model']}` (revision "
        f"{base['revision']}, weights of SHA-256 {base['digest']}) is needed to load it"
    )


def _dev(record: Mapping[str, Any]) -> dict[str, object]:
    shown = {}
    for key, name in _DEV_FIGURES.items():
        if key in record:
            value = 100 * record[key] if key == "dev_eer" else record[key]
            shown[name] = f"{value:.4g}" if isinstance(value, float) else value
    return shown
