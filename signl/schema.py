"""The check of a configuration against its JSON Schema."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from signl.errors import ConfigError


def check_schema(config: Mapping[str, Any], schema: str | Path) -> None:
    """Refuse a configuration that does not follow its schema.

    Raises
    ------
    ConfigError
        Names every offending key with its value and what is allowed.
    """
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = sorted(
        jsonschema.Draft202012Validator(rules).iter_errors(dict(config)),
        key=lambda error: error.json_path,
    )
    if errors:
        lines = [_message(error) for error in errors]
        raise ConfigError("the configuration is refused:\n" + "\n".join(lines))


def _message(error: jsonschema.ValidationError) -> str:
    """Return where an error is, what is there, and what is allowed."""
    where = error.json_path.removeprefix("$.").replace("$", "the configuration")
    rules: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "additionalProperties":
        known = sorted(rules.get("properties", {}))
        return f"  {where}: {error.message}; known keys are {known}"
    hint = rules.get("description", "")
    if rules.get("type") in ("number", "integer") and _is_number(error.instance):
        hint = "YAML takes 1e-5 for text: write 1.0e-5"
    return f"  {where}: {error.message}" + (f"; {hint}" if hint else "")


def _is_number(text: object) -> bool:
    """Tell whether a text would be a number, were it not text."""
    try:
        float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return isinstance(text, str)
