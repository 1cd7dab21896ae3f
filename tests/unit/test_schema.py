"""The schema of the configuration, and that it says what the dataclasses of options say."""

import typing
from dataclasses import MISSING, asdict, fields

import jsonschema
import pytest
import yaml
from signl.features.spectral import LfccOptions, LogMelOptions

from signl.errors import ConfigError
from signl.features.frontends import FrontendConfig
from signl.features.speech_model import SpeechModelOptions
from signl.models.signl.options import GraphAugmentation
from signl.models.signl.options import SignlOptions
from signl.objectives.objectives import OBJECTIVES, BarlowOptions, SimSiamOptions, VICRegOptions
from signl.schema import check_schema
from signl.training.options import FinetuningOptions, Precision, PretrainingOptions

OBJECTIVE_OPTIONS = {"vicreg": VICRegOptions, "barlow": BarlowOptions, "simsiam": SimSiamOptions}
KINDS = {"logmel": LogMelOptions, "lfcc": LfccOptions, "wav2vec2": SpeechModelOptions}


@pytest.fixture(scope="module")
def schema(repository):
    return yaml.safe_load((repository / "rules/schemas/config.schema.yaml").read_text())


@pytest.fixture(scope="module")
def part_of(schema):
    """Return a function that gives the part of the schema for a dataclass of options."""
    frontends = schema["properties"]["frontends"]["additionalProperties"]
    by_kind = {
        rule["if"]["properties"]["kind"]["const"]: rule["then"]["properties"]["options"]
        for rule in frontends["allOf"]
    }
    definitions = schema["$defs"]
    of_objectives = {
        rule["if"]["properties"]["objective"]["const"]: rule["then"]["properties"][
            "objective_options"
        ]
        for rule in definitions["pretraining"]["allOf"]
    }
    assert of_objectives.keys() == set(OBJECTIVES)
    parts = {
        FrontendConfig: frontends,
        SignlOptions: definitions["graph"],
        PretrainingOptions: definitions["pretraining"],
        GraphAugmentation: definitions["pretraining"]["properties"]["augmentation"],
        FinetuningOptions: definitions["finetuning"],
        **{options: by_kind[kind] for kind, options in KINDS.items()},
        **{options: of_objectives[name] for name, options in OBJECTIVE_OPTIONS.items()},
    }
    return parts.__getitem__


DATACLASSES = [
    FrontendConfig,
    SignlOptions,
    PretrainingOptions,
    GraphAugmentation,
    FinetuningOptions,
    *KINDS.values(),
    *OBJECTIVE_OPTIONS.values(),
]


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("options", DATACLASSES)
def test_a_dataclass_has_the_keys_of_its_part_of_the_schema(options, part_of):
    part = part_of(options)
    assert part["properties"].keys() == {field.name for field in fields(options)}
    assert part["additionalProperties"] is False


@pytest.mark.parametrize("options", DATACLASSES)
def test_what_a_dataclass_needs_the_schema_requires(options, part_of):
    needed = {
        field.name
        for field in fields(options)
        if field.default is MISSING and field.default_factory is MISSING
    }
    assert needed == set(part_of(options).get("required", []))


def plain(value):
    """Turn tuples into lists, as YAML has them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    "options",
    [
        SignlOptions(),
        PretrainingOptions(),
        FinetuningOptions(),
        FrontendConfig(kind="logmel"),
        FrontendConfig(kind="wav2vec2", options=asdict(SpeechModelOptions(model="folder"))),
        FrontendConfig(kind="logmel", options=asdict(LogMelOptions())),
        FrontendConfig(kind="lfcc", options=asdict(LfccOptions())),
        *(options() for options in OBJECTIVE_OPTIONS.values()),
    ],
    ids=lambda options: type(options).__name__,
)
def test_defaults_follow_the_schema(options, part_of, schema):
    part = part_of(type(options)) | {"$defs": schema["$defs"]}
    jsonschema.Draft202012Validator(part).validate(plain(asdict(options)))


@pytest.mark.parametrize(
    ("options", "name", "allowed"),
    [
        (FrontendConfig, "kind", tuple(KINDS)),
        (FrontendConfig, "repeat", None),
        (SpeechModelOptions, "dtype", None),
        (PretrainingOptions, "objective", tuple(OBJECTIVES)),
    ],
)
def test_values_are_those_that_the_code_knows(options, name, allowed, part_of):
    known = allowed or typing.get_args(typing.get_type_hints(options)[name])
    assert sorted(part_of(options)["properties"][name]["enum"]) == sorted(known)


def test_precisions_are_those_that_the_code_knows(schema):
    assert schema["$defs"]["precision"]["enum"] == list(typing.get_args(Precision))


@pytest.mark.parametrize("name", ["config.yaml", "config.paper.yaml"])
def test_the_configurations_that_come_with_it_follow_it(repository, name):
    config = yaml.safe_load((repository / name).read_text())
    check_schema(config, repository / "rules/schemas/config.schema.yaml")


def test_every_offence_is_named(tmp_path):
    path = tmp_path / "schema.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "additionalProperties": False,
                "required": ["corpora"],
                "properties": {
                    "corpora": {"type": "array", "description": "names of corpora"},
                    "seed": {"type": "integer", "minimum": 0},
                },
            }
        )
    )
    with pytest.raises(ConfigError) as refused:
        check_schema({"corpora": 3, "seed": -1, "sede": 2}, path)
    message = str(refused.value)
    assert "corpora: 3 is not of type 'array'; names of corpora" in message
    assert "seed: -1 is less than the minimum of 0" in message
    assert "'sede' was unexpected" in message
    assert "known keys are ['corpora', 'seed']" in message
    with pytest.raises(ConfigError, match="'corpora' is a required property"):
        check_schema({}, path)
    check_schema({"corpora": []}, path)
