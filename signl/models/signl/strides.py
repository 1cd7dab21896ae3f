"""Strides of the stem along one axis."""


def axis_strides(size: int, nodes: int) -> tuple[int, int, int]:
    """Return the strides of the stem's convolutions 2, 4 and 5 along one axis.

    They are the ascending factors of ``ceil(size / nodes)`` with the smallest sum, that is, as
    even as they can be; of equal sums, the one with the smallest largest factor. An axis of
    ``nodes * ceil(size / nodes)`` elements is thereby reduced to ``nodes`` exactly.

    Parameters
    ----------
    size : int
        Elements of the axis: front-end channels, or frames.
    nodes : int
        Graph nodes that the axis is reduced to.

    Raises
    ------
    ValueError
        If either is not positive.

    Notes
    -----
    For 1024 channels and 224 frames these are the published strides (arXiv 2501.04942) for
    4, 8, 16 and 32 nodes.
    """
    if size < 1 or nodes < 1:
        raise ValueError(f"size and nodes must be positive, got size {size} and nodes {nodes}")
    step = -(-size // nodes)
    triples = [
        (small, middle, step // (small * middle))
        for small in _divisors(step)
        for middle in _divisors(step // small)
        if small <= middle <= step // (small * middle)
    ]
    return min(triples, key=lambda triple: (sum(triple), triple[-1]))


def _divisors(number: int) -> list[int]:
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]
