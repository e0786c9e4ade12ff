"""The report of a training: curves, reconstruction, samples, and the sphere of sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import SEARCH_TOOL, TOOL
from grammar_lisa.models.run import read_data, run_architecture
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.reports.recorded_search import RecordedSearch, best_cells
from grammar_lisa.reports.sentence_map import sentence_map
from shared.common.durations import duration
from shared.common.errors import LisaError
from shared.reports.charts import axis, bars, number
from shared.reports.page import (
    Block,
    Cell,
    Facts,
    Formula,
    Grid,
    Link,
    Page,
    Prose,
    Section,
    Tiles,
    missing,
)
from shared.reports.runs import curves, mapping, read_record, recorded
from shared.runs.expost import load_samplers
from shared.runs.run import SUMMARY, Run, open_run

_EXAMPLES = 12
"""Sentences of each kind that are shown."""
_UNFINISHED = "The training has not ended, so this is not known yet."


def training_page(run: Run) -> Page:
    """Return the report of a training, which may have been stopped.

    Raises:
        LisaError: A file of it is damaged.
    """
    architecture = run_architecture(run)
    summary = read_record(run, SUMMARY)
    model = load_model(run) if run.finished else None
    grammar = mapping(run.config.get("grammar")).get("source", "a grammar")
    return Page(
        f"{architecture.method.title} on the sentences of {grammar}",
        f"{TOOL} train",
        f"The {architecture.network} network, codes of {architecture.dim} numbers, sentences of at "
        f"most {architecture.max_rules} rules.",
        [
            Section("How the training went", curves(run, "nats a sentence")),
            Section("How well sentences come back", list(_reconstruction(summary, model))),
            Section("What it draws", list(_samples(summary, model))),
            Section("The sphere, and ways across it", sentence_map(run, model)),
            Section("Searches of this run", [_searches(run)]),
            Section("How it was made", [*_setup(run, summary), *recorded(run)]),
        ],
        [_tiles(summary)],
        f"{run.path.name}, a run of {TOOL}",
    )


def _tiles(summary: Mapping[str, Any]) -> Block:
    if not summary:
        return missing(_UNFINISHED)
    back, training = mapping(summary.get("reconstruction")), mapping(summary.get("training"))
    geometry = mapping(summary.get("geometry"))
    return Tiles(
        [
            ("held-out sentences that come back", share(back.get("texts", back.get("exact")))),
            ("sentences trained on", number(training.get("sentences"))),
            ("epochs", number(training.get("epochs"))),
            ("trained for", duration(training.get("seconds"))),
            ("effective rank of directions", number(geometry.get("effective_rank"))),
        ]
    )


def share(value: object) -> str:
    """Return a part of one as a percentage."""
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else "–"


def _reconstruction(summary: Mapping[str, Any], model: SentenceModel | None) -> Iterator[Block]:
    if not summary:
        yield missing(_UNFINISHED)
        return
    ranges = summary.get("by_length") or []
    if len(ranges) > 1:
        unit = model.architecture.unit if model else "rules"
        groups = {f"{_range(each)} {unit}": each["exact"] for each in ranges}
        by_length = "; ".join(f"{name}: {share(value)}" for name, value in groups.items())
        yield bars(
            "by-length",
            "How many held-out sentences come back, by length",
            f"The part of held-out sentences that comes back exactly, by length. {by_length}.",
            {"exact": groups},
            axis("come back exactly", range=[0, 1], tickformat=".0%"),
            caption=f"Of {number(summary.get('held_out'))} held-out sentences: "
            + ", ".join(
                f"{each['sentences']:,} of {n}" for n, each in zip(groups, ranges, strict=True)
            )
            + ".",
        )
    else:
        yield missing("The held-out sentences are all of about one length.")
    if model is not None:
        yield _examples(model)
    advice = summary.get("advice") or []
    if advice:
        yield Facts([(f"{place}", str(line)) for place, line in enumerate(advice)], "What may help")


def _range(each: Mapping[str, Any]) -> str:
    first, last = each["from"], each["to"]
    return str(first) if first == last else f"{first}–{last}"


def _examples(model: SentenceModel) -> Block:
    """Return some held-out sentences beside what they come back as, without refinement."""
    assert model.run is not None
    texts = derivations_to_texts(model.grammar, read_data(model.run).test[:_EXAMPLES])
    back = model.decode(model.directions(model.codes(texts, refine=False)))
    rows: list[list[Cell]] = [
        [Formula(text), Formula(other), "yes" if text == other else "no"]
        for text, other in zip(texts, back, strict=True)
    ]
    return Grid(
        "The first held-out sentences, and what they come back as",
        ["held-out sentence", "comes back as", "the same"],
        rows,
    )


def _samples(summary: Mapping[str, Any], model: SentenceModel | None) -> Iterator[Block]:
    found = mapping(summary.get("samples"))
    if not found or model is None or model.run is None:
        yield missing(_UNFINISHED)
        return
    yield Grid(
        f"Of {number(summary.get('draws'))} draws each",
        ["sampler", "are sentences", "are distinct", "are new"],
        [
            [name, *(share(each.get(key)) for key in ("valid", "unique", "novel"))]
            for name, each in found.items()
        ],
    )
    try:
        names = list(load_samplers(model.run))
        columns = {name: model.sample(_EXAMPLES, sampler=name, seed=0) for name in names}
    except LisaError as error:
        yield missing(f"No samples are shown: {error}.")
        return
    yield Grid(
        f"The first {_EXAMPLES} draws of each sampler",
        names,
        [[Formula(columns[name][row]) for name in names] for row in range(_EXAMPLES)],
    )


def _searches(run: Run) -> Block:
    rows: list[list[Cell]] = []
    for path in sorted(run.path.glob("*/config.json")):
        try:
            search = RecordedSearch.read(open_run(path.parent, SEARCH_TOOL))
        except LisaError:
            continue
        report = path.parent / "report.html"
        name = path.parent.name
        rows.append(
            [
                Link(name, f"{name}/{report.name}") if report.is_file() else name,
                Formula(search.objective_text),
                search.system,
                number(len(search.evaluations)),
                *best_cells(search),
            ]
        )
    if not rows:
        return missing(f"Nothing was searched for; '{TOOL} bo --run {run.path}' does.")
    return Grid(
        f"'{TOOL} report {run.path}/NAME' makes the report of one",
        ["search", "objective", "system", "evaluations", "best score", "best sentence"],
        rows,
    )


def _setup(run: Run, summary: Mapping[str, Any]) -> list[Block | Prose]:
    config, model = run.config, mapping(run.config.get("model"))
    method = mapping(model.get("method"))
    training, geometry = mapping(config.get("training")), mapping(summary.get("geometry"))
    pairs = [
        ("grammar", str(mapping(config.get("grammar")).get("source", "–"))),
        ("method", ", ".join(f"{name.replace('_', ' ')} {v}" for name, v in method.items())),
        ("network", str(model.get("network", "–"))),
        ("code size", number(model.get("dim"))),
        ("epochs", number(training.get("epochs"))),
        ("batch", number(training.get("batch_size"))),
        ("learning rate", number(training.get("learning_rate"))),
        ("data", str(mapping(config.get("options")).get("data") or "drawn from the grammar")),
        ("kept out", str(mapping(config.get("left_out")).get("what", "–"))),
    ]
    pairs += [(name.replace("_", " "), number(value)) for name, value in geometry.items()]
    return [Facts(pairs)]
