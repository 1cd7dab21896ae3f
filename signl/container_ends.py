"""Where files end that say so, of the less common containers: ASF, VOC, Matroska.

Each function walks over the outermost parts of a file, by the sizes that stand before them. Where
a size is left open, as in what is written while it is sent, the walk ends there.
"""

from typing import Final

#: Walks end after so many parts.
MAX_PARTS: Final = 100_000
_LEAST_ASF: Final = 24


def end_of_asf(encoded: bytes) -> int:
    """Return where an ASF, as of WMA, should end: objects of a name of 16 bytes and a size of 8."""
    at = 0
    for _ in range(MAX_PARTS):
        size = int.from_bytes(encoded[at + 16 : at + 24], "little")
        if size < _LEAST_ASF:
            break
        at += size
    return at


def end_of_voc(encoded: bytes) -> int:
    """Return where a VOC should end: blocks of a type, of which 0 is the last, and a size of 3."""
    at = int.from_bytes(encoded[20:22], "little")
    for _ in range(MAX_PARTS):
        if not encoded[at : at + 1].strip(b"\0"):
            break
        at += 4 + int.from_bytes(encoded[at + 1 : at + 4], "little")
    return at


def end_of_matroska(encoded: bytes) -> int:
    """Return where a Matroska or WebM should end: elements of a name of 4 bytes and a size.

    The zeros before the first one of a size are as many as bytes follow; all ones leave it open.
    """
    at = 0
    for _ in range(MAX_PARTS):
        head = encoded[at + 4 : at + 12]
        if not head or not head[0]:
            break
        width = 9 - head[0].bit_length()
        is_open = (1 << 7 * width) - 1
        size = int.from_bytes(head[:width], "big") & is_open
        if size == is_open:
            break
        at += 4 + width + size
    return at
