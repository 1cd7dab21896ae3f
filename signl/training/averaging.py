"""The mean of a network's weights over the last epochs of a training."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class WeightAverage:
    """The mean of the weights after each of the last epochs.

    Statistics of batch normalisation are not averaged: those of the network in training fit its own
    weights, not their mean, and have to be taken anew
    (:meth:`signl.training.passes.Trainer.renew_statistics`).

    Parameters
    ----------
    network : Module
        In training.
    first : int
        The first epoch whose weights count.

    References
    ----------
    Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, UAI 2018,
    arXiv 1803.05407. There the learning rate is high or cyclic; here it is what it is.
    """

    def __init__(self, network: nn.Module, *, first: int) -> None:
        self._averaged, self.first = AveragedModel(network), first

    @property
    def has_begun(self) -> bool:
        """Whether an epoch has counted."""
        return int(self._n_averaged) > 0

    @property
    def _n_averaged(self) -> Tensor:
        return self._averaged.n_averaged

    def state(self) -> dict[str, Tensor]:
        """Return the mean, as the network's state dict."""
        return self._averaged.module.state_dict()

    def update(self, network: nn.Module, epoch: int) -> None:
        """Take the weights after an epoch, if it counts."""
        if epoch >= self.first:
            self._averaged.update_parameters(network)

    def finish(self, network: nn.Module) -> None:
        """Take over the statistics that were taken anew with the mean as the network's weights."""
        self._averaged.module.load_state_dict(network.state_dict())

    def resume(self, state: Mapping[str, Tensor], n_epochs: int) -> None:
        """Take up what :meth:`state` gave after so many epochs of the training."""
        n_averaged = n_epochs - self.first
        if n_averaged > 0:
            self._averaged.module.load_state_dict(dict(state))
            self._n_averaged.fill_(n_averaged)
