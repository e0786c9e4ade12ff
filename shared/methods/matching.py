"""Methods that match the codes of a whole batch to a prior."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from shared.common.collective import gather_rows
from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, check_fields
from shared.methods.deterministic import AE
from shared.methods.mmd import mmd2
from shared.methods.variational import Variational
from shared.samplers import DiagonalMixture, Sampler, StandardNormal
from shared.samplers.gaussians import kl_to_standard, sample_gaussian


@dataclass(frozen=True)
class WAE(AE):
    """The Wasserstein autoencoder with a kernel penalty: R + λ·MMD²(codes, N(0, I)).

    MMD² is the unbiased estimate of `mmd2` between the batch's codes and as many draws of the
    prior, anew each step; see there for several devices.

    λ is against R = ½ Σ (x − x̂)². The published 10 and 100 are against a cost ‖x − x̂‖² without
    the ½, so that 5 and 50 would be the same trade-off here.

    References:
        Tolstikhin et al., Wasserstein Auto-Encoders, 2017, arXiv:1711.01558, Algorithm 2.

    Attributes:
        mmd_weight: λ, the weight of the discrepancy.
    """

    name: ClassVar[str] = "wae"
    title: ClassVar[str] = "WAE"
    own_samplers: ClassVar[tuple[str, ...]] = ("prior",)

    mmd_weight: float = 10.0

    def __post_init__(self) -> None:
        check_fields(self, mmd_weight=(0, 1e6))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `mmd`, λ times the squared discrepancy."""
        z = self.encode(net, x)
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "mmd": self.mmd_weight * mmd2(z, torch.randn_like(z)),
        }

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the prior N(0, I)."""
        if name == "prior":
            return StandardNormal().fit(codes.mean)
        return super().own_sampler(name, net, codes, seed)


@dataclass(frozen=True)
class InfoVAE(Variational):
    """The InfoVAE: R + (1 − α)·KL(q(z|x) ‖ N(0, I)) + (α + λ − 1)·MMD²(q(z), N(0, I)).

    MMD² is the unbiased estimate of `mmd2` between one draw of each posterior of the batch, the
    one that is decoded, and as many draws of the prior. With α = 0 and λ = 1 it is the VAE.

    References:
        Zhao, Song and Ermon, InfoVAE, 2017, arXiv:1706.02262, Eq. 6.

    Attributes:
        alpha: α, at most 1: how much information of x in z is preferred.
        mmd_weight: λ, at least 1 − α. The authors take 1000 beside another reconstruction and
            another kernel; from 100 on, here, the divergence drowns the reconstruction of MNIST.
    """

    name: ClassVar[str] = "infovae"
    title: ClassVar[str] = "InfoVAE"

    alpha: float = 0.0
    mmd_weight: float = 10.0

    def __post_init__(self) -> None:
        check_fields(self, alpha=(-1e6, 1), mmd_weight=(0, 1e6))
        if self.alpha + self.mmd_weight < 1:
            raise LisaError(
                f"{self.name}: alpha + mmd-weight must be at least 1, "
                f"not {self.alpha} + {self.mmd_weight}"
            )

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction`, `kl` and `mmd`, the last two with their weights."""
        mean, log_variance = self.posterior(net, x)
        z = sample_gaussian(mean, log_variance)
        kl = kl_to_standard(mean, log_variance).mean()
        weight = self.alpha + self.mmd_weight - 1
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": (1 - self.alpha) * kl,
            "mmd": weight * mmd2(z, torch.randn_like(z)),
        }


