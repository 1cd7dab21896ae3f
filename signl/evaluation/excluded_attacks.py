"""Names of protocols without some attacks."""

from collections.abc import Sequence
from typing import Final

_WITHOUT: Final = " without "
_AND: Final = ", "


def named_without(protocol: str, attacks: Sequence[str]) -> str:
    """Return the name of a protocol without some attacks."""
    return f"{protocol}{_WITHOUT}{_AND.join(attacks)}"


def split_without(name: str) -> tuple[str, list[str]]:
    """Return the protocol and the attacks, which may be none, that a name tells of."""
    protocol, _, attacks = name.partition(_WITHOUT)
    return protocol, attacks.split(_AND) if attacks else []


def protocols_with(names: tuple[str, ...], attacks: Sequence[str]) -> tuple[str, ...]:
    """Return names of protocols and, where attacks are to be left out, those without them too."""
    return (*names, *(named_without(each, attacks) for each in names)) if attacks else names
