"""ASVspoof 2019 LA (training and development) and ASVspoof 2021 DF (evaluation) as published.

Layouts: README.LA.txt of ASVspoof 2019, README.DF.txt and the keys' README of ASVspoof 2021.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from signl.demo import demo_files as files
from signl.demo.channels import DF_CODECS, Domain
from signl.demo.containers import folders_of, text_table, write_tar, write_zip
from signl.demo.options import Counts, DemoOptions
from signl.demo.studio import NO_ATTACK, NOTICE, Studio, Trial, divide, flac_members

DOMAIN: Final = Domain(tilt_db=(-4.0, 2.0), noise_db=(45.0, 65.0))
#: Attacks of the training and development sets.
LA_ATTACKS: Final = {
    "A01": "griffin_lim",
    "A02": "mel_inversion",
    "A03": "lpc_pulse",
    "A04": "noise_bands",
    "A05": "coarse_spectrum",
    "A06": "random_phase_partial",
}
#: Attacks of LA's eval set and of the part of DF that stems from it; none is trained on.
EVAL_ATTACKS: Final = {
    "A07": "griffin_lim_short",
    "A08": "harmonic",
    "A09": "cepstral",
    "A10": "mel_inversion_coarse",
    "A11": "hold_frames",
    "A12": "lpc_noise",
    "A13": "pitch_up",
    "A14": "zero_phase",
    "A15": "griffin_lim_long",
    "A16": "splice",
    "A17": "noise_bands_coarse",
    "A18": "lpc_pulse_coarse",
    "A19": "pitch_down",
}
#: Attacks of DF that stem from the voice conversion challenges of 2018 and 2020.
VCC_ATTACKS: Final = {
    "HUB-N03": "cepstral_coarse",
    "SPO-N17": "griffin_lim_short",
    "Task1-team20": "mel_inversion_coarse",
    "Task2-team12": "harmonic_coarse",
}
VOCODERS: Final = {
    "griffin_lim": "neural_vocoder_nonautoregressive",
    "mel_inversion": "neural_vocoder_autoregressive",
    "lpc": "traditional_vocoder",
    "harmonic": "traditional_vocoder",
    "cepstral": "traditional_vocoder",
    "splice": "waveform_concatenation",
    "pitch": "waveform_concatenation",
}
LA_SPEAKERS: Final = {
    "train": [f"LA_{number:04d}" for number in range(79, 99)],
    "dev": [f"LA_{number:04d}" for number in range(69, 79)],
    "eval": [f"LA_{number:04d}" for number in range(1, 49)],
}
LA_PROTOCOLS: Final = {"train": "train.trn", "dev": "dev.trl", "eval": "eval.trl"}
#: Trials of LA's eval set, which no experiment uses.
LA_EVAL: Final = Counts(bonafide=3, spoof=7)


class Condition(NamedTuple):
    """A DF utterance under one codec, with its fields of the metadata."""

    trial: Trial
    fields: tuple[str, ...]  # all after the trial's name


def write_asvspoof2021(folder: Path, options: DemoOptions) -> None:
    """Write LA.zip, the four parts of DF and its keys."""
    studio = Studio(seed=options.seed, corpus="asvspoof2021", domain=DOMAIN)
    _write_la(folder / files.LA_ZIP, studio, options)
    conditions = studio.shuffled(_df_conditions(studio, options), "df order")
    names = studio.identifiers("DF_E_%07d", len(conditions), 2_000_000, 5_000_000)
    _write_df(folder, studio, dict(zip(names, conditions, strict=True)))


def _write_la(path: Path, studio: Studio, options: DemoOptions) -> None:
    """Write LA.zip: three splits, of which dev and eval hold audio that no protocol lists."""
    counts = {
        "train": options.train.scaled(options.scale),
        "dev": options.dev.scaled(options.scale),
        "eval": LA_EVAL,
    }
    members = {"LA/README.LA.txt": NOTICE}
    for split, speakers in LA_SPEAKERS.items():
        attacks = EVAL_ATTACKS if split == "eval" else LA_ATTACKS
        trials = studio.split(split, counts[split], speakers=speakers, attacks=attacks)
        n_unlisted = 0 if split == "train" else options.unlisted
        unlisted = [
            studio.bonafide(speakers[index % len(speakers)], split, "unlisted", index)
            for index in range(n_unlisted)
        ]
        members |= _la_split(studio, split, trials, unlisted)
    write_zip(path, members, zip64=True)


def _la_split(
    studio: Studio, split: str, trials: Sequence[Trial], unlisted: Sequence[Trial]
) -> dict[str, bytes]:
    """Return the audio and the protocol of one split of LA."""
    recorded = [*trials, *unlisted]
    form = f"LA_{split[0].upper()}_%07d"
    names = studio.shuffled(
        studio.identifiers(form, len(recorded), 1_000_000, 9_999_999), split, "names"
    )
    rows = [
        (trial.speaker.name, name, "-", trial.attack, trial.label)
        for name, trial in zip(names, trials, strict=False)
    ]
    if split == "eval":
        rows = studio.shuffled(rows, split, "rows")
    root = f"LA/ASVspoof2019_LA_{split}"
    protocol = f"LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{LA_PROTOCOLS[split]}.txt"
    return {
        f"{root}/LICENSE.txt": NOTICE,
        **flac_members(f"{root}/flac", dict(sorted(zip(names, recorded, strict=True)))),
        protocol: text_table(rows),
    }


def _df_conditions(studio: Studio, options: DemoOptions) -> list[Condition]:
    """Record the utterances of DF and pass each through some of the codecs."""
    counts = options.df_sources.scaled(options.scale)
    recorded = [_df_bonafide(studio, index) for index in range(counts.bonafide)]
    recorded += [_df_spoof(studio, index) for index in range(counts.spoof)]
    codecs = list(DF_CODECS)
    conditions = []
    for index, (trial, fields) in enumerate(recorded):
        for copy in range(options.df_codecs):
            codec = codecs[(index * options.df_codecs + copy) % len(codecs)]
            coded = trial._replace(waveform=DF_CODECS[codec](trial.waveform))
            conditions.append(Condition(coded, (codec, *fields)))
    return conditions


def _subset(index: int) -> tuple[str, str]:
    """Return the trim and subset fields: of five utterances three are in ``eval``."""
    return {3: ("notrim", "progress"), 4: ("trim", "hidden")}.get(index % 5, ("notrim", "eval"))


def _df_bonafide(studio: Studio, index: int) -> Condition:
    """Record bona fide speech, in the eval subset also of the voice conversion challenges."""
    trim, subset = _subset(index)
    source = ("asvspoof", "vcc2018", "vcc2020")[index % 3] if subset == "eval" else "asvspoof"
    speaker = {
        "asvspoof": LA_SPEAKERS["eval"][index % 48],
        "vcc2018": f"VCC2T{'FM'[index % 2]}1",
        "vcc2020": f"TE{'FM'[index % 2]}1",
    }[source]
    trial = studio.bonafide(speaker, "df", "bonafide", index)
    fields = (source, NO_ATTACK, trial.label, trim, subset, "bonafide", "-", "-", "-", "-")
    return Condition(_trimmed(trial, trim), fields)


def _df_spoof(studio: Studio, index: int) -> Condition:
    """Record an attack; progress and hidden subsets hold those of ASVspoof 2019 alone."""
    trim, subset = _subset(index)
    attacks = list(EVAL_ATTACKS.items())
    if subset == "eval" and index % 5 > 0:
        attacks = list(VCC_ATTACKS.items())
    attack, method = attacks[index // 2 % len(attacks)]
    task, _, team = attack.partition("-")
    gender = "FM"[index % 2]
    speaker, source, details = LA_SPEAKERS["eval"][index % 48], "asvspoof", ("-",) * 4
    if task.startswith("Task"):
        speaker = f"T{'E' if task == 'Task1' else 'G'}{gender}1"
        source, details = "vcc2020", (task, team, f"F{gender}", speaker[1])
    elif team:
        speaker, source = f"VCC2T{gender}1", "vcc2018"
    vocoder = next((VOCODERS[kind] for kind in VOCODERS if method.startswith(kind)), "unknown")
    trial = studio.spoof(speaker, attack, method, "df", index)
    fields = (source, attack, trial.label, trim, subset, vocoder, *details)
    return Condition(_trimmed(trial, trim), fields)


def _trimmed(trial: Trial, trim: str) -> Trial:
    """Cut off what is quieter than a tenth of the peak at both ends, if asked to."""
    if trim == "notrim":
        return trial
    loud = np.flatnonzero(np.abs(trial.waveform) > 0.1 * np.abs(trial.waveform).max())
    return trial._replace(waveform=trial.waveform[loud[0] : loud[-1] + 1])


def _write_df(folder: Path, studio: Studio, conditions: dict[str, Condition]) -> None:
    """Write the audio of DF in four parts, and its keys."""
    top = "ASVspoof2021_DF_eval"
    trials = {name: condition.trial for name, condition in conditions.items()}
    listed = studio.shuffled(list(trials), "df list")
    first = {
        f"{top}/ASVspoof2021.DF.cm.eval.trl.txt": text_table((name,) for name in listed),
        f"{top}/LICENSE.DF.txt": NOTICE,
        f"{top}/README.DF.txt": NOTICE,
    }
    parts = divide(flac_members(f"{top}/flac", trials), len(files.DF_PARTS))
    for name, part in zip(files.DF_PARTS, parts, strict=True):
        write_tar(folder / name, first | part, folders=(f"{top}/", f"{top}/flac/"))
        first = {}
    metadata = [
        (condition.trial.speaker.name, name, *condition.fields)
        for name, condition in conditions.items()
    ]
    baseline = zip(trials, studio.generator("baseline").normal(size=len(trials)), strict=True)
    keys = {
        "keys/DF/README.txt": NOTICE,
        "keys/DF/CM/trial_metadata.txt": text_table(metadata),
        "keys/DF/CM/LFCC-GMM/score.txt": text_table((n, f"{s:.6f}") for n, s in baseline),
    }
    write_tar(folder / files.DF_KEYS, keys, folders=folders_of(keys))
