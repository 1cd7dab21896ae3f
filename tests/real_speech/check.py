"""Compare the tables of a run with what its archives hold: python check.py TRUTH.json RESULTS."""

import csv
import json
import sys
from pathlib import Path

#: Corpus and protocol -> the maker's corpus and its splits.
SPLITS = {
    ("asvspoof2021_df", "eval"): ("ASVspoof2021", ["df_eval"]),
    ("asvspoof2021_df", "all"): ("ASVspoof2021", ["df_eval", "df_progress", "df_hidden"]),
    ("asvspoof5", "eval"): ("ASVspoof5", ["eval"]),
    ("cfad", "seen"): ("CFAD", ["test_seen"]),
    ("cfad", "unseen"): ("CFAD", ["test_unseen"]),
    ("cfad", "all"): ("CFAD", ["test_seen", "test_unseen"]),
    ("in_the_wild", "all"): ("InTheWild", ["eval"]),
}
#: Trials of several corpora as one: of this protocol of each.
POOLED = "pooled"
OF_POOLS = {"asvspoof2021_df": "eval", "asvspoof5": "eval", "cfad": "all", "in_the_wild": "all"}


def members_of(corpus, protocol):
    """Return the cells whose trials are those of a row."""
    if protocol == POOLED:
        return [(member, OF_POOLS[member]) for member in corpus.split("+")]
    return [(corpus, protocol)]


def trials_of(cell, label):
    """Return how many trials of a class the archives hold of a cell."""
    corpus, splits = SPLITS[cell]
    return sum(truth[corpus]["splits"][split][label] for split in splits)


truth = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["corpora"]
seen = set()
for name in ("indomain.csv", "crossdomain.csv"):
    with (Path(sys.argv[2]) / name).open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            cell = row["eval_corpus"], row["protocol"]
            for column, label in (("n_bonafide", "bonafide"), ("n_spoof", "spoof")):
                expected = sum(trials_of(each, label) for each in members_of(*cell))
                if int(row[column]) != expected:
                    sys.exit(f"{name}, {cell}: {column} is {row[column]}, the archives {expected}")
            seen.add(cell)
if missing := set(SPLITS) - seen:
    sys.exit(f"no row for {sorted(missing)}")
if all(protocol != POOLED for _, protocol in seen):
    sys.exit(f"no row of protocol {POOLED}")
sys.stdout.write(f"the trials of {len(seen)} protocols are those of the archives\n")
