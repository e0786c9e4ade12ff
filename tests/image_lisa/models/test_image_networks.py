"""Networks on images: shapes, ranges, the loss, the layers of the field's tables."""

import math

import pytest
import torch
from torch import nn

from image_lisa.models.networks import NETWORKS, Light, Paper, build_network
from image_lisa.models.networks.light import ToImage, doublings
from shared.common.errors import LisaError

SHAPES = [
    (1, 4, 4),
    (1, 5, 7),
    (1, 8, 8),
    (3, 13, 9),
    (1, 28, 28),
    (3, 31, 45),
    (3, 32, 32),
    (3, 32, 47),
    (3, 33, 32),
    (1, 40, 72),
    (3, 64, 64),
    (3, 218, 178),
    (3, 224, 224),
]
MNIST, CIFAR, CELEBA, LARGE = (1, 28, 28), (3, 32, 32), (3, 64, 64), (3, 224, 224)


def images(shape, n=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, *shape), generator=generator, dtype=torch.uint8)


def net_of(name, shape, dim=5, width=None, seed=0):
    return build_network(name, shape, dim, width or dim, seed)


def weightless(net):
    """The network on a device that holds no weights."""
    return net.to("meta")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_codes_and_images_have_their_shapes(name, shape):
    """On the meta device, which computes shapes only."""
    net = weightless(net_of(name, shape, dim=5, width=11)).eval()
    x = torch.rand(3, *shape, device="meta")
    assert net.encode(x).shape == (3, 11)
    decoded = net.decode(torch.rand(3, 5, device="meta"))
    assert decoded.shape == (3, *shape)
    assert net.reconstruction_loss(x, decoded).shape == (3,)
    assert (net.input_shape, net.outputs, net.dim) == (shape, x[0].numel(), 5)


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 7), (1, 8, 8), MNIST], ids=str)
def test_decoded_images_lie_between_0_and_1_and_vary(shape):
    net = net_of("light", shape)
    decoded = net.decode(100 * torch.randn(4, 5, generator=torch.Generator().manual_seed(0)))
    assert decoded.min() >= 0
    assert decoded.max() <= 1
    assert (decoded[0] - decoded[1]).abs().max() > 1e-3
    assert decoded.isfinite().all()


def test_paper_decodes_images_between_0_and_1():
    net = net_of("paper", (3, 9, 6)).eval()
    decoded = net.decode(10 * torch.randn(4, 5, generator=torch.Generator().manual_seed(0)))
    assert decoded.shape == (4, 3, 9, 6)
    assert 0 <= decoded.min() < decoded.max() <= 1


def test_every_pixel_can_be_reached_and_every_pixel_counts():
    """No row or column of a code's image is constant, nor one of the input without effect."""
    for shape in [(2, 5, 7), (1, 28, 28), (1, 33, 32)]:
        net = net_of("light", shape)
        u = torch.randn(2, 5, requires_grad=True, generator=torch.Generator().manual_seed(1))
        first, second = net.decode(u)
        assert (first != second).all()
        x = torch.rand(1, *shape, requires_grad=True, generator=torch.Generator().manual_seed(2))
        (gradient,) = torch.autograd.grad(net.encode(x).sum(), x)
        assert (gradient != 0).float().mean() > 0.99


def test_the_reconstruction_loss_is_half_the_sum_of_squares():
    net = net_of("light", (2, 5, 4))
    x, decoded = (
        torch.rand(6, 2, 5, 4, generator=torch.Generator().manual_seed(s)) for s in (0, 1)
    )
    expected = []
    for row in range(6):
        total = 0.0
        for a, b in zip(x[row].flatten().tolist(), decoded[row].flatten().tolist(), strict=True):
            total += (a - b) ** 2
        expected.append(total / 2)
    torch.testing.assert_close(net.reconstruction_loss(x, decoded), torch.tensor(expected))
    assert net.reconstruction_loss(x, x).tolist() == [0] * 6


def test_augmented_images_are_mirrored_and_moved():
    """Each is one of the windows of the image, or of its mirror image, mirrored beyond borders."""
    net, x = net_of("light", (3, 16, 24)), images((3, 16, 24), n=20).float() / 255
    torch.default_generator.manual_seed(0)
    found = net.augmented(x, 0.125)
    torch.default_generator.manual_seed(0)
    assert torch.equal(net.augmented(x, 0.125), found)
    assert found.shape == x.shape
    places = set()
    for image, moved in zip(x, found, strict=True):
        for mirrored, source in enumerate((image, image.flip(-1))):
            padded = nn.functional.pad(source, (3, 3, 2, 2), mode="reflect")
            windows = padded.unfold(1, 16, 1).unfold(2, 24, 1).permute(1, 2, 0, 3, 4)
            same = (windows == moved).flatten(2).all(2).nonzero().tolist()
            places |= {(mirrored, *place) for place in same}
    assert len(places) > 10
    assert {place[0] for place in places} == {0, 1}
    assert torch.equal(net.augmented(x, 0.0).sort(-1).values, x.sort(-1).values)


