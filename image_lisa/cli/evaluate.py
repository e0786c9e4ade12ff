"""`image-lisa evaluate RUN`."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from image_lisa.cli.measured import MeasuredRun, open_measured
from image_lisa.cli.options.evaluate import Options
from image_lisa.cli.runs import device_of
from image_lisa.data import Images
from image_lisa.evaluation.efficientnet import ADVICE
from image_lisa.evaluation.extractors import (
    Extractor,
    check_measurable,
    chosen_features,
    default_features,
    is_simple,
    published_extractor,
    train_extractor,
)
from image_lisa.evaluation.inception import weights_path
from image_lisa.evaluation.protocol import EvaluationProtocol, draws_for
from image_lisa.evaluation.reference import Reference
from image_lisa.evaluation.report import evaluate_run, images_to_measure, seconds_for
from image_lisa.models.names import DISTANCE_TITLES, EVALUATION, FeatureName
from shared.cli.terminal import Terminal
from shared.common.durations import duration
from shared.methods import method_to_record

CLASSIFIERS = "classifiers"

_DISTANCES = ("kid", "precision", "recall", "density", "coverage")
_MISMATCH = {
    "wasserstein": "W₁",
    "baseline": "W₁ in one law",
    "risk_sampler": "R(sampler)",
    "risk_codes": "R(codes)",
    "lipschitz_decoder": "L_f ≥",
    "lipschitz_loss": "L_ℓ",
    "bound": "right side",
    "holds": "holds",
}


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    device = str(device_of(options.device))
    published = _published(options, device)
    measured = open_measured(options, terminal.note)
    images = _common(measured, terminal)
    network = published.network if published else _default(images, options, terminal)
    check_measurable(images, network)
    folder = measured.folder.path
    draws = options.draws or draws_for(len(images.test))
    protocol = EvaluationProtocol(draws=draws, seed=options.seed)
    if network == "classifier":
        place = options.classifiers or folder.resolve().parent / CLASSIFIERS
        extractor = train_extractor(place, images, device, terminal.note).load()
    else:
        extractor = (published or published_extractor(network, None, device)).load()
    count = images_to_measure(images, protocol, len(measured.samplers))
    seconds = seconds_for(extractor, images, count)
    terminal.note(
        f"features of {count:,} images, about {duration(round(seconds))}; then codes and bounds"
    )
    result = evaluate_run(
        measured.model,
        measured.samplers,
        measured.codes,
        measured.images,
        extractor,
        protocol,
        Reference(images, extractor, protocol),
        terminal.note,
    )
    record = {"method": method_to_record(measured.model.method), **result}
    measured.folder.write_json(EVALUATION, record)
    terminal.result(run=str(folder), evaluation=record)
    print_evaluation(terminal, measured.model.method.title, record)
    terminal.print(f"all numbers: {folder / EVALUATION}")


def _published(options: Options, device: str) -> Extractor | None:
    """Return the published network that options ask for, its weights verified; None for others."""
    weights = weights_path(options.inception_weights)
    network = chosen_features(options.features, weights)
    if network in (None, "classifier"):
        return None
    extractor = published_extractor(network, weights, device)
    extractor.load()
    return extractor


def _default(images: Images, options: Options, terminal: Terminal) -> FeatureName:
    """Return the network for these images where options name no published one."""
    if options.features == "classifier":
        return "classifier"
    network = default_features(images.shape)
    if network == "classifier" and not is_simple(images.shape):
        terminal.note(
            "distances are measured on the features of a classifier of these images, as the "
            f"weights of EfficientNet are not here; {ADVICE}"
        )
    return network


def _common(measured: MeasuredRun, terminal: Terminal) -> Images:
    """Return images that every run on this data set is compared with, whatever its seed and limit.

    So they are all measured by the same classifier. The test part is that of the run.
    """
    data = dataclasses.replace(measured.data, seed=0, limit=None, valid=None)
    return measured.images if data == measured.data else data.load(terminal.note)


def print_evaluation(terminal: Terminal, title: str, record: Mapping[str, Any]) -> None:
    """Print what `evaluate_run` measured, as tables."""
    distance = record["extractor"]["distance"]
    protocol = record["protocol"]
    terminal.print(_about(record["extractor"]))
    terminal.table(
        f"{title}: {protocol['draws']:,} images of each sampler against "
        f"{protocol['test']:,} test images",
        ("images", DISTANCE_TITLES[distance], "KID", *_DISTANCES[1:]),
        [
            (name, *(row.get(key) for key in (distance, *_DISTANCES)))
            for name, row in _compared(record)
        ],
    )
    terminal.table("codes and reconstructions", ("what", "value"), list(_values(record)))
    print_mismatch(terminal, record["mismatch"], record["mismatch_reason"])


def print_mismatch(
    terminal: Terminal, mismatch: Mapping[str, Mapping[str, Any]] | None, reason: str | None
) -> None:
    """Print both sides of Theorem 1 for each sampler."""
    if mismatch is None:
        terminal.print(f"no bound: {reason}")
        return
    rows = [(name, *(_answer(row[key]) for key in _MISMATCH)) for name, row in mismatch.items()]
    terminal.table(
        "Theorem 1: R(sampler) ≤ R(codes) + L_f · L_ℓ · W₁ (Eq. 24); W₁ in radians, R in nats",
        ("sampler", *_MISMATCH.values()),
        rows,
    )


def _answer(value: object) -> object:
    return ("no", "yes")[value] if isinstance(value, bool) else value


def _about(extractor: Mapping[str, Any]) -> str:
    if extractor["distance"] == "fid":
        return "FID: on Inception's features"
    if extractor["distance"] == "fde":
        return (
            "FD (EfficientNet): the Fréchet distance on features of EfficientNet-Lite0, trained on "
            "ImageNet; it compares with no FID"
        )
    kind = "clusters of training images" if extractor["labels"] == "clusters" else "labels"
    return (
        "FD (classifier): the Fréchet distance on features of the tool's own classifier, trained "
        f"on {kind} (test accuracy {100 * extractor['accuracy']:.1f} %); it compares with no FID"
    )


def _compared(record: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield f"real: {record['real']['images']:,} training images", record["real"]
    yield from record["samplers"].items()


def _values(record: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    rec, spectrum, radial = record["reconstruction"], record["spectrum"], record["radial"]
    yield "test reconstruction, ½ Σ (x − x̂)²", rec["test"]
    yield "test MSE a pixel", rec["mse"]
    distance = record["extractor"]["distance"]
    yield f"{DISTANCE_TITLES[distance]} of reconstructed test images", rec[distance]
    yield from _accuracies(record["probes"])
    yield "λ_max of directions", spectrum["lambda_max"]
    yield "λ_max / λ_min", spectrum["condition"]
    yield f"effective rank, of {spectrum['dim']}", spectrum["effective_rank"]
    yield f"participation ratio, of {spectrum['dim']}", spectrum["participation_ratio"]
    yield "uniformity gap, nats", record["uniformity_gap"]
    yield "radial sensitivity: rise of the error for α in [½, 2]", radial["sensitivity"]
    yield "error of codes at their own radius, nats", radial["own"]
    yield "error of codes at the mean radius, nats", radial["projected"]


def _accuracies(probes: Mapping[str, Any] | None) -> Iterator[tuple[str, object]]:
    if probes is None:
        yield "probe accuracy", "no labels"
    elif "reason" in probes:
        yield "probe accuracy", probes["reason"]
    else:
        yield "probe accuracy, linear", probes["linear"]
        yield "probe accuracy, MLP", probes["mlp"]
        yield "probe accuracy by chance", probes["chance"]
