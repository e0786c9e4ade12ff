"""Autoencoders whose code is a point: plain, on the sphere, and with explicit penalties."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Method, check_fields


@dataclass(frozen=True)
class AE(Method):
    """The plain autoencoder: R alone."""

    name: ClassVar[str] = "ae"
    title: ClassVar[str] = "AE"

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the term `reconstruction`."""
        z = self.encode(net, x)
        return {"reconstruction": self.reconstruction(net, x, z).mean()}


@dataclass(frozen=True)
class AESphere(AE):
    """The autoencoder that decodes directions: R with the decoder on u = z/‖z‖.

    It is LISA without its uniformity loss. No mean code is subtracted first, unlike in the
    reference.

    References:
        Zhao et al., Latent Variables on Spheres for Autoencoders in High Dimensions, 2019,
        arXiv:1912.10233.
    """

    name: ClassVar[str] = "ae-sphere"
    title: ClassVar[str] = "AE (Sphere)"
    spherical: ClassVar[bool] = True


@dataclass(frozen=True)
class Regularised(AE):
    """An autoencoder whose codes are pulled to the origin: R + β·‖z‖² + a penalty on the decoder.

    R = ½ Σ (x − x̂)² is a sum over the P numbers of an example and ‖z‖² one over the d numbers of a
    code. In the authors' code R is the mean of (x − x̂)² over the P numbers, without the ½, and the
    norm the mean of z² over the d numbers. What weighs as much there as here:

    - β there is β·P/(2d) here: 1e-4 on MNIST, which they pad to P = 32 × 32, with d = 16 is 3.2e-3;
    - λ there, of a penalty that is a sum in both, is λ·P/2 here: 1e-7 on MNIST is 5.12e-5.

    The defaults are those of MNIST; `image_lisa.training.published` has those of other data.

    References:
        Ghosh et al., From Variational to Deterministic Autoencoders, 2019, arXiv:1903.12436.

    Attributes:
        code_weight: β, the weight of the squared norm of a code, a sum over its numbers and a mean
            over the batch.
    """

    code_weight: float = 3.2e-3

    def code_term(self, z: Tensor) -> Tensor:
        """Return β times the mean of ‖z‖² over the batch."""
        return self.code_weight * z.square().sum(1).mean()


@dataclass(frozen=True)
class RAEL2(Regularised):
    """The autoencoder with weight decay on its decoder: R + β·‖z‖² + λ·‖θ_D‖².

    θ_D are all weights that the decoder uses. Their penalty does not depend on the batch. See
    `Regularised` for what the weights are against.

    References:
        Ghosh et al., From Variational to Deterministic Autoencoders, 2019, arXiv:1903.12436,
        section 3.

    Attributes:
        code_weight: β, the weight of the squared norm of a code, a sum over its numbers.
        decoder_weight: λ, the weight of the squared norm of the decoder's parameters, a sum over
            all of them.
    """

    name: ClassVar[str] = "rae-l2"
    title: ClassVar[str] = "RAE-L2"

    decoder_weight: float = 5.12e-5

    def __post_init__(self) -> None:
        check_fields(self, code_weight=(0, 1e6), decoder_weight=(0, 1e6))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction`, `code`, β·‖z‖², and `decoder`, λ·‖θ_D‖²."""
        z = self.encode(net, x)
        squares = [weight.square().sum() for weight in net.decoder_parameters()]
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "code": self.code_term(z),
            "decoder": self.decoder_weight * torch.stack(squares).sum(),
        }


@dataclass(frozen=True)
class RAEGP(Regularised):
    """The autoencoder with a smooth decoder: R + β·‖z‖² + λ·½‖∇_z D(z)‖².

    ∇_z D is the Jacobian of what the net decodes, images or logits, with respect to the code and
    ‖·‖ its Frobenius norm, estimated by `jacobian_penalty`. The penalty also moves the encoder,
    since it depends on where the codes lie. See `Regularised` for what the weights are against;
    the Jacobian's squared norm is a sum over pixels as R is.

    References:
        Ghosh et al., From Variational to Deterministic Autoencoders, 2019, arXiv:1903.12436,
        section 3.

    Attributes:
        code_weight: β, the weight of the squared norm of a code, a sum over its numbers.
        gradient_weight: λ, the weight of half the squared norm of the Jacobian, a sum over the
            numbers of an example and of a code.
        probes: Random projections a step, each of which costs about one more pass through the
            decoder.
    """

    name: ClassVar[str] = "rae-gp"
    title: ClassVar[str] = "RAE-GP"

    gradient_weight: float = 2.56e-5
    probes: int = 1

    def __post_init__(self) -> None:
        check_fields(self, code_weight=(0, 1e6), gradient_weight=(0, 1e6), probes=(1, 1000))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction`, `code`, β·‖z‖², and `gradient`, λ·½‖∇_z D(z)‖²."""
        z = self.encode(net, x)
        learning = torch.is_grad_enabled()
        with torch.enable_grad(), differentiable_twice(net):
            # Without a graph of the encoder the code becomes a variable of its own.
            z = z if z.requires_grad else z.detach().requires_grad_()
            decoded = net.decode(self.to_decoder(net, z))
            norms = jacobian_penalty(z, decoded, self.probes, learning)
        return {
            "reconstruction": net.reconstruction_loss(x, decoded).mean(),
            "code": self.code_term(z),
            "gradient": self.gradient_weight * 0.5 * norms.mean(),
        }


def jacobian_penalty(z: Tensor, decoded: Tensor, probes: int, create_graph: bool) -> Tensor:
    """Estimate ‖∂D/∂z‖² of each example, the squared Frobenius norm of its Jacobian.

    For v with mean zero and identity covariance E‖Jᵀv‖² = ‖J‖², so the mean of ‖Jᵀv‖² over
    standard normal v is unbiased (Hutchinson 1990). Where the decoder couples the examples of a
    batch, as batch normalisation does in training, J is the Jacobian of the whole batch's output
    with respect to one code.

    Args:
        z: Codes ``[batch, dim]`` that `decoded` was computed from, with a gradient.
        decoded: What was decoded, ``[batch, ...]``.
        probes: Random projections; the estimate is their mean.
        create_graph: Whether the estimate is to be differentiated.

    Returns:
        Estimates ``[batch]``; zero where `decoded` does not depend on the code.
    """
    total = z.new_zeros(len(z))
    for _ in range(probes):
        (pulled,) = torch.autograd.grad(
            decoded,
            z,
            torch.randn_like(decoded),
            create_graph=create_graph,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        total = total + pulled.square().sum(1)
    return total / probes


def differentiable_twice(net: nn.Module) -> AbstractContextManager[None]:
    """Return a context in which a net's recurrent layers have second derivatives.

    Those of cuDNN have none.
    """
    if any(isinstance(layer, nn.RNNBase) for layer in net.modules()):
        context: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=False)
        return context
    return nullcontext()
