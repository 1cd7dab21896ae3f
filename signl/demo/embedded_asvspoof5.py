"""ASVspoof 5, track 1, as published: 18 tars of audio and one of protocols.

Layout: README.txt of the release. The protocols have ten fields, separated by spaces, and no
header, although they end in ``.tsv``.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from signl.demo import demo_files as files
from signl.demo.channels import ASVSPOOF5_CODECS, Domain
from signl.demo.containers import text_table, write_tar
from signl.demo.options import Counts, DemoOptions
from signl.demo.studio import NO_ATTACK, Studio, Trial, divide, flac_members
from signl.labels import BONAFIDE, DEV, EVAL, SPOOF, TRAIN

DOMAIN: Final = Domain(tilt_db=(-2.0, 4.0), noise_db=(40.0, 60.0))
TRAIN_METHODS: Final = (
    *("griffin_lim", "mel_inversion", "lpc_pulse", "cepstral"),
    *("noise_bands", "random_phase", "coarse_spectrum", "harmonic"),
)
DEV_METHODS: Final = (
    *("griffin_lim_short", "mel_inversion_coarse", "lpc_noise", "cepstral_coarse"),
    *("noise_bands_coarse", "random_phase_partial", "hold_frames", "harmonic_coarse"),
)
EVAL_METHODS: Final = (
    *("griffin_lim_long", "lpc_pulse_coarse", "zero_phase", "pitch_up", "pitch_down", "splice"),
    *("mel_inversion_coarse", "hold_frames"),
)
#: Attack labels by split: A01..A08, A09..A16, A17..A32.
ATTACKS: Final = {
    TRAIN: {f"A{1 + i:02d}": TRAIN_METHODS[i] for i in range(8)},
    DEV: {f"A{9 + i:02d}": DEV_METHODS[i] for i in range(8)},
    EVAL: {f"A{17 + i:02d}": EVAL_METHODS[i % 8] for i in range(16)},
}
TARS: Final = {TRAIN: files.TRAIN_TARS, DEV: files.DEV_TARS, EVAL: files.EVAL_TARS}
#: Folder inside the tars; that of eval is not named as its tars are.
FOLDERS: Final = {TRAIN: "flac_T", DEV: "flac_D", EVAL: "flac_E_eval"}
#: Distance of the identifiers of successive trials; those of eval are irregular.
STEPS: Final = {TRAIN: (0, 11), DEV: (1, 21)}
N_SPEAKERS: Final = 12


class Coded(NamedTuple):
    """A trial and where it comes from."""

    trial: Trial
    codec: str = "-"
    quality: str = "-"
    original: int | None = None  # index of the uncoded trial among those of the split


def write_asvspoof5(folder: Path, options: DemoOptions) -> None:
    """Write all audio tars and the protocols."""
    studio = Studio(seed=options.seed, corpus="asvspoof5", domain=DOMAIN)
    counts = {TRAIN: options.train, DEV: options.dev, EVAL: options.eval}
    protocols: dict[str, bytes] = {}
    for split, count in counts.items():
        protocols |= _write_split(folder, studio, split, count.scaled(options.scale), options)
    write_tar(folder / files.ASVSPOOF5_PROTOCOLS, protocols)


def _write_split(
    folder: Path, studio: Studio, split: str, counts: Counts, options: DemoOptions
) -> dict[str, bytes]:
    """Write a split's audio and return its protocols."""
    letter = split[0].upper()
    speakers = studio.identifiers(f"{letter}_%04d", N_SPEAKERS, 0, 6000)
    if split == EVAL:
        coded = _coded_split(studio, counts, speakers)
    else:
        trials = studio.split(split, counts, speakers=speakers, attacks=ATTACKS[split])
        coded = [Coded(trial) for trial in studio.shuffled(trials, split, "order")]
    names = _names(studio, split, len(coded))
    enrolment = {
        f"{letter}_A{1 + 3 * index:010d}": studio.bonafide(
            speakers[index % N_SPEAKERS], split, "enrolment", index
        )
        for index in range(0 if split == TRAIN else options.unlisted)
    }
    named = {name: row.trial for name, row in zip(names, coded, strict=True)}
    audio = flac_members(FOLDERS[split], dict(sorted((named | enrolment).items())))
    for tar, part in zip(TARS[split], divide(audio, len(TARS[split])), strict=True):
        write_tar(folder / tar, part, folders=(f"{FOLDERS[split]}/",))
    track_1 = "ASVspoof5.train.tsv" if split == TRAIN else f"ASVspoof5.{split}.track_1.tsv"
    protocols = {track_1: text_table(_rows(names, coded))}
    return protocols if split == TRAIN else protocols | _track_2(split, named, enrolment)


