"""FID proper: features of the Inception network of the original FID, from the user's weights.

The network is the Inception-v3 of Szegedy et al. 2015 (arXiv:1512.00567) as the graph
``inception-2015-12-05`` of TensorFlow holds it, which differs from later ones: its average
pooling leaves padding out, and its last block pools by maximum. Names of the modules are those of
the widely used conversion to torch, so that its file of weights loads. It is not part of the
toolkit: a user downloads it, and its checksum is verified before it is read.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from image_lisa.evaluation.published_features import PublishedFeatures

WEIGHTS_NAME = "pt_inception-2015-12-05-6726825d.pth"
"""What the file of weights is usually called; it ends in the beginning of its checksum."""

WEIGHTS_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""The checksum of the file of weights."""

WEIGHTS_VARIABLE = "LISA_INCEPTION"
"""The environment variable that may hold the path of the file."""

SIDE = 299

_WEIGHTS_ADVICE = (
    f"download {WEIGHTS_NAME} and name it by --inception-weights or {WEIGHTS_VARIABLE}"
)


@dataclass(frozen=True)
class _Layer:
    """One convolution; padded to keep the size, unless it has a stride or is told not to."""

    name: str
    width: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padded: bool = True


_Pool = Callable[[Tensor], Tensor]
_Step = _Layer | tuple[_Layer, ...] | _Pool
"""A convolution, several of one input whose outputs are stacked, or a pooling."""


