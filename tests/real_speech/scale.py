"""Write a smaller version of a real-speech mixture: python scale.py MIXTURE.yaml FACTOR."""

import sys
from pathlib import Path

import yaml

mixture = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
factor = float(sys.argv[2])
for corpus in mixture["corpora"].values():
    for split in corpus["splits"].values():
        split["bonafide"] = max(4, round(factor * split["bonafide"]))
        # Each attack at least once.
        split["spoof"] = max(len(split["attacks"]), round(factor * split["spoof"]))
    corpus["full_families"] = min(1, corpus.get("full_families", 0))
    corpus["equal_basenames"] = min(2, corpus.get("equal_basenames", 0))
sys.stdout.write(yaml.safe_dump(mixture))
