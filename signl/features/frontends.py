"""The front-ends that there are."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from signl.errors import ConfigError
from signl.features.frontend import FrontendOptions
from signl.kinds import Kinds
from signl.typed import Options, build

#: Those that can be a part of another one.
PARTS: Final[Kinds[FrontendOptions]] = Kinds(
    "front-end",
    {
        "lfcc": "signl.features.lfcc.options:LfccOptions",
        "logmel": "signl.features.logmel.options:LogMelOptions",
        "mfcc": "signl.features.mfcc.options:MfccOptions",
        "w2v_bert": "signl.features.w2v_bert.options:W2vBertOptions",
        "wav2vec2": "signl.features.speech_model.options:SpeechModelOptions",
        "whisper": "signl.features.whisper.options:WhisperOptions",
    },
)
FRONTENDS: Final[Kinds[FrontendOptions]] = Kinds(
    "front-end", {**PARTS.entries, "joined": "signl.features.joined.options:JoinedOptions"}
)


class _Holder(Options):
    frontend: Annotated[FrontendOptions, FRONTENDS]


def frontend_options(values: Mapping[str, Any] | FrontendOptions) -> FrontendOptions:
    """Build the options of a front-end from plain values, which name its kind.

    Raises
    ------
    ConfigError
        Names each key that is refused, its value, and what is allowed.
    """
    return build(_Holder, {"frontend": values}, "").frontend


def with_parts(values: object) -> object:
    """Put the options of named front-ends in place of their names in ``parts`` of others.

    A part is a name, or a mapping with the name under ``of`` and what is otherwise beside it.

    Parameters
    ----------
    values : object
        ``frontends`` of a configuration, as YAML gives it. What is of another form is returned as
        it is, to be refused where options are built.

    Raises
    ------
    ValueError
        If a part is no name of another front-end, or of one that has parts itself.
    """
    if not isinstance(values, Mapping):
        return values
    # One of no known kind is refused where it stands.
    named = {
        str(name): each
        for name, each in values.items()
        if isinstance(each, Mapping) and "parts" not in each
    }
    return {name: _with_parts(str(name), each, named) for name, each in values.items()}


def _with_parts(name: str, options: object, named: Mapping[Any, Mapping[str, Any]]) -> object:
    parts = options.get("parts") if isinstance(options, Mapping) else None
    if not isinstance(options, Mapping) or not isinstance(parts, list):
        return options
    found = []
    for part in parts:
        of, changes = part, {}
        if isinstance(part, Mapping) and "of" in part:
            changes = {**part}
            of = changes.pop("of")
        if isinstance(of, str):
            if of not in named:
                raise ValueError(f"{name}.parts has {of!r}; allowed are {sorted(named)}")
            part = {**named[of], **changes}
        found.append(part)
    return {**options, "parts": found}


def say_the_same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Tell whether two headers' options of a front-end are of the same frames.

    One that was written before an option came to be is without it, and meant its default.
    """
    if one == other or not one or not other:
        return one == other
    try:
        return frontend_options(one) == frontend_options(other)
    except ConfigError:
        return False
