"""Trials of a protocol and their scores."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from signl.errors import ScoreError
from signl.evaluation.excluded_attacks import split_without
from signl.evaluation.scores import match_scores


def match_protocol(trials: pa.Table, scores: pa.Table, *, protocol: str) -> pa.Table:
    """Join the trials of one protocol to their scores.

    Parameters
    ----------
    trials : Table
        Evaluation trials of a corpus, with the columns ``utterance_id`` and ``protocols``.
    scores : Table
        Score table of the corpus.
    protocol : str
        Name of the set of trials; also without some attacks
        (:func:`signl.evaluation.excluded_attacks.named_without`).

    Returns
    -------
    Table
        The trials of the protocol, in their order, with the column ``score``.

    Raises
    ------
    ScoreError
        As :func:`signl.evaluation.scores.match_scores`; and if no trial is in the protocol.
    """
    name, attacks = split_without(protocol)
    is_member = pc.and_(_in_protocol(trials, name), _kept_trials(trials, attacks))
    members = trials.filter(is_member)
    if not len(members):
        known = pc.unique(pc.list_flatten(trials["protocols"])).to_pylist()
        raise ScoreError(f"no trial is in the protocol {protocol!r}; there are {sorted(known)}")
    others = trials["utterance_id"].filter(pc.invert(is_member))
    is_outside = pc.is_in(scores["utterance_id"], value_set=others)
    return match_scores(members, scores.filter(pc.invert(is_outside)))


def check_attacks(trials: pa.Table, attacks: Sequence[str], key: str) -> None:
    """Refuse attacks that no trial of a corpus is of.

    Parameters
    ----------
    trials : Table
        Evaluation trials of the corpus, with the column ``attack``.
    attacks : sequence of str
        Names of attacks.
    key : str
        Where they are named, for the message.

    Raises
    ------
    ScoreError
        Names those that are unknown, and all that are known.
    """
    known = set(pc.unique(trials["attack"]).to_pylist()) - {None}
    if unknown := sorted(set(attacks) - known):
        raise ScoreError(f"{key} has {unknown}, which no trial is of; allowed are {sorted(known)}")


def _kept_trials(trials: pa.Table, attacks: Sequence[str]) -> pa.Array:
    """Return a mask of the trials that are of none of some attacks.

    Raises
    ------
    ScoreError
        If no trial of the corpus is of one of these attacks.
    """
    if not attacks:
        return pa.array([True] * len(trials))
    check_attacks(trials, attacks, "without_attacks")
    return pc.invert(pc.is_in(trials["attack"], value_set=pa.array(attacks, pa.string())))


def _in_protocol(trials: pa.Table, protocol: str) -> pa.Array:
    """Return a mask of the trials whose list of protocols has this one."""
    protocols = trials["protocols"].combine_chunks()
    named = pc.equal(pc.list_flatten(protocols), protocol)
    mask = np.zeros(len(trials), dtype=bool)
    mask[pc.list_parent_indices(protocols).filter(named).to_numpy()] = True
    return pa.array(mask)