def _average(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _maximum(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, 3, stride=1, padding=1)


def _halving(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, 3, stride=2)


_WIDE, _TALL, _SQUARE = (1, 7), (7, 1), (3, 3)

_STEM: tuple[_Step, ...] = (
    _Layer("Conv2d_1a_3x3", 32, _SQUARE, stride=2),
    _Layer("Conv2d_2a_3x3", 32, _SQUARE, padded=False),
    _Layer("Conv2d_2b_3x3", 64, _SQUARE),
    _halving,
    _Layer("Conv2d_3b_1x1", 80),
    _Layer("Conv2d_4a_3x3", 192, _SQUARE, padded=False),
    _halving,
)

_Branches = tuple[tuple[_Step, ...], ...]


def _block_a(pooled: int) -> _Branches:
    return (
        (_Layer("branch1x1", 64),),
        (_Layer("branch5x5_1", 48), _Layer("branch5x5_2", 64, (5, 5))),
        (
            _Layer("branch3x3dbl_1", 64),
            _Layer("branch3x3dbl_2", 96, _SQUARE),
            _Layer("branch3x3dbl_3", 96, _SQUARE),
        ),
        (_average, _Layer("branch_pool", pooled)),
    )


def _block_b() -> _Branches:
    return (
        (_Layer("branch3x3", 384, _SQUARE, stride=2),),
        (
            _Layer("branch3x3dbl_1", 64),
            _Layer("branch3x3dbl_2", 96, _SQUARE),
            _Layer("branch3x3dbl_3", 96, _SQUARE, stride=2),
        ),
        (_halving,),
    )


def _block_c(inner: int) -> _Branches:
    return (
        (_Layer("branch1x1", 192),),
        (
            _Layer("branch7x7_1", inner),
            _Layer("branch7x7_2", inner, _WIDE),
            _Layer("branch7x7_3", 192, _TALL),
        ),
        (
            _Layer("branch7x7dbl_1", inner),
            _Layer("branch7x7dbl_2", inner, _TALL),
            _Layer("branch7x7dbl_3", inner, _WIDE),
            _Layer("branch7x7dbl_4", inner, _TALL),
            _Layer("branch7x7dbl_5", 192, _WIDE),
        ),
        (_average, _Layer("branch_pool", 192)),
    )


def _block_d() -> _Branches:
    return (
        (_Layer("branch3x3_1", 192), _Layer("branch3x3_2", 320, _SQUARE, stride=2)),
        (
            _Layer("branch7x7x3_1", 192),
            _Layer("branch7x7x3_2", 192, _WIDE),
            _Layer("branch7x7x3_3", 192, _TALL),
            _Layer("branch7x7x3_4", 192, _SQUARE, stride=2),
        ),
        (_halving,),
    )


def _block_e(pool: _Pool) -> _Branches:
    def fork(name: str) -> tuple[_Layer, _Layer]:
        return _Layer(f"{name}a", 384, (1, 3)), _Layer(f"{name}b", 384, (3, 1))

    return (
        (_Layer("branch1x1", 320),),
        (_Layer("branch3x3_1", 384), fork("branch3x3_2")),
        (
            _Layer("branch3x3dbl_1", 448),
            _Layer("branch3x3dbl_2", 384, _SQUARE),
            fork("branch3x3dbl_3"),
        ),
        (pool, _Layer("branch_pool", 192)),
    )


_BLOCKS: Mapping[str, _Branches] = {
    "Mixed_5b": _block_a(32),
    "Mixed_5c": _block_a(64),
    "Mixed_5d": _block_a(64),
    "Mixed_6a": _block_b(),
    "Mixed_6b": _block_c(128),
    "Mixed_6c": _block_c(160),
    "Mixed_6d": _block_c(160),
    "Mixed_6e": _block_c(192),
    "Mixed_7a": _block_d(),
    "Mixed_7b": _block_e(_average),
    "Mixed_7c": _block_e(_maximum),
}


class _Convolution(nn.Module):
    """A convolution without bias, batch norm and ReLU."""

    def __init__(self, inputs: int, layer: _Layer) -> None:
        super().__init__()
        keep = layer.padded and layer.stride == 1
        padding = (layer.kernel[0] // 2, layer.kernel[1] // 2) if keep else 0
        self.conv = nn.Conv2d(inputs, layer.width, layer.kernel, layer.stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(layer.width, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(x)))


class _Steps(nn.Module):
    """Owns the convolutions of sequences of steps, under the names that the weights have."""

    def follow(self, steps: tuple[_Step, ...], x: Tensor) -> Tensor:
        """Apply the steps one after the other."""
        for step in steps:
            if callable(step):
                x = step(x)
            else:
                layers = step if isinstance(step, tuple) else (step,)
                x = torch.cat([self.get_submodule(layer.name)(x) for layer in layers], 1)
        return x

    def own(self, steps: tuple[_Step, ...], width: int) -> int:
        """Make the convolutions of steps on `width` channels; tells how many come out."""
        for step in steps:
            if not callable(step):
                layers = step if isinstance(step, tuple) else (step,)
                for layer in layers:
                    self.add_module(layer.name, _Convolution(width, layer))
                width = sum(layer.width for layer in layers)
        return width


class _Mixed(_Steps):
    """Branches on one input, their outputs stacked."""

    def __init__(self, width: int, branches: _Branches) -> None:
        super().__init__()
        self.branches = branches
        self.width = sum(self.own(branch, width) for branch in branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.follow(branch, x) for branch in self.branches], 1)


class Inception(_Steps):
    """The network up to its 2048 pooled features; grey images are repeated to three channels."""

    def __init__(self) -> None:
        super().__init__()
        width = self.own(_STEM, 3)
        for name, branches in _BLOCKS.items():
            block = _Mixed(width, branches)
            self.add_module(name, block)
            width = block.width

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[batch, 2048]`` of bytes ``[batch, 1 or 3, height, width]``."""
        weight = self.get_parameter("Conv2d_1a_3x3.conv.weight")
        resized = resize(images.to(weight.dtype)).expand(-1, 3, -1, -1)
        x = self.follow(_STEM, (resized - 128) / 128)
        for name in _BLOCKS:
            x = self.get_submodule(name)(x)
        return x.mean((2, 3))


@final
class InceptionFeatures(PublishedFeatures):
    """The features of `Inception`, 2048 numbers an image."""

    distance: ClassVar[str] = "fid"
    batch: ClassVar[int] = 4
    network: ClassVar[type[nn.Module]] = Inception
    title: ClassVar[str] = "Inception"
    weights_title: ClassVar[str] = "Inception"
    sha256: ClassVar[str] = WEIGHTS_SHA256
    advice: ClassVar[str] = _WEIGHTS_ADVICE
    without: ClassVar[str] = "fc."


def weights_path(option: Path | None) -> Path | None:
    """Return the file of weights.

    It is the one given, else the one that LISA_INCEPTION names; None where there is neither.
    """
    if option is not None:
        return option
    named = os.environ.get(WEIGHTS_VARIABLE)
    return Path(named) if named else None


def resize(images: Tensor) -> Tensor:
    """Resize images bilinearly to 299 × 299 as TensorFlow 1 did, on which the network was trained.

    Output pixel i lies at input position i·size/299, without half-pixel centres or antialiasing;
    positions behind the last pixel take its value.

    Args:
        images: ``[n, channel, height, width]``, floating point.

    Returns:
        ``[n, channel, 299, 299]``.
    """
    rows, columns = (_interpolation(size).to(images) for size in images.shape[2:])
    return rows @ images @ columns.T


def _interpolation(size: int) -> Tensor:
    """Return the matrix ``[299, size]`` that interpolates along one axis."""
    places = torch.arange(SIDE, dtype=torch.float64) * size / SIDE
    below = places.long()
    above = (below + 1).clamp(max=size - 1)
    share = (places - below).unsqueeze(1)
    weights = torch.zeros(SIDE, size, dtype=torch.float64)
    weights.scatter_add_(1, below.unsqueeze(1), 1 - share)
    return weights.scatter_add_(1, above.unsqueeze(1), share)