def gradient_image(height=24, width=24):
    """Red grows to the right, green downwards; blue is a half."""
    right, down = (torch.linspace(0, 1, n) for n in (width, height))
    parts = (right.expand(height, width), down[:, None].expand(height, width))
    return torch.stack([*parts, torch.full((height, width), 0.5)])


def test_views_are_moved_turned_resized_and_mirrored():
    """In the middle of linear colours a view's value tells the move, its slopes the rest."""
    net, image = net_of("light", (3, 24, 24)), gradient_image()
    torch.default_generator.manual_seed(0)
    found = net.view(image.expand(300, -1, -1, -1))
    torch.default_generator.manual_seed(0)
    assert torch.equal(net.view(image.expand(300, -1, -1, -1)), found)
    middle = found[:, :, 11:13, 11:13]
    moved = (middle.mean((2, 3))[:, :2] - 0.5) * 23 / 24
    assert 0.11 < moved.abs().max() <= 1 / 8 + 1e-5
    along = (middle[..., 1] - middle[..., 0]).mean(2)[:, :2] * 23
    assert (along[:, 0] < 0).float().mean() == pytest.approx(0.5, abs=0.1)
    size = along.norm(dim=1)
    assert math.exp(-0.1) - 1e-3 < size.min() < 0.93
    assert 1.07 < size.max() < math.exp(0.1) + 1e-3
    turned = torch.atan2(along[:, 1], along[:, 0])
    turned = torch.minimum(turned.abs(), math.pi - turned.abs())
    assert 0.2 < turned.max() <= math.pi / 12 + 1e-4
    torch.testing.assert_close(found[:, 2], torch.full((300, 24, 24), 0.5))


def test_views_of_grey_images_are_not_mirrored():
    """A digit that is mirrored is another one."""
    net, image = net_of("light", (1, 24, 24)), gradient_image()[:1]
    found = net.view(image.expand(200, -1, -1, -1))
    assert (found[:, 0, 11:13, 13] > found[:, 0, 11:13, 11]).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_bytes_and_numbers_are_the_same_image(name):
    net = net_of(name, (1, 8, 8)).eval()
    stored = images((1, 8, 8))
    numbers = stored.float() / 255
    assert torch.equal(net.prepare(stored), numbers)
    assert net.prepare(numbers) is numbers
    assert torch.equal(net.encode(net.prepare(stored)), net.encode(net.prepare(numbers)))


def test_bytes_take_the_type_of_the_weights():
    net = net_of("light", (1, 8, 8)).double()
    x = net.prepare(images((1, 8, 8)))
    assert x.dtype == torch.float64
    assert net.decode(net.encode(x)).dtype == torch.float64
    assert x.max() <= 1


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 13, 9), MNIST], ids=str)
def test_a_light_code_does_not_depend_on_the_rest_of_the_batch(shape):
    net = net_of("light", shape).train()
    x = net.prepare(images(shape, n=6))
    together, u = net.encode(x), torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    for row in range(6):
        torch.testing.assert_close(net.encode(x[row : row + 1])[0], together[row])
        torch.testing.assert_close(net.decode(u[row : row + 1])[0], net.decode(u)[row])
    assert not any("running" in name for name, _ in net.named_buffers())


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_depend_on_the_seed_alone(name):
    torch.default_generator.manual_seed(1)
    before = torch.get_rng_state()
    first = net_of(name, (1, 8, 8), seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.default_generator.manual_seed(2)
    again, other = (net_of(name, (1, 8, 8), seed=seed) for seed in (3, 4))
    for key, value in first.state_dict().items():
        assert torch.equal(again.state_dict()[key], value), key
    assert any(
        not torch.equal(other.state_dict()[key], value) for key, value in first.state_dict().items()
    )


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 3, 8), "1 × 3 × 8"),
        ((1, 8, 3), "1 × 8 × 3"),
        ((0, 8, 8), "0 × 8 × 8"),
        ((1, 1, 1), "1 × 1 × 1"),
    ],
)
def test_too_small_images_are_refused(name, shape, words):
    with pytest.raises(LisaError, match=f"at least 4 × 4 pixels, not {words}"):
        net_of(name, shape)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_decoders_weights_are_those_that_decode_uses(name):
    net = net_of(name, (1, 8, 8))
    net.decode(torch.rand(2, 5)).sum().backward()
    used = {id(weight) for weight in net.parameters() if weight.grad is not None}
    assert used == {id(weight) for weight in net.decoder_parameters()}


def convolutions(part):
    return [
        (
            type(layer).__name__,
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size[0],
            layer.stride[0],
        )
        for layer in part
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    ]


