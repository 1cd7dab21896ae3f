"""CFAD as published: one zip in four pieces, in which folders alone give class and attack."""

from pathlib import Path
from typing import Final

import numpy as np

from signl.demo import demo_files as files
from signl.demo.channels import DF_CODECS, Domain
from signl.demo.containers import folders_of
from signl.demo.dsp import Waveform
from signl.demo.encoding import wav_bytes
from signl.demo.options import Counts, DemoOptions
from signl.demo.spanned_zip import write_spanned_zip
from signl.demo.studio import NO_ATTACK, Studio, Trial

DOMAIN: Final = Domain(tilt_db=(-2.0, 2.0), noise_db=(45.0, 70.0))
SEEN: Final = {
    "straight": "cepstral",
    "gl": "griffin_lim",
    "lpcnet": "lpc_pulse",
    "wavenet": "mel_inversion",
    "pwg": "mel_inversion_coarse",
    "hifigan": "random_phase_partial",
    "mbmelgan": "noise_bands",
    "stylegan": "coarse_spectrum",
}
UNSEEN: Final = {
    "world": "harmonic",
    "fasthifigan": "griffin_lim_short",
    "tacohifigan": "pitch_down",
    "partiallyfake": "splice",
}
#: Folders of bona fide speech, and how the corpora behind them name their files.
REAL: Final = {
    "aishell1": "BAC009S{speaker:04d}W{number:04d}",
    "aishell3": "SSB{speaker:04d}{number:04d}",
    "thchs30": "A{speaker}_{number}",
    "magicread": "{speaker}_{number:04d}_20170607",
}
REAL_UNSEEN: Final = {
    "magicconversa": "A{speaker:04d}_S001_0_{number:06d}",
    "selfrecording": "spk{speaker}_{number:04d}",
}
#: The long utterance, as it is called in CFAD.
LONG_FILE: Final = "CFAD/clean_version/test_seen_clean/real_clean/aishell1/BAC009S0764W0123.wav"
N_SPEAKERS: Final = 10
#: First of each split's speakers.
SPEAKER_NUMBERS: Final = {"train": 300, "dev": 500, "test_seen": 700, "test_unseen": 900}
#: Files of each class and split that also have a noisy and a coded version.
N_VERSIONS: Final = 2


def write_cfad(folder: Path, options: DemoOptions) -> None:
    """Write the four pieces of the zip."""
    studio = Studio(seed=options.seed, corpus="cfad", domain=DOMAIN)
    test = options.eval.scaled(options.scale / 2)
    counts = {
        "train": options.train.scaled(options.scale),
        "dev": options.dev.scaled(options.scale),
        "test_seen": test,
        "test_unseen": test,
    }
    members: dict[str, bytes] = {}
    for split, count in counts.items():
        members |= _split(studio, split, count)
    members[LONG_FILE] = wav_bytes(
        studio.bonafide("S0764", "long", duration_s=options.long_s).waveform
    )
    everything = {name: b"" for name in folders_of(members)} | members
    write_spanned_zip(
        [folder / name for name in files.CFAD_PIECES], dict(sorted(everything.items()))
    )


def _split(studio: Studio, split: str, counts: Counts) -> dict[str, bytes]:
    """Return the members of one split: all of them clean, a few also noisy and coded."""
    unseen = split == "test_unseen"
    speakers = [f"{split}-{number:04d}" for number in range(N_SPEAKERS)]
    trials = studio.split(split, counts, speakers=speakers, attacks=UNSEEN if unseen else SEEN)
    if split == "test_seen":
        trials[-1] = _nearly_silenced(trials[-1])
    members: dict[str, bytes] = {}
    for index, trial in enumerate(trials):
        of_class = index if index < counts.bonafide else index - counts.bonafide
        kind, place = _place(split, trial, of_class)
        members[_path("clean", "clean", split, kind, place)] = wav_bytes(trial.waveform)
        if of_class < N_VERSIONS:
            hiss = 0.02 * studio.generator("hiss", split, index).normal(size=len(trial.waveform))
            noisy, coded = trial.waveform + hiss, DF_CODECS["low_m4a"](trial.waveform)
            members[_path("noisy", "noise", split, kind, place)] = wav_bytes(noisy)
            members[_path("codec", "codec", split, kind, f"{place}_m4a")] = wav_bytes(coded)
    return members


def _path(version: str, ending: str, split: str, kind: str, place: str) -> str:
    """Return the path of a file; folders of the noisy version end otherwise than it does."""
    return f"CFAD/{version}_version/{split}_{ending}/{kind}_{ending}/{place}.wav"


def _place(split: str, trial: Trial, number: int) -> tuple[str, str]:
    """Return ``real`` or ``fake``, and the folder and stem of a trial's file.

    Parameters
    ----------
    split, trial : str, Trial
        What was recorded.
    number : int
        Position of the trial among those of its class.
    """
    speaker = SPEAKER_NUMBERS[split] + int(trial.speaker.name[-4:])
    if trial.attack == NO_ATTACK:
        folders = REAL_UNSEEN if split == "test_unseen" else REAL
        folder = list(folders)[number % len(folders)]
        return "real", f"{folder}/{folders[folder].format(speaker=speaker, number=number)}"
    # Files of one method are called as the recordings of AISHELL-3 that they imitate, so that
    # equal names lie in different folders.
    ending = {"straight": "", "partiallyfake": "_replaceOnce"}.get(trial.attack, f"_{trial.attack}")
    if trial.attack == "straight":
        number = number // len(SEEN) * len(REAL) + list(REAL).index("aishell3")
        speaker = SPEAKER_NUMBERS[split] + number % N_SPEAKERS
    return "fake", f"{trial.attack}/SSB{speaker:04d}{number:04d}{ending}"


def _nearly_silenced(trial: Trial) -> Trial:
    """Return a trial of which nothing is left but the last bit, here and there."""
    loud = np.abs(trial.waveform) > 0.5 * np.abs(trial.waveform).max()
    quiet: Waveform = np.sign(trial.waveform) * loud / 32768
    return trial._replace(waveform=quiet)
