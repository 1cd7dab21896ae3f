"""What is generated from the options is what the repository holds."""

import re

import jsonschema
import pytest
import yaml

from signl import documentation
from signl.cli.plan import read_configs
from signl.models.networks import NETWORKS

TABLE = {"kind": "table", "table": "mine.csv", "labels": {"fake": "spoof"}, "shares": {"eval": 1.0}}


def test_the_committed_schema_is_that_of_the_options(repository):
    committed = (repository / documentation.SCHEMA).read_text(encoding="utf-8")
    assert committed == documentation.schema_text(), "say make generated"


def test_the_committed_tables_are_those_of_the_options(repository):
    page = (repository / documentation.PAGE).read_text(encoding="utf-8")
    assert page == documentation.page_with_tables(page), "say make generated"


@pytest.mark.parametrize(
    "names",
    [
        ["config.yaml"],
        ["config.labels.yaml"],
        ["config.labels.yaml", "config.labels.vocoder.yaml"],
        ["config.labels.signl.yaml"],
        ["config.paper.yaml"],
        ["config.pretraining.yaml"],
        ["config.strong.yaml"],
        ["config.systems.yaml"],
    ],
    ids=" ".join,
)
def test_the_configurations_of_this_repository_follow_the_schema(repository, names):
    validator = jsonschema.Draft202012Validator(documentation.schema())
    config = read_configs([repository / name for name in names])
    assert not list(validator.iter_errors(config))


def test_each_configuration_of_this_repository_is_tried(repository):
    """The parameters above are all there are."""
    (marks,) = test_the_configurations_of_this_repository_follow_the_schema.pytestmark
    tried = {name for names in marks.args[1] for name in names}
    assert tried == {path.name for path in repository.glob("config*.yaml")}


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config["corpora"]["cfad"].update(seed=1),
        lambda config: config["corpora"].update(wavefake={}),
        lambda config: config["corpora"].update(mine={"kind": "table"}),
        lambda config: config["corpora"].update(mine=TABLE | {"labels": {"fake": "no"}}),
        lambda config: config["corpora"].update(mine=TABLE | {"shares": {"test": 1.0}}),
        lambda config: config["recipes"]["signl-logmel"]["model"].update(nodes=0),
        lambda config: config["recipes"]["signl-logmel"]["model"].update(kind="novel"),
        lambda config: config["recipes"]["signl-logmel"]["model"].update(kind="novel:"),
        lambda config: config.update(typo=1),
    ],
)
def test_an_editor_sees_what_is_wrong(repository, change):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    change(config)
    validator = jsonschema.Draft202012Validator(documentation.schema())
    assert list(validator.iter_errors(config))


def test_a_corpus_of_a_table_follows_the_schema(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    config["corpora"]["mine"] = TABLE
    validator = jsonschema.Draft202012Validator(documentation.schema())
    assert not list(validator.iter_errors(config))
    assert "**A corpus of kind `table`**" in documentation.option_tables()


def test_every_option_of_a_network_stands_in_a_table():
    tables = documentation.option_tables()
    for kind in NETWORKS.names:
        assert f"kind `{kind}`" in tables
        for name in NETWORKS.options_of(kind).model_fields:
            assert name == "kind" or f"| `{name}` |" in tables


def test_the_committed_environment_has_the_pins(repository):
    pins = (repository / documentation.PINS).read_text(encoding="utf-8")
    committed = (repository / documentation.ENVIRONMENT).read_text(encoding="utf-8")
    assert committed == documentation.environment_text(pins), "say make generated"
    packages = yaml.safe_load(committed)["dependencies"][-1]["pip"]
    assert [line.partition("==")[0] for line in packages if line.startswith("snakemake==")]
    assert len(packages) == len(re.findall(r"^[^\s#]+==", pins, flags=re.MULTILINE))


def test_a_line_that_is_no_pin_is_refused():
    with pytest.raises(ValueError, match="'torch>=2' is no pin"):
        documentation.environment_text("# head\nnumpy==2.1.0\ntorch>=2\n")


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="no place for tables"):
        documentation.page_with_tables("# A page")
