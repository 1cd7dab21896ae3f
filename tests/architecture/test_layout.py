"""What the repository's layout promises: thin scripts, one name for one stage, one-way imports."""

import ast
import re
import tomllib
from pathlib import Path

import grimp
import pytest

from signl import stages

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((REPOSITORY / "workflow_scripts").glob("*.py"))
MAX_SCRIPT_LINES = 40
MAX_LINES = 350
MAX_FUNCTION_LINES = 40
#: What a script may import besides the library; sys for standard output.
ADAPTERS_IMPORT = {"typing", "pathlib", "sys", "snakemake.iocontainers"}
GUARDS = ["TYPE_CHECKING", "__name__ == '__main__'"]
TRAINING_RULES = ("sample_labels", "pretrain_encoder", "train_classifier")


def read_rules():
    """Name of each rule -> its text; a generated rule has the name of its stage."""
    rules = {}
    for path in [REPOSITORY / "Snakefile", *sorted((REPOSITORY / "rules").glob("*.smk"))]:
        blocks = re.split(r"^( *)rule(?: (\w+))?:\n", path.read_text(), flags=re.MULTILINE)
        for _, name, body in zip(blocks[1::3], blocks[2::3], blocks[3::3], strict=True):
            text = re.split(r"^(?=\S)(?!#)", body, maxsplit=1, flags=re.MULTILINE)[0]
            generated = re.search(r'name:\s+f?"(\w+?)_\{name\}"', text)
            rules[name or generated[1]] = text
    return rules


RULES = read_rules()
STAGES = {name: text for name, text in RULES.items() if "script:" in text}


