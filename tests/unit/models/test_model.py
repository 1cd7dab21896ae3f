import pytest
import torch

from signl.models.signl.edges import adjacency_of, nearest_neighbours, propagation_matrix
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder, row_nodes

SMALL = SignlOptions(nodes=8, channels=8, layers=2)


def make_encoder(config=SMALL, *, width=20, n_frames=30, seed=0, **options):
    torch.manual_seed(seed)
    return SpectralTemporalEncoder(width, n_frames, config, **options)


def make_picture(*, batch=4, width=20, n_frames=30, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 1, width, n_frames, generator=generator)


def test_features_of_a_node_are_channel_major():
    grid = torch.randn(2, 3, 4, 4)
    nodes = row_nodes(grid)
    assert nodes.shape == (2, 4, 12)
    assert nodes[1, 2, 1 * 4 + 3] == grid[1, 1, 2, 3]


@pytest.mark.parametrize(
    ("nodes", "channels", "neighbours", "layers"),
    [(4, 32, 3, 5), (8, 32, 4, 5), (16, 32, 3, 5), (32, 32, 4, 5), (16, 16, 2, 4), (6, 8, 1, 2)],
)
def test_the_embedding_has_the_stated_width(nodes, channels, neighbours, layers):
    config = SignlOptions(nodes=nodes, channels=channels, neighbours=neighbours, layers=layers)
    embeddings = make_encoder(config)(make_picture())
    width = nodes * channels * nodes // 2**layers
    assert embeddings.spectral.shape == embeddings.temporal.shape == (4, width)
    assert embeddings.joint.shape == (4, config.embedding_width) == (4, 2 * width)
    assert torch.equal(embeddings.joint, torch.cat(embeddings[:2], dim=1))


def test_the_published_setting_gives_2048():
    assert SignlOptions().embedding_width == 2048


def test_spectral_nodes_are_rows_and_temporal_nodes_columns():
    encoder, picture = make_encoder().eval(), make_picture()
    grid = encoder.stem(picture)

    def embed(branch, nodes):
        return branch(nodes, propagation_matrix(adjacency_of(nearest_neighbours(nodes, 3))))

    rows = torch.stack([grid[:, :, i, :].flatten(1) for i in range(8)], dim=1)
    columns = torch.stack([grid[:, :, :, i].flatten(1) for i in range(8)], dim=1)
    embeddings = encoder(picture)
    torch.testing.assert_close(embeddings.spectral, embed(encoder.spectral, rows))
    torch.testing.assert_close(embeddings.temporal, embed(encoder.temporal, columns))


def test_an_utterance_does_not_depend_on_its_batch_in_evaluation():
    encoder, picture = make_encoder().eval(), make_picture()
    torch.testing.assert_close(encoder(picture[2:3]).joint[0], encoder(picture).joint[2])


def test_the_number_of_neighbours_matters():
    few, many = (
        make_encoder(SignlOptions(nodes=8, channels=8, layers=2, neighbours=k)).eval()
        for k in (1, 7)
    )
    picture = make_picture()
    assert not torch.allclose(few(picture).joint, many(picture).joint)


def test_gradients_reach_every_weight():
    encoder = make_encoder()
    encoder(make_picture()).joint.square().sum().backward()
    silent = [name for name, weight in encoder.named_parameters() if not weight.grad.any()]
    # A bias before batch normalisation has no effect, and rounding may leave its gradient zero.
    assert all(".bias" in name and ("convolutions" in name or "mixing" in name) for name in silent)


def test_edges_are_not_differentiated():
    """The search gets features without a graph, and gives integers."""
    seen = []

    def search(nodes, k):
        seen.append(nodes.requires_grad)
        return nearest_neighbours(nodes, k)

    encoder = make_encoder()
    encoder.search = search
    with_edges = encoder(make_picture())
    assert seen == [False, False]
    assert with_edges.joint.requires_grad


def augmented(encoder, picture, seed=0, **strengths):
    generator = torch.Generator().manual_seed(seed)
    return encoder(picture, augmentation=GraphAugmentation(**strengths), generator=generator).joint


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_augmentation_acts_in_training_and_evaluation(mode):
    encoder, picture = make_encoder(), make_picture()
    encoder.train(mode == "train")
    assert not torch.allclose(augmented(encoder, picture), encoder(picture).joint)


def test_augmentation_follows_from_the_seed():
    encoder, picture = make_encoder().eval(), make_picture()
    assert torch.equal(augmented(encoder, picture, 3), augmented(encoder, picture, 3))
    assert not torch.equal(augmented(encoder, picture, 3), augmented(encoder, picture, 4))


def test_edges_come_from_the_features_before_noise():
    """With noise that swamps the features, the search must still see the clean ones."""
    seen = []

    def search(nodes, k):
        seen.append(nodes)
        return nearest_neighbours(nodes, k)

    encoder, picture = make_encoder().eval(), make_picture()
    encoder.search = search
    augmented(encoder, picture, noise_std=100.0)
    grid = encoder.stem(picture)
    assert torch.equal(seen[0], row_nodes(grid))
    assert torch.equal(seen[1], row_nodes(grid.mT))


def test_an_augmentation_without_generator_is_refused():
    with pytest.raises(ValueError, match="needs a generator"):
        make_encoder()(make_picture(), augmentation=GraphAugmentation())


def test_mixed_precision_stays_near_full_precision():
    encoder, picture = make_encoder().eval(), make_picture()
    full = encoder(picture).joint
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = encoder(picture).joint.float()
    # A near tie may change one edge, so compare directions and not values.
    assert torch.nn.functional.cosine_similarity(full, mixed).min() > 0.98


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 12}, "channels\n  Input should be a multiple of 8"),
        ({"neighbours": 32}, r"neighbours must lie in 1\.\.31 for 32 nodes, got 32"),
        ({"nodes": 1}, r"1\.\.0 for 1 nodes"),
        ({"nodes": 6, "channels": 8}, "multiple of 4 .* = 128 .* got width 48 and layers 5"),
    ],
)
def test_impossible_sizes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SignlOptions(**options)
