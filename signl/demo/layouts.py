"""Build all embedded corpora as archives in the published layouts."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from signl import stages
from signl.artefacts import MadeBy, write_document
from signl.demo import demo_files as files
from signl.demo.embedded_asvspoof5 import write_asvspoof5
from signl.demo.embedded_asvspoof2021 import write_asvspoof2021
from signl.demo.embedded_cfad import write_cfad
from signl.demo.embedded_in_the_wild import write_in_the_wild
from signl.demo.options import DemoOptions
from signl.typed import build

logger = logging.getLogger(__name__)

WRITERS: Final[Mapping[str, Callable[[Path, DemoOptions], None]]] = {
    files.ASVSPOOF2021: write_asvspoof2021,
    files.ASVSPOOF5: write_asvspoof5,
    files.CFAD: write_cfad,
    files.IN_THE_WILD: write_in_the_wild,
}


def make_archives(
    output_folder: Path, *, options: Mapping[str, Any], record: str | Path | None = None
) -> list[Path]:
    """Write the four corpora below a folder, as ``signl.demo.demo_files.demo_files`` lists them.

    Parameters
    ----------
    output_folder : Path
        Where the folders of the corpora go.
    options : Mapping
        Fields of ``DemoOptions``; the same options give the same bytes.
    record : path, optional
        A document that says with which options they were made.

    Returns
    -------
    list of Path
        The archives.

    Raises
    ------
    ConfigError
        If an option is unknown or out of range.
    """
    demo_options = build(DemoOptions, options, "demo")
    for corpus, write in WRITERS.items():
        start = time.perf_counter()
        write(output_folder / corpus, demo_options)
        paths = [output_folder / corpus / name for name in files.FILES[corpus]]
        logger.info(
            "wrote %s: %d archives, %.1f MB, %.1f s",
            corpus,
            len(paths),
            sum(path.stat().st_size for path in paths) / 1e6,
            time.perf_counter() - start,
        )
    if record is not None:
        stage = stages.DEMO_ARCHIVES
        made_by = MadeBy(stage=stage.rule, revision=stage.revision, options=demo_options.dump())
        write_document(record, {}, made_by)
    return [Path(path) for path in files.demo_files(output_folder)]