def directive(text, name):
    """Text of a directive of a rule; empty if it has none."""
    found = re.search(rf"^( +){name}:(.*?)(?=^\1\w+:|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return found[2] if found else ""


def test_there_are_rules_and_scripts():
    assert len(SCRIPTS) == len(STAGES) >= 12
    assert set(TRAINING_RULES) <= STAGES.keys()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_adapts_and_does_not_decide(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_SCRIPT_LINES
    nodes = list(ast.walk(ast.parse(text)))
    guards = [ast.unparse(node.test) for node in nodes if isinstance(node, ast.If)]
    assert guards == GUARDS
    thinking = (
        ast.BinOp,
        ast.BoolOp,
        ast.IfExp,
        ast.For,
        ast.While,
        ast.Try,
        ast.Lambda,
        ast.FunctionDef,
        ast.ListComp,
        ast.DictComp,
        ast.GeneratorExp,
    )
    assert not [ast.unparse(node) for node in nodes if isinstance(node, thinking)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_imports_the_library_alone(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    others = {module for module in modules if not module.startswith("signl.")}
    assert others <= ADAPTERS_IMPORT


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_logs_first_and_says_where_the_work_is(path):
    tree = ast.parse(path.read_text())
    docstring = ast.get_docstring(tree)
    stated = re.fullmatch(r"Rule (\w+); the work is in ([\w.]+)\.", docstring)
    assert stated, docstring
    assert stated[1] == path.stem
    assert f"from {stated[2]} import" in path.read_text()
    first = tree.body[-1].body[0]
    assert ast.unparse(first) == "log_to(snakemake.log[0])"


def stage_of(text):
    """The name in signl.stages of the stage that a rule makes; empty if it makes none."""
    found = re.search(r"stages\.(\w+)\.tag", directive(text, "params"))
    return found[1] if found else ""


def rule_of(name):
    """The rule of a stage that a rule of sweeps makes many jobs of, in one."""
    return name.removesuffix("_sweep")


@pytest.mark.parametrize("name", STAGES)
def test_a_rule_has_the_name_of_its_script_and_of_its_stage(name):
    text = STAGES[name]
    assert f'"../workflow_scripts/{name}.py"' in directive(text, "script")
    # Rules without output, which tell of the archives, are no stages.
    if directive(text, "output"):
        assert getattr(stages, stage_of(text)).rule == rule_of(name)
    else:
        assert f'"results/logs/{name}.log"' in directive(text, "log")


@pytest.mark.parametrize("name", STAGES)
def test_every_rule_of_work_has_a_log_an_environment_and_its_revision(name):
    text = STAGES[name]
    assert directive(text, "log").strip()
    assert directive(text, "conda").strip() == '"../envs/signl.yaml"'
    if directive(text, "output"):
        for part in ("log", "benchmark"):
            stage = f"stages.{stage_of(text)}" + (".of_sweep" if rule_of(name) != name else "")
            # The rules of packing, one an archive, have the archive's name in theirs.
            ends = (f"{stage}.{part}", f'"results/{part}s/{name}/{{name}}.')
            assert any(end in directive(text, part) for end in ends)
        assert directive(text, "threads").strip()
        assert re.search(r"mem_mb=lambda wildcards, attempt:", directive(text, "resources"))
        assert "runtime" in directive(text, "resources")


@pytest.mark.parametrize("stage", stages.STAGES, ids=lambda stage: stage.rule)
def test_logs_and_benchmarks_have_the_wildcards_of_their_outputs(stage):
    wildcards = [set(re.findall(r"\{(\w+)\}", text)) for text in (stage.log, stage.benchmark)]
    of_outputs = [set(re.findall(r"\{(\w+)\}", path)) for path in stage.outputs.values()]
    if stage is not stages.AUDIO:  # a rule of packing writes all shards of an archive in one job
        # One job draws all figures of a kind.
        own = [each - {"figure"} for each in of_outputs]
        assert all(each == wildcards[0] == wildcards[1] for each in own)


def test_every_stage_has_its_rule_and_every_rule_of_work_its_stage():
    made = {rule_of(name) for name, text in STAGES.items() if directive(text, "output")}
    assert {stage.rule for stage in stages.STAGES} == made


def test_no_two_modules_have_the_same_file_name():
    names = [path.name for path in (REPOSITORY / "signl").rglob("*.py")]
    twice = {name for name in names if names.count(name) > 1}
    assert twice <= {"__init__.py", "options.py"}


def test_files_and_functions_are_short():
    for path in sorted((REPOSITORY / "signl").rglob("*.py")):
        text = path.read_text()
        assert len(text.splitlines()) <= MAX_LINES, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[ast.get_docstring(node) is not None :]
                code = node.end_lineno - first[0].lineno + 1 if first else 0
                assert code <= MAX_FUNCTION_LINES, f"{path}: {node.name}"


@pytest.mark.parametrize("name", TRAINING_RULES)
def test_no_training_rule_has_an_eval_partition_among_its_inputs(name):
    inputs = directive(STAGES[name], "input")
    assert inputs.strip()
    assert "eval" not in inputs
    functions = set(re.findall(r"=(\w+)\b", inputs))
    rules = [(REPOSITORY / "rules" / name).read_text() for name in ("common.smk", "models.smk")]
    for function in functions:
        defined = re.search(
            rf"^def {function}\(.*?(?=^\S|\Z)", "\n".join(rules), re.MULTILINE | re.DOTALL
        )
        assert defined, function
        assert "eval" not in defined[0].lower(), function
        # Shards are asked for by partition, and all of those asked for here are named.
        for partitions in re.findall(r"for partition in (\(.*?\))", defined[0]):
            assert set(ast.literal_eval(partitions)) <= {"train", "dev"}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("signl", cache_dir=None)


def layers():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    (contract,) = project["tool"]["importlinter"]["contracts"]
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def test_imports_point_one_way(graph):
    illegal = graph.find_illegal_dependencies_for_layers(
        [grimp.Layer(*names, independent=False) for names in layers()]
    )
    assert not [(found.importer, found.imported) for found in illegal]


def test_every_module_has_its_place_among_the_layers(graph):
    placed = {name for names in layers() for name in names}
    assert graph.find_children("signl") == placed


def test_the_library_knows_nothing_of_the_workflow():
    for path in sorted((REPOSITORY / "signl").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None), *(alias.name for alias in node.names)]
                assert not any(str(name).split(".")[0] == "snakemake" for name in names), path


def test_no_package_of_tests_shadows_another():
    assert not list((REPOSITORY / "tests").rglob("__init__.py"))


def mirrored():
    """The test of each module that the tests of its package mirror."""
    library = REPOSITORY / "signl"
    for path in sorted(library.rglob("*.py")):
        if path.name != "__init__.py":
            inner = path.relative_to(library)
            yield inner, REPOSITORY / "tests/unit" / inner.parent / f"test_{inner.name}"


@pytest.mark.parametrize("package", [".", "features"])
def test_modules_have_tests_of_their_name(package):
    missing = [
        str(inner)
        for inner, test in mirrored()
        if str(inner.parent) == package and not test.is_file()
    ]
    assert not missing
