import torch
from torchvision.models import resnet18

from signl.models.resnet18.options import ResNet18Options


@torch.no_grad()
def test_it_is_the_published_network_on_three_equal_channels():
    torch.manual_seed(0)
    network = ResNet18Options().build(40, 50).eval()
    published = resnet18().eval()
    published.fc = torch.nn.Identity()
    state = network.state_dict()
    state["conv1.weight"] = state["conv1.weight"].repeat(1, 3, 1, 1) / 3
    published.load_state_dict(state)
    pictures = torch.randn(2, 1, 40, 50)
    torch.testing.assert_close(
        network.embed(pictures), published(pictures.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-5
    )


def test_its_size_is_that_of_the_definition():
    network = ResNet18Options().build(96, 101)
    classes = 512 * 20 + 20
    tensors = [*network.parameters()]
    # 11,180,500 with a layer of 20 classes, and without the running statistics.
    assert sum(each.numel() for each in tensors) + classes == 11_180_500


def test_the_first_convolution_is_drawn_by_its_fan_out():
    torch.manual_seed(0)
    weight = ResNet18Options().build(8, 8).conv1.weight
    torch.testing.assert_close(
        weight.std(), torch.tensor((2 / (64 * 7 * 7)) ** 0.5), rtol=0.05, atol=0
    )