@dataclass(frozen=True)
class GMMDAE(AE):
    """The autoencoder whose codes are shaped into a mixture: R + w_ks·KS + w_cov·COV.

    The prior is the mixture of K unit Gaussians at the first K unit vectors e_k, with equal
    weights. With z_(r) the codes of an axis in ascending order, r = 1 … n, F the prior's
    distribution function on that axis and S, Σ the covariances of codes and of prior,

    - KS is the mean of (r/(n + 1) − F(z_(r)))² over codes and axes,
    - COV is the mean of (S − Σ)² over all entries.

    r/(n + 1) is the expectation of F(z_(r)) under the prior, so that KS is least in expectation
    there. S has the divisor n − 1. Each w is one over its term's expectation on a batch of n codes
    drawn from the prior, so that either weighted term is 1 in expectation where the codes follow
    the prior. The reference estimates these expectations by drawing such batches; here they are
    exact for every n, so nothing is drawn and nothing depends on a seed, see `expected_rank_error`
    and `expected_covariance_error`.

    Where torch.distributed runs with several processes, both terms are of the global batch: every
    process must compute the loss together.

    References:
        Saseendran, Skubch, Falkner and Keuper, Shape your Space: A Gaussian Mixture
        Regularization Approach to Deterministic Autoencoders, 2021 (NeurIPS 34).

    Attributes:
        components: K, the number of Gaussians; codes of fewer axes get one Gaussian an axis.
    """

    name: ClassVar[str] = "gmm-dae"
    title: ClassVar[str] = "GMM-DAE"
    own_samplers: ClassVar[tuple[str, ...]] = ("prior",)

    components: int = 10

    def __post_init__(self) -> None:
        check_fields(self, components=(1, 100_000))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction`, `ranks`, w_ks·KS, and `covariance`, w_cov·COV."""
        z = self.encode(net, x)
        codes = gather_rows(z if z.dtype == torch.float64 else z.float())
        if (n := len(codes)) < 2:
            raise LisaError(f"{self.name}: a covariance needs 2 codes or more, not {n}")
        means = self.means(net.dim, codes)
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "ranks": rank_error(codes, means) / expected_rank_error(n),
            "covariance": covariance_error(codes, means) / expected_covariance_error(n, means),
        }

    def means(self, dim: int, like: Tensor) -> Tensor:
        """Return means e_k of the prior, `[component, dim]`, of the type and device of `like`."""
        return torch.eye(min(self.components, dim), dim, dtype=like.dtype, device=like.device)

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the prior, a mixture of unit Gaussians."""
        if name != "prior":
            return super().own_sampler(name, net, codes, seed)
        means = self.means(net.dim, torch.empty(0, dtype=torch.float64))
        return DiagonalMixture(means, torch.ones_like(means))


def rank_error(codes: Tensor, means: Tensor) -> Tensor:
    """Return the mean over codes and axes of (r/(n + 1) − F(z_(r)))², see `GMMDAE`.

    Args:
        codes: Codes ``[n, dim]``.
        means: Unit vectors ``[component, dim]``, the means of equally weighted unit Gaussians.

    Returns:
        A scalar, differentiable.
    """
    n = len(codes)
    ranks = torch.arange(1, n + 1, dtype=codes.dtype, device=codes.device) / (n + 1)
    ascending = codes.sort(0).values
    # On any one axis the components lie at 0 or at 1.
    at_one = means.mean(0)
    below = torch.special.ndtr(ascending)
    cumulative = below + at_one * (torch.special.ndtr(ascending - 1) - below)
    error: Tensor = (ranks[:, None] - cumulative).square().mean()
    return error


def covariance_error(codes: Tensor, means: Tensor) -> Tensor:
    """Return the mean over entries of (S − Σ)², see `GMMDAE`; arguments as of `rank_error`."""
    prior = torch.eye(means.shape[1], dtype=means.dtype, device=means.device)
    prior = prior + torch.cov(means.T, correction=0)
    return (torch.cov(codes.T) - prior).square().mean()


def expected_rank_error(n: int) -> float:
    """Return the expectation of `rank_error` on n draws of any prior, 1/(6·(n + 1)).

    F(z_(r)) is the r-th of n ordered uniform numbers: it has mean r/(n + 1) and variance
    r·(n + 1 − r)/((n + 1)²·(n + 2)).
    """
    return 1 / (6 * (n + 1))


def expected_covariance_error(n: int, means: Tensor) -> Tensor:
    """Return the expectation of `covariance_error` on n draws of the prior, in closed form.

    Var S_ij = (μ_ij − Σ_ij²·(n − 2)/(n − 1) + Σ_ii Σ_jj/(n − 1))/n, where μ_ij is the fourth
    moment E[(z_i − m_i)²(z_j − m_j)²] (Kendall and Stuart, The Advanced Theory of Statistics,
    section 13). A draw is a mean b plus independent unit noise, hence with centred means
    μ_ij = E[(b_i² + 1)(b_j² + 1)] off the diagonal and E[b_i⁴] + 6·E[b_i²] + 3 on it.

    Args:
        n: Codes a batch, at least 2.
        means: Means of unit Gaussians ``[component, dim]``, weighted equally.

    Returns:
        A scalar.
    """
    centred = means - means.mean(0)
    squares = centred.square()
    identity = torch.eye(means.shape[1], dtype=means.dtype, device=means.device)
    second = identity + centred.T @ centred / len(means)
    fourth = (squares + 1).T @ (squares + 1) / len(means)
    fourth = fourth + torch.diag(4 * squares.mean(0) + 2)
    variances = second.diagonal()
    spread = torch.outer(variances, variances)
    return ((fourth - second.square() * (n - 2) / (n - 1) + spread / (n - 1)) / n).mean()
