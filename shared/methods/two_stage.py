"""The two-stage variational autoencoder."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, check_fields
from shared.methods.variational import Variational
from shared.samplers import NoiseLevel, Sampler, TwoStage

_NOISE = "noise"


@dataclass(frozen=True)
class TwoStageVAE(Variational):
    """The two-stage VAE: KL + Σ [(x − x̂)²/2γ² + log γ] with a learned γ, and a VAE on its codes.

    With R = ½ Σ (x − x̂)² the sum is R/γ² + outputs·log γ, the negative log-likelihood of a
    decoder with noise γ without its constant; its best γ is the root mean squared error of the
    reconstruction. γ is bounded below, see `NoiseLevel`.

    On a net of another likelihood (`net.outputs` is None, e.g. derivations) there is no noise to
    learn, and the first stage is the VAE.

    References:
        Dai and Wipf, Diagnosing and Enhancing VAE Models, 2019, arXiv:1903.05789.

    Attributes:
        second_width: Units of the second stage's hidden layers, see `TwoStage`.
        second_steps: Training steps of the second stage.
    """

    name: ClassVar[str] = "2s-vae"
    title: ClassVar[str] = "2s-VAE"
    own_samplers: ClassVar[tuple[str, ...]] = ("two-stage", "prior")

    second_width: int = 256
    second_steps: int = 5000

    def __post_init__(self) -> None:
        check_fields(self, second_width=(1, 1e4), second_steps=(1, 1e7))

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the noise level γ, where the likelihood is Gaussian."""
        return {} if net.outputs is None else {_NOISE: NoiseLevel()}

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction`, R/γ² + outputs·log γ, and `kl`.

        Where γ is below one the former can be negative, as densities can exceed one.
        """
        terms = self.evidence_terms(net, x, 1.0)
        if net.outputs is not None:
            noise = net.parts[_NOISE]
            assert isinstance(noise, NoiseLevel)
            terms["reconstruction"] = noise.negative_log_likelihood(
                terms["reconstruction"], net.outputs
            )
        return terms

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the second stage, or the prior N(0, I)."""
        if name == TwoStage.kind:
            sampler = TwoStage(self.second_width, self.second_steps, seed)
            return sampler.fit(codes.mean, codes.posterior_std)
        return super().own_sampler(name, net, codes, seed)
