"""The report of a run: curves, pictures, how its codes lie, and what was measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from image_lisa.models.architecture import run_architecture
from image_lisa.models.names import DIAGNOSIS, DISTANCE_TITLES, EVALUATION, TOOL
from shared.common.durations import duration
from shared.common.errors import LisaError
from shared.diagnostics import Spectrum, spectrum
from shared.methods.registry import METHODS
from shared.reports.charts import Series, axis, chart, colour_of, number
from shared.reports.page import (
    Block,
    Cell,
    Chart,
    Facts,
    Gallery,
    Grid,
    Page,
    Prose,
    Section,
    Tiles,
    missing,
)
from shared.reports.pictures import picture
from shared.reports.runs import curves, mapping, read_record, recorded
from shared.runs.expost import load_codes
from shared.runs.run import SUMMARY, Run
from shared.sphere.geometry import project_rows

_UNFINISHED = "The training has not ended, so this is not known yet."
_DRAWN_ANEW = frozenset({"curves", "radial", "spectrum"})
"""Pictures that are charts here."""
_MEASURES = ("kid", "precision", "recall", "density", "coverage")
_TITLES = {
    "reconstructions": "Images, and what they come back as",
    "interpolations": "Ways from one image to another",
}


def run_page(run: Run) -> Page:
    """Return the report of a training of images, which may have been stopped.

    Raises:
        LisaError: A file of it is damaged.
    """
    architecture = run_architecture(run)
    data = mapping(run.config.get("data"))
    summary = read_record(run, SUMMARY)
    shape = " × ".join(str(side) for side in architecture.shape)
    return Page(
        f"{architecture.method.title} on {data.get('name', 'images')}",
        f"{TOOL} train",
        f"The {architecture.network} network, codes of {architecture.dim} numbers, images of "
        f"{shape}.",
        [
            Section("What it reconstructs and draws", list(_pictures(run))),
            Section("How the training went", curves(run, "nats an image")),
            Section("How its codes lie", list(_codes(run))),
            Section("What was measured on the test images", list(_measured(run))),
            Section("How it was made", [*_setup(run), *recorded(run)]),
        ],
        [_tiles(summary, data)],
        f"{run.path.name}, a run of {TOOL}",
    )


def _tiles(summary: Mapping[str, Any], data: Mapping[str, Any]) -> Block:
    if not summary:
        return missing(_UNFINISHED)
    training, valid = mapping(summary.get("training")), mapping(summary.get("valid"))
    return Tiles(
        [
            ("validation error a pixel (MSE)", number(valid.get("mse"))),
            ("images trained on", number(data.get("train"))),
            ("best epoch", f"{mapping(summary.get('best')).get('epoch', '–')}"),
            ("trained for", duration(training.get("seconds"))),
            ("weights", number(training.get("weights"))),
        ]
    )


def _pictures(run: Run) -> Iterator[Block]:
    paths = [path for path in run.path.glob("*.png") if path.stem not in _DRAWN_ANEW]
    if not paths:
        yield missing("The run has no pictures yet; they are drawn at the end of the training.")
    order = list(_TITLES)
    paths.sort(key=lambda path: (order.index(path.stem) if path.stem in order else 9, path.stem))
    shown = {path: picture(path, _title(path.stem), _alt(path.stem)) for path in paths}
    yield Gallery([each for path, each in shown.items() if path.stem in _TITLES])
    yield Gallery([each for path, each in shown.items() if path.stem not in _TITLES])


def _alt(stem: str) -> str:
    return f"A grid of images: {_title(stem)}."


def _title(stem: str) -> str:
    if stem.startswith("samples-"):
        return f"Drawn by the sampler {stem.removeprefix('samples-')}"
    return _TITLES.get(stem, stem.replace("-", " ").capitalize())


def _codes(run: Run) -> Iterator[Block]:
    found = [read_record(run, DIAGNOSIS)]
    found += [mapping(each) for each in found[0].get("beside", [])]
    labels = {_label(each): each for each in found if each}
    if labels:
        yield _spectrum_chart({n: mapping(each.get("spectrum")) for n, each in labels.items()})
        yield _radial_chart({n: mapping(each.get("radial")) for n, each in labels.items()})
        return
    yield missing(
        f"How test codes lie was not measured; '{TOOL} diagnose {run.path}' does, and adds the "
        "curve of scaled codes (Figure 1). Shown are the codes of the training."
    )
    try:
        codes = load_codes(run).mean
    except LisaError as error:
        yield missing(f"There are no codes: {error}.")
        return

    spread: Spectrum = spectrum(project_rows(codes))
    yield _spectrum_chart({"training codes": {"eigenvalues": spread.eigenvalues.tolist()}})


def _label(record: Mapping[str, Any]) -> str:
    name = str(mapping(record.get("method")).get("name"))
    folder = str(record.get("run", "")).rpartition("/")[2]
    title = METHODS[name].title if name in METHODS else name
    return f"{title}, {folder}" if folder else title


def _spectrum_chart(spectra: Mapping[str, Mapping[str, Any]]) -> Chart | Prose:
    drawn, dims = [], dict[int, None]()
    for place, (label, each) in enumerate(spectra.items()):
        values = each.get("eigenvalues") or []
        dims[len(values)] = None
        numbers = list(range(1, len(values) + 1))
        drawn.append(Series(label, numbers, values, colour=colour_of(place), mode="lines+markers"))
    drawn += [
        Series(
            f"uniform law, 1/{dim}",
            [1, dim],
            [1 / dim, 1 / dim],
            colour="$soft",
            dash="dash",
            width=1.5,
        )
        for dim in dims
        if dim
    ]
    if not dims or not max(dims):
        return missing("The spectrum of directions is not on record.")
    return chart(
        "spectrum",
        "How evenly directions fill the sphere",
        "Eigenvalues of the second moment of directions, largest first; uniform directions have "
        "all alike.",
        drawn,
        axis("number"),
        axis("eigenvalue", type="log", exponentformat="power"),
        caption="Eigenvalues of the second moment of the directions of codes. The flatter and the "
        "nearer to the dashed line, the more of the sphere is in use.",
    )


def _radial_chart(curves_of: Mapping[str, Mapping[str, Any]]) -> Chart:
    drawn = [
        Series(
            label,
            each.get("alphas", []),
            each.get("mse", []),
            colour=colour_of(place),
            mode="lines+markers",
        )
        for place, (label, each) in enumerate(curves_of.items())
    ]
    return chart(
        "radial",
        "What scaling a code does to its image",
        f"The test error of codes multiplied by a factor, for {', '.join(curves_of)}; where only "
        "directions count it is flat.",
        drawn,
        axis("α, the factor of codes", type="log", dtick=1),
        axis("test MSE a pixel", type="log", exponentformat="power"),
        caption="Flat: the decoder sees directions only (LISA, Figure 1).",
    )


def _measured(run: Run) -> Iterator[Block]:
    record = read_record(run, EVALUATION)
    if not record:
        yield missing(
            f"Samples were not measured against test images; '{TOOL} evaluate {run.path}' does."
        )
        return
    distance = str(mapping(record.get("extractor")).get("distance"))
    protocol, real = mapping(record.get("protocol")), mapping(record.get("real"))
    head = ["images", f"{DISTANCE_TITLES.get(distance, distance)} ↓", "KID ↓"]
    rows: list[list[Cell]] = [
        [name, *(number(each.get(key)) for key in (distance, *_MEASURES))]
        for name, each in [
            ("real training images", real),
            *mapping(record.get("samplers")).items(),
        ]
    ]
    yield Grid(
        f"{number(protocol.get('draws'))} draws of each sampler against "
        f"{number(protocol.get('test'))} test images",
        [*head, *(f"{name} ↑" for name in _MEASURES[1:])],
        rows,
    )
    yield Facts(list(_values(record, distance)))


def _values(record: Mapping[str, Any], distance: str) -> Iterator[tuple[str, str]]:
    back, radial = mapping(record.get("reconstruction")), mapping(record.get("radial"))
    title = DISTANCE_TITLES.get(distance, distance)
    yield "test error a pixel (MSE)", number(back.get("mse"))
    yield f"{title} of reconstructed test images", number(back.get(distance))
    for name, value in mapping(record.get("probes")).items():
        if isinstance(value, int | float | str):
            yield f"probe, {name.replace('_', ' ')}", number(value)
    yield "uniformity gap, nats", number(record.get("uniformity_gap"))
    yield "radial sensitivity", number(radial.get("sensitivity"))


def _setup(run: Run) -> Sequence[Block]:
    config, model = run.config, mapping(run.config.get("model"))
    training, data = mapping(config.get("training")), mapping(config.get("data"))
    method = mapping(model.get("method"))
    parts = ", ".join(f"{number(data.get(n))} to {w}" for n, w in _PARTS.items())
    pairs = [
        ("data", f"{data.get('name', '–')}: {parts}"),
        ("method", ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in method.items())),
        ("network", str(model.get("network", "–"))),
        ("code size", number(model.get("dim"))),
        *((n.replace("_", " "), number(v)) for n, v in training.items() if n != "seed"),
    ]
    return [Facts(pairs)]


_PARTS = {"train": "train", "valid": "validate", "test": "test"}