def _coded_split(studio: Studio, counts: Counts, speakers: Sequence[str]) -> list[Coded]:
    """Record the eval split: families of an uncoded trial and its coded copies."""
    sizes = {label: family_sizes(getattr(counts, label)) for label in (BONAFIDE, SPOOF)}
    originals = Counts(bonafide=len(sizes[BONAFIDE]), spoof=len(sizes[SPOOF]))
    trials = studio.split(EVAL, originals, speakers=speakers, attacks=ATTACKS[EVAL])
    codecs, generator = list(ASVSPOOF5_CODECS), studio.generator("codecs")
    rows = [Coded(trial, quality="0") for trial in trials]
    for index, size in enumerate([*sizes[BONAFIDE], *sizes[SPOOF]]):
        first = 0 if size > len(codecs) else index
        for copy in range(size - 1):
            codec = codecs[(first + copy) % len(codecs)]
            quality = int(generator.integers(1, 9 if codec == "C11" else 6))
            waveform = ASVSPOOF5_CODECS[codec](trials[index].waveform)
            coded = trials[index]._replace(waveform=waveform)
            rows.append(Coded(coded, codec, str(quality), index))
    return rows


def family_sizes(n_rows: int) -> list[int]:
    """Divide the rows of a class into families of 1, 2 or 12, as the eval set has.

    Families are an uncoded trial alone, with one coded copy, or with one of each codec.
    """
    sizes, left = [], n_rows
    # Fewer rows would hang on the one utterance of a family of 12.
    if left >= 48:
        sizes.append(12)
        left -= 12
    while left > 0:
        sizes.append(min(left, 2 - len(sizes) % 2))
        left -= sizes[-1]
    return sizes


def _names(studio: Studio, split: str, count: int) -> list[str]:
    """Return the identifiers of a split: in steps, or for eval drawn and in no order."""
    if split == EVAL:
        return studio.shuffled(studio.identifiers("E_%010d", count, 0, 9_999_947), "eval names")
    first, step = STEPS[split]
    return [f"{split[0].upper()}_{first + step * index:010d}" for index in range(count)]


def _rows(names: Sequence[str], coded: Sequence[Coded]) -> Iterator[tuple[str, ...]]:
    """Give the ten fields of each trial."""
    for name, row in zip(names, coded, strict=True):
        who, attack = row.trial.speaker, row.trial.attack
        origin = "-" if row.original is None else names[row.original]
        kind = ("-", "bonafide")
        if attack != NO_ATTACK:
            kind = (f"AC{1 + int(attack[1:]) % 3}", attack)
        yield (who.name, name, who.gender, row.codec, row.quality, origin, *kind,
               row.trial.label, "-")  # fmt: skip


def _track_2(
    split: str, trials: Mapping[str, Trial], enrolment: Mapping[str, Trial]
) -> dict[str, bytes]:
    """Return the protocols of speaker verification, which alone name the enrolment audio."""
    by_speaker: dict[str, list[str]] = {}
    for name, trial in enrolment.items():
        by_speaker.setdefault(trial.speaker.name, []).append(name)
    enroll = [(speaker, ",".join(names)) for speaker, names in sorted(by_speaker.items())]
    kind = {BONAFIDE: "target"}
    rows = [
        (trial.speaker.name, name, kind.get(trial.label, trial.label))
        for name, trial in trials.items()
    ]
    return {
        f"ASVspoof5.{split}.track_2.enroll.tsv": text_table(enroll),
        f"ASVspoof5.{split}.track_2.trial.tsv": text_table(rows),
    }
