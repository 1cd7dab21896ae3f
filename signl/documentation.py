"""What is generated from the options: the JSON Schema for editors, and the tables of the docs.

``make generated`` writes both anew, and the conda environment of the pinned packages; a test tells
when they drift.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic_core import PydanticUndefined

from signl.augmentation.augmentations import AUGMENTATIONS
from signl.configuration import Axes, Configuration, Limits
from signl.corpora.registry import CORPORA
from signl.corpora.table.options import TableOptions
from signl.evaluation.comparison_options import ComparisonOptions
from signl.evaluation.score_file_options import ScoreFileOptions
from signl.features.frontends import FRONTENDS
from signl.features.speech_model.lora_options import LoraOptions
from signl.kinds import Kinds
from signl.models.networks import NETWORKS
from signl.models.signl.options import GraphAugmentation
from signl.objectives.objectives import OBJECTIVES
from signl.recipes import Recipe
from signl.resynthesis.copies_options import AugmentedCopiesOptions
from signl.training.options import FINETUNINGS, PretrainingOptions
from signl.training.view_options import ViewOptions
from signl.typed import Options

SCHEMA: Final = "rules/schemas/config.schema.json"
PAGE: Final = "docs/configuration.md"
PINS: Final = "requirements.txt"
ENVIRONMENT: Final = "envs/signl.yaml"
_ENVIRONMENT_HEAD: Final = """\
# The pins of requirements.txt: generated, say make generated. Has not been tried, there was no
# conda where it was written. The library is that of PYTHONPATH: export PYTHONPATH=<repository>.
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""
_BEGIN, _END = "<!-- options: generated -->", "<!-- options: end -->"
#: Keys of pydantic's schema that say what is allowed, and how that is written.
_BOUNDS: Final = {
    "exclusiveMinimum": "> {}",
    "minimum": ">= {}",
    "exclusiveMaximum": "< {}",
    "maximum": "<= {}",
    "multipleOf": "a multiple of {}",
}
_TYPES: Final = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration."""
    described = Configuration.model_json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["title"] = "Configuration of SIGNL-pipeline"
    of_table = TableOptions.model_json_schema()
    described["$defs"] |= of_table.pop("$defs")
    described["properties"]["corpora"] = {
        "type": "object",
        "minProperties": 1,
        # A corpus of another name is one that a table describes.
        "additionalProperties": of_table | {"required": ["kind", "table"]},
        "properties": {
            name: {"anyOf": [corpus.options.model_json_schema(), {"type": "null"}]}
            for name, corpus in CORPORA.items()
        },
    }
    return described


def schema_text() -> str:
    """Return the schema as it is written."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


def option_tables() -> str:
    """Return the tables of all options, as Markdown."""
    sections: list[tuple[str, type[Options]]] = [
        ("A recipe", Recipe),
        ("`trainable_frontend`, kind `lora`", LoraOptions),
        ("`score_files`", ScoreFileOptions),
        *_of_kinds("`model`", NETWORKS),
        ("`pretraining`", PretrainingOptions),
        ("`pretraining: augmentation`, of the graphs of kind `signl`", GraphAugmentation),
        ("`pretraining: views`, of log-spectra", ViewOptions),
        *_of_kinds("`pretraining: objective`", OBJECTIVES),
        *_of_kinds("`finetuning`", FINETUNINGS),
        *_of_kinds("`waveform_augmentation`", AUGMENTATIONS),
        ("`augmented_copies`, of a name", AugmentedCopiesOptions),
        *_of_kinds("A front-end", FRONTENDS),
        ("A corpus of kind `table`", TableOptions),
        ("An experiment", Axes),
        ("`limits`", Limits),
        ("`comparisons`", ComparisonOptions),
    ]
    return "\n\n".join(_table(title, options) for title, options in sections)


def _of_kinds(title: str, kinds: Kinds[Any]) -> Iterator[tuple[str, type[Options]]]:
    for name in kinds.names:
        yield f"{title}, kind `{name}`", kinds.options_of(name)


def _table(title: str, options: type[Options]) -> str:
    described = options.model_json_schema()
    rows = []
    for name, field in options.model_fields.items():
        if name == "kind":
            continue
        default = "" if field.default is PydanticUndefined else _default(field.default)
        allowed = _allowed(described["properties"][name])
        rows.append(f"| `{name}` | {allowed} | {default} | {field.description or ''} |")
    head = ["| option | allowed | default | what |", "|---|---|---|---|"]
    return "\n".join([f"**{title}**", "", *(head + rows if rows else ["It has no options."])])


def _default(value: object) -> str:
    if isinstance(value, Options):
        return f"`{json.dumps(value.dump_given())}`" if value.dump_given() else "as below"
    return f"`{json.dumps(value)}`"


def _allowed(described: dict[str, Any]) -> str:
    """Return in words what a part of a schema allows."""
    if "enum" in described:
        return ", ".join(f"`{value}`" for value in described["enum"])
    if "const" in described:
        return f"`{described['const']}`"
    if "anyOf" in described:
        return " or ".join(dict.fromkeys(_allowed(part) for part in described["anyOf"]))
    if "oneOf" in described:
        return "a kind and its options"
    words = _TYPES.get(described.get("type", "object"), "a mapping")
    bounds = [text.format(described[key]) for key, text in _BOUNDS.items() if key in described]
    return ", ".join([words, *bounds])


def page_with_tables(text: str) -> str:
    """Return a page with the tables between their marks.

    Raises
    ------
    ValueError
        If it has no marks.
    """
    head, begin, rest = text.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no place for tables, between {_BEGIN} and {_END}")
    return f"{head}{_BEGIN}\n\n{option_tables()}\n\n{_END}{tail}"


def environment_text(pins: str) -> str:
    """Return the conda environment of pinned packages.

    Parameters
    ----------
    pins : str
        Lines of ``name==version``, with a condition behind a semicolon where there is one.

    Raises
    ------
    ValueError
        If a line is neither that nor a comment.
    """
    lines = [line for line in pins.splitlines() if line and not re.match(r"\s*#", line)]
    if wrong := [line for line in lines if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", line)]:
        raise ValueError(f"{wrong[0]!r} is no pin; allowed is name==version")
    return _ENVIRONMENT_HEAD + "".join(f"      - {json.dumps(line)}\n" for line in lines)


def main(repository: Path) -> None:
    """Write the schema, the environment, and the tables into their page."""
    environment = environment_text((repository / PINS).read_text(encoding="utf-8"))
    (repository / ENVIRONMENT).write_text(environment, encoding="utf-8")
    path = repository / SCHEMA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(), encoding="utf-8")
    page = repository / PAGE
    page.write_text(page_with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
