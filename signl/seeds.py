"""Numbers that follow from names: derived seeds and shard membership.

All randomness of this package comes from one root seed, from which each use derives its own
by name. A draw therefore does not depend on the order of other draws, on the number of
workers, or on whether a run was interrupted.
"""

import hashlib


def stable_hash(*parts: object) -> int:
    """Return a 63-bit integer that follows from ``parts`` alone, on any machine."""
    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def derive_seed(seed: int, *purpose: object) -> int:
    """Return the seed of one named use of randomness.

    Parameters
    ----------
    seed : int
        The root seed, as in the configuration.
    *purpose : object
        What the randomness is for, for example ``"crop", epoch, utterance_id``.
    """
    return stable_hash("seed", seed, *purpose)


def shard_index(key: str, n_shards: int) -> int:
    """Return the shard, in ``0..n_shards - 1``, to which ``key`` belongs."""
    return stable_hash("shard", key) % n_shards


def shard_name(index: int, n_shards: int) -> str:
    """Return the name of a shard, for example ``0003-of-0032``."""
    return f"{index:04d}-of-{n_shards:04d}"


def shard_names(n_shards: int) -> list[str]:
    """Return the names of all shards of a set of ``n_shards``."""
    return [shard_name(index, n_shards) for index in range(n_shards)]