def kinds(part):
    return [type(layer).__name__ for layer in part]


ENCODER = [("Conv2d", 128, 256, 4, 2), ("Conv2d", 256, 512, 4, 2), ("Conv2d", 512, 1024, 4, 2)]


@pytest.mark.parametrize(
    ("shape", "flat"), [(MNIST, 1024), (CIFAR, 1024 * 2 * 2), (CELEBA, 1024 * 4 * 4)], ids=str
)
def test_the_paper_encoder_layer_by_layer(shape, flat):
    encoder = Paper(shape, 16, 33).encoder
    assert convolutions(encoder) == [("Conv2d", shape[0], 128, 4, 2), *ENCODER]
    assert kinds(encoder) == ["Conv2d", "BatchNorm2d", "ReLU"] * 4 + ["Flatten", "Linear"]
    assert (encoder[-1].in_features, encoder[-1].out_features) == (flat, 33)


@pytest.mark.parametrize(
    ("shape", "grid", "expected"),
    [
        (MNIST, 4, [(1024, 512, 3, 2), (512, 256, 3, 2), (256, 1, 3, 2)]),
        (CIFAR, 8, [(1024, 512, 4, 2), (512, 256, 4, 2), (256, 3, 3, 1)]),
        (CELEBA, 8, [(1024, 512, 4, 2), (512, 256, 4, 2), (256, 128, 4, 2), (128, 3, 3, 1)]),
    ],
    ids=str,
)
def test_the_paper_decoder_layer_by_layer(shape, grid, expected):
    decoder = Paper(shape, 16, 16).decoder
    assert decoder[0].out_features == 1024 * grid * grid
    assert decoder[1].unflattened_size == (1024, grid, grid)
    assert [each[1:] for each in convolutions(decoder)] == expected
    assert kinds(decoder)[2:-1] == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * (len(expected) - 1)
    assert isinstance(decoder[-1], nn.ConvTranspose2d if shape == MNIST else nn.Conv2d)


def weights(net):
    return sum(value.numel() for value in net.parameters())


def test_the_paper_network_on_mnist_has_about_17_million_weights():
    encoder = 128 * 16 + sum(16 * a * b for a, b in ((128, 256), (256, 512), (512, 1024)))
    encoder += 3 * (128 + 256 + 512 + 1024) + 1024 * 16 + 16
    decoder = 17 * 1024 * 16 + 9 * (1024 * 512 + 512 * 256 + 256) + 3 * (512 + 256) + 1
    net = Paper(MNIST, 16, 16)
    assert weights(net) == encoder + decoder
    assert 16.5e6 < weights(net) < 17.5e6


@pytest.mark.parametrize(
    ("side", "times"),
    [(4, 0), (8, 0), (13, 0), (14, 1), (28, 2), (32, 2), (56, 3), (64, 3), (178, 4), (224, 5)],
)
def test_seven_cells_or_more_lie_on_a_side(side, times):
    assert doublings(side) == times
    assert 7 <= max(7, side // 2**times) < 14


@pytest.mark.parametrize("shape", [MNIST, CIFAR, CELEBA, LARGE], ids=str)
def test_the_light_network_is_light(shape):
    assert weights(Light(shape, 16, 16)) < 0.3 * 17e6


@pytest.mark.parametrize("shape", [CELEBA, (3, 112, 112), LARGE], ids=str)
def test_what_one_cell_of_the_grid_adds_to_an_image_is_smooth(shape):
    """No patches are seen: their pixels would differ by as much as they are, twice in squares."""
    tail = net_of("light", shape).decoder[-1]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        cells = torch.randn(2, tail.parts[0].in_channels, 8, 8, generator=generator)
        cells[1] = torch.where(torch.arange(8) == 3, cells[1], cells[0])
        cells[1] = torch.where((torch.arange(8) == 3)[:, None], cells[1], cells[0])
        without, image = tail(cells)
    added = image - without
    assert added.diff(dim=-1).square().mean() < 0.1 * added.square().mean()
    assert added.diff(dim=-2).square().mean() < 0.1 * added.square().mean()


def test_small_images_are_cut_into_patches_and_others_pass_a_grid():
    kinds = {
        shape: any(isinstance(layer, ToImage) for layer in Light(shape, 4, 4).modules())
        for shape in [(1, 4, 4), (1, 8, 8), MNIST, (3, 14, 14), (3, 28, 28), CIFAR, LARGE]
    }
    assert list(kinds.values()) == [False] * 4 + [True] * 3


def test_images_of_any_size_are_decoded_at_no_more_than_sixteen_times_the_grid():
    rests = {side: Light((3, side, side), 16, 16).decoder[-1].rest for side in (112, 224, 448)}
    assert rests == {112: 1, 224: 2, 448: 4}
