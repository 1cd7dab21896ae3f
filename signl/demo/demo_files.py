"""Which files the embedded corpora consist of; free of heavy imports, for use in rules."""

from pathlib import Path
from typing import Final

from signl.features.speech_model.embedded import DEMO_FRONTEND, FRONTEND_FILES

__all__ = ["DEMO_ARCHIVES", "DEMO_FRONTEND", "demo_files", "frontend_files"]

#: Where the workflow puts the archives that it makes itself.
DEMO_ARCHIVES: Final = "results/demo/archives"

ASVSPOOF2021: Final = "ASVspoof2021"
ASVSPOOF5: Final = "ASVspoof5"
CFAD: Final = "CFAD"
IN_THE_WILD: Final = "InTheWild"

LA_ZIP: Final = "LA.zip"
DF_PARTS: Final = tuple(f"ASVspoof2021_DF_eval_part{part:02d}.tar.gz" for part in range(4))
DF_KEYS: Final = "DF-keys-full.tar.gz"
TRAIN_TARS: Final = tuple(f"flac_T_a{part}.tar" for part in "ab")
DEV_TARS: Final = ("flac_D_aa.tar",)
EVAL_TARS: Final = tuple(f"flac_E_a{part}.tar" for part in "ab")
ASVSPOOF5_PROTOCOLS: Final = "ASVspoof5_protocols.tar.gz"
CFAD_PIECES: Final = ("CFAD.z01", "CFAD.z02", "CFAD.z03", "CFAD.zip")
WILD_ZIP: Final = "release_in_the_wild.zip"

#: Folder of each corpus below the archives' folder, and the published files in it.
FILES: Final = {
    ASVSPOOF2021: (LA_ZIP, *DF_PARTS, DF_KEYS),
    ASVSPOOF5: (*TRAIN_TARS, *DEV_TARS, *EVAL_TARS, ASVSPOOF5_PROTOCOLS),
    CFAD: CFAD_PIECES,
    IN_THE_WILD: (WILD_ZIP,),
}


def demo_files(output_folder: str | Path) -> list[str]:
    """Return the paths of all archives that ``make_archives`` writes into ``output_folder``."""
    folder = Path(output_folder)
    return [str(folder / corpus / name) for corpus, names in FILES.items() for name in names]


def frontend_files(folder: str | Path) -> list[str]:
    """Return the paths of all files that ``make_wav2vec2`` writes into ``folder``."""
    return [str(Path(folder) / name) for name in FRONTEND_FILES]
