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

truth = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["corpora"]
seen = set()
for name in ("indomain.csv", "crossdomain.csv"):
    with (Path(sys.argv[2]) / name).open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            cell = row["eval_corpus"], row["protocol"]
            corpus, splits = SPLITS[cell]
            for column, label in (("n_bonafide", "bonafide"), ("n_spoof", "spoof")):
                expected = sum(truth[corpus]["splits"][split][label] for split in splits)
                if int(row[column]) != expected:
                    sys.exit(f"{name}, {cell}: {column} is {row[column]}, the archives {expected}")
            seen.add(cell)
if seen != set(SPLITS):
    sys.exit(f"no row for {sorted(set(SPLITS) - seen)}")
sys.stdout.write(f"the trials of {len(seen)} protocols are those of the archives\n")
