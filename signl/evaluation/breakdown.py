"""EER of parts of a protocol: by attack, by family of attacks and by codec."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from signl.evaluation.bootstrap import Interval, Resampling, eer_interval
from signl.metrics import FloatArray, Scores, equal_error_rate

BoolArray = npt.NDArray[np.bool_]


class PartError(NamedTuple):
    """EER of a part as a fraction, and its trials; no EER of one class, or of equal scores.

    The interval is there where it was asked for and there is an EER.
    """

    eer: float | None
    n_bonafide: int
    n_spoof: int
    eer_interval: Interval | None = None


def eer_by_attack(
    scores: FloatArray,
    is_bonafide: BoolArray,
    attacks: pa.Array | pa.ChunkedArray,
    *,
    resampling: Resampling | None = None,
) -> dict[str, PartError]:
    """Compute the EER of each attack's spoofs against all bona fide trials.

    Parameters
    ----------
    scores : ndarray of shape (trial,)
        Countermeasure scores, finite.
    is_bonafide : ndarray of shape (trial,)
        Whether a trial is bona fide.
    attacks : Arrow strings of length trial
        Attack of every spoof; null where it is not known, and for bona fide.
    resampling : Resampling, optional
        How the intervals are drawn, of each part by itself; without it there are none.

    Returns
    -------
    dict
        By attack, in alphabetical order; empty where no attack is known.
    """
    return {
        attack: _part_error(
            Scores(scores[is_bonafide], scores[of_attack & ~is_bonafide]),
            resampling and resampling.of("attack", attack),
        )
        for attack, of_attack in _parts(attacks)
    }


def eer_by_family(
    scores: FloatArray,
    is_bonafide: BoolArray,
    attacks: pa.Array | pa.ChunkedArray,
    families: Mapping[str, Sequence[str]],
    *,
    resampling: Resampling | None = None,
) -> dict[str, PartError]:
    """Compute the EER of the spoofs of each family of attacks against all bona fide trials.

    Parameters
    ----------
    scores, is_bonafide, attacks, resampling
        As in :func:`eer_by_attack`.
    families : Mapping
        Family -> its attacks. An attack may be of several families, or of none.

    Returns
    -------
    dict
        By family, in the order given; without those that no trial is of.
    """
    members = {
        family: pc.fill_null(pc.is_in(attacks, value_set=pa.array(names, pa.string())), False)
        for family, names in families.items()
    }
    masks = {
        family: np.asarray(mask, dtype=bool) & ~is_bonafide for family, mask in members.items()
    }
    return {
        family: _part_error(
            Scores(scores[is_bonafide], scores[of_family]),
            resampling and resampling.of("family", family),
        )
        for family, of_family in masks.items()
        if of_family.any()
    }


def eer_by_codec(
    scores: FloatArray,
    is_bonafide: BoolArray,
    codecs: pa.Array | pa.ChunkedArray,
    *,
    resampling: Resampling | None = None,
) -> dict[str, PartError]:
    """Compute the EER among the trials of each codec, bona fide and spoof.

    The arguments and the result are as in :func:`eer_by_attack`; a codec is null where it is
    not known.
    """
    return {
        codec: _part_error(
            Scores(scores[of_codec & is_bonafide], scores[of_codec & ~is_bonafide]),
            resampling and resampling.of("codec", codec),
        )
        for codec, of_codec in _parts(codecs)
    }


def _parts(names: pa.Array | pa.ChunkedArray) -> Iterator[tuple[str, BoolArray]]:
    """Yield every name but null, sorted, with the mask of its trials."""
    if pa.types.is_null(names.type):
        return
    column = names.dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries().combine_chunks()
    codes = column.indices.fill_null(-1).to_numpy()
    by_name = {name: code for code, name in enumerate(column.dictionary.to_pylist())}
    for name in sorted(by_name):
        yield name, codes == by_name[name]


def _part_error(part: Scores, resampling: Resampling | None) -> PartError:
    """Compute the EER of a part, if it has one, and its interval, if it is asked for."""
    sizes = part.bonafide.size, part.spoof.size
    if not all(sizes) or part.are_equal:
        return PartError(None, *sizes)
    interval = eer_interval(*part, **resampling._asdict()) if resampling else None
    return PartError(equal_error_rate(*part).rate, *sizes, interval)
