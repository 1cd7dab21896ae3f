"""Copies of the toy corpus, as resynthesis and a front-end would leave them."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import torch

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.features.feature_shards import Shape, write_shard
from signl.features.gathered_copies import STAGE

SHAPE = Shape(width=8, window_samples=400, hop_samples=320, clip_frames=16)
#: Pseudo-spoofs of an utterance, or augmented copies.
N_MADE = 2
#: All that an utterance may have, by role and number.
COPIES = (
    ("channel", 0),
    *(("pseudo_spoof", number) for number in range(N_MADE)),
    *(("augmented", number) for number in range(N_MADE)),
)


def write_copies(
    folder, toy, *, roles=("channel", "pseudo_spoof"), digest=None, partition="train", methods=()
):
    """Copies of a partition of the toy corpus.

    Pseudo-spoofs are moved away from bona fide, as its spoofs are. With names of methods they are
    moved as no utterance of the corpus is, by each method further than by the one before.
    """
    archive = "toy@toy@made" if partition == "train" else f"toy@toy@made@{partition}"
    n_originals = sum(name.startswith(f"{partition}-") for name in toy.frames)
    rng = np.random.default_rng(1)
    rows, frames = [], []
    for place in range(n_originals):
        own = toy.frames[f"{partition}-{place}"].float()
        for role, number in COPIES:
            if role not in roles:
                continue
            moved = own + 0.1 * torch.from_numpy(rng.standard_normal(own.shape)).float()
            method, half = role, moved.shape[1] // 2
            if role == "pseudo_spoof" and methods:
                method = methods[number]
                moved[:, half:] += 3 * (1 + number)
            elif role == "pseudo_spoof":
                moved[:, :half] -= 2
            rows.append(
                {
                    "utterance_id": f"{partition}-{place}",
                    "role": role,
                    "method": method,
                    "number": number,
                    "packed_archive": archive,
                    "shard": 0,
                    "row": len(rows),
                }
            )
            frames.append(moved.half())
    path = folder / "features" / archive / "0000-of-0001.safetensors"
    store = table_made_by(toy.features[0].with_suffix(".parquet"))
    index = [
        {"member": str(place), "n_frames": len(each), "duration_s": 0.3, "reason": None}
        for place, each in enumerate(frames)
    ]
    write_shard(
        path,
        path.with_suffix(".parquet"),
        frames=frames,
        index=index,
        shape=SHAPE,
        options=store.options,
    )
    members = table_made_by(path.with_suffix(".parquet")).digests["members"]
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.GATHERED_COPIES.revision,
        options={},
        digests={f"{archive}/0000-of-0001": digest or members},
    )
    table = folder / f"copies-{partition}.parquet"
    write_table(table, pa.Table.from_pylist(rows), made_by)
    return SimpleNamespace(table=table, shards=[path])
