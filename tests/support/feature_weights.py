"""Tests that need the weights of EfficientNet, which an extra brings."""

import pytest

from image_lisa.evaluation.efficientnet import PACKAGE, installed_weights

needs_weights = pytest.mark.skipif(
    installed_weights() is None, reason=f"{PACKAGE.replace('_', '-')} is not installed"
)
