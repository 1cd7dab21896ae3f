"""One integer for each stage: raised when a change of the library changes what the stage gives.

Snakemake does not see edits of this package. Each rule therefore takes the revision of its
stage as a parameter: raising a number here re-runs that stage and everything below it, and
nothing else. The golden tests (``tests/golden``) fail when the outputs of a stage move and
its number does not.
"""

DEMO = 1
MANIFEST = 2
AUDIO = 2
TRIALS = 2
FEATURES = 2
INSPECTIONS = 1
USABLE = 2
LABELS = 2
PRETRAINING = 2
FINETUNING = 3
IMPORTS = 1
SCORES = 2
METRICS = 5
COLLECTIONS = 1
TABLES = 2
