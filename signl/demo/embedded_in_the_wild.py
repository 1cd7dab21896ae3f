"""In-the-Wild as published: one zip of 32-bit float WAVs and ``meta.csv``."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from signl.demo import demo_files as files
from signl.demo.attacks import ATTACKS
from signl.demo.channels import Domain
from signl.demo.containers import write_zip
from signl.demo.embedded_asvspoof2021 import EVAL_ATTACKS
from signl.demo.encoding import float_wav_bytes
from signl.demo.options import DemoOptions
from signl.demo.studio import NOTICE, Studio, Trial
from signl.labels import BONAFIDE, SPOOF

DOMAIN: Final = Domain(tilt_db=(-8.0, 4.0), noise_db=(32.0, 55.0))
#: Persons who do not exist; names have spaces, as those of the corpus have.
SPEAKERS: Final = (
    *("Ada Vale", "Dr. Brian Moss", "Clara P. Reed", "Dunstan Hill", "Edith Marsh"),
    *("Felix St. Lake", "Greta Brook", "Hugo Field", "Ines Ford", "Jonas Heath"),
)
LABELS: Final = {BONAFIDE: "bona-fide", SPOOF: "spoof"}


def write_in_the_wild(folder: Path, options: DemoOptions) -> None:
    """Write the zip: an evaluation set without names of attacks."""
    studio = Studio(seed=options.seed, corpus="in_the_wild", domain=DOMAIN)
    trials = studio.split(
        "eval",
        options.wild.scaled(options.scale),
        speakers=SPEAKERS,
        attacks={name: name for name in ATTACKS if name in EVAL_ATTACKS.values()},
    )
    trials = studio.shuffled(trials, "order")
    members = {
        f"release_in_the_wild/{index}.wav": float_wav_bytes(trial.waveform)
        for index, trial in enumerate(trials)
    }
    members["release_in_the_wild/meta.csv"] = _metadata(trials)
    members["release_in_the_wild/attribution.txt"] = NOTICE
    write_zip(folder / files.WILD_ZIP, members)


def _metadata(trials: Sequence[Trial]) -> bytes:
    """Return the table of speakers and labels."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", "speaker", "label"])
    for index, trial in enumerate(trials):
        writer.writerow([f"{index}.wav", trial.speaker.name, LABELS[trial.label]])
    return table.getvalue().encode()
