"""Checks of YAML files that its readers do not make: that no key is given twice."""

from pathlib import Path
from typing import Final

import yaml

from signl.errors import ConfigError

_MERGE: Final = "tag:yaml.org,2002:merge"


def check_keys(path: str | Path) -> None:
    """Refuse a file in which a mapping has a key twice: readers keep the last without a word.

    Merge keys (``<<``) stay allowed, and so is it to give a key anew that was merged in.

    Parameters
    ----------
    path : path
        A file in YAML, which JSON is too.

    Raises
    ------
    ConfigError
        If it cannot be read, or is no YAML; or names the key, the file and both lines.
    """
    path = Path(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read as a configuration: {error}") from error
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        # An alias is the node that it stands for, which may hold itself.
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _check_mapping(node, path)
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _check_mapping(node: yaml.MappingNode, path: Path) -> None:
    """Refuse a mapping with a key that comes twice."""
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        # By their tags, for 1 and "1" are two keys.
        name, line = (key.tag, key.value), key.start_mark.line + 1
        if name in lines:
            raise ConfigError(
                f"{path} has the key {key.value!r} twice, in line {lines[name]} and in line "
                f"{line}, of which only the last would count: take one out"
            )
        lines[name] = line
