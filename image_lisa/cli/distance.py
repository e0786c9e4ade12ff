"""`image-lisa distance FOLDER FOLDER`."""

from image_lisa.cli.options.distance import Options
from image_lisa.cli.runs import device_of
from image_lisa.evaluation.comparison import compare_images
from image_lisa.evaluation.extractors import chosen_features, published_extractor
from image_lisa.evaluation.inception import weights_path
from image_lisa.models.names import DISTANCE_TITLES
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    weights = weights_path(options.inception_weights)
    network = chosen_features(options.features, weights) or "efficientnet"
    device = str(device_of(options.device))
    for folder in (options.first, options.second):
        if not folder.is_dir():
            raise LisaError(f"there is no folder {folder}")
    extractor = published_extractor(network, weights, device).load()
    found = compare_images(
        options.first,
        options.second,
        extractor=extractor,
        size=options.size,
        notify=terminal.note,
    )
    titles = {**DISTANCE_TITLES, "kid": "KID"}
    shown = (extractor.distance, "kid", "precision", "recall", "density", "coverage")
    terminal.table(
        f"{found['second']:,} images of {options.second} against {found['first']:,} of "
        f"{options.first}",
        [titles.get(name, name) for name in shown],
        [[found[name] for name in shown]],
    )
    terminal.result(
        first=str(options.first),
        second=str(options.second),
        distance=extractor.distance,
        measured=found,
    )
