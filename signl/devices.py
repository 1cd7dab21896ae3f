"""Where a job computes, and with how many threads."""

import torch


def prepare_device(*, gpu: int) -> torch.device:
    """Return the device of this job and fix what would make its results vary.

    A CPU job computes in one thread: its results then do not depend on how many cores the
    workflow was given, and several jobs share a machine without crowding each other.

    Parameters
    ----------
    gpu : int
        GPUs that the workflow gave to this job; with 0, or on a machine without one, the CPU
        is used.
    """
    torch.set_num_threads(1)
    if gpu and torch.cuda.is_available():
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        return torch.device("cuda")
    return torch.device("cpu")
