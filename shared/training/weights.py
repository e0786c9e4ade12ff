"""Weights from a file into a network, refused where they are those of another."""

from collections.abc import Mapping

from torch import Tensor, nn

from shared.common.errors import LisaError


def load_weights(net: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Put weights into a net.

    Raises:
        LisaError: Names or shapes are not those of the net; `source` says where they lie.
    """
    wanted = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    wrong = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        raise LisaError(
            f"{source} does not fit this network: {name}, the first of {len(wrong)} that differ, "
            f"is {_shape(found.get(name))} there and {_shape(wanted.get(name))} here; it is of "
            "another network, or of another version of this program"
        )
    net.load_state_dict(dict(weights))


def _shape(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else f"of shape {list(shape)}"
