"""`image-lisa diagnose RUN`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from image_lisa.cli.evaluate import print_mismatch
from image_lisa.cli.measured import MeasuredRun, open_measured
from image_lisa.cli.options.diagnose import Options
from image_lisa.evaluation.diagnosis import (
    PROTOCOL,
    RADIAL,
    SPECTRUM,
    Diagnosis,
    diagnose_run,
    plot_radial,
    plot_spectrum,
)
from image_lisa.models.names import DIAGNOSIS
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.methods import method_to_record


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    runs = [open_measured(options, terminal.note)]
    for path in options.beside:
        other = open_measured(replace(options, run=path, samplers=None), terminal.note)
        if not torch.equal(other.images.test, runs[0].images.test):
            raise LisaError(
                f"{path} and {runs[0].folder.path} have other test images; runs on the same data "
                "can be shown side by side"
            )
        runs.append(other)
    protocol = replace(PROTOCOL, draws=options.draws, seed=options.seed)
    found = [
        diagnose_run(each.model, each.samplers, each.codes, each.images, protocol, terminal.note)
        for each in runs
    ]
    records = [
        {"run": str(each.folder.path), "method": method_to_record(each.model.method), **record}
        for each, record in zip(runs, found, strict=True)
    ]
    titles = _titles(runs)
    diagnoses = [Diagnosis(*pair) for pair in zip(titles, records, strict=True)]
    folder = runs[0].folder
    plot_radial(folder, diagnoses)
    plot_spectrum(folder, diagnoses)
    result = {**records[0], "beside": records[1:]}
    folder.write_json(DIAGNOSIS, result)
    terminal.result(run=str(folder.path), diagnosis=result)
    _print(terminal, diagnoses)
    names = ", ".join(str(folder.path / name) for name in (RADIAL, SPECTRUM, DIAGNOSIS))
    terminal.print(f"pictures and all numbers: {names}")


def _titles(runs: Sequence[MeasuredRun]) -> list[str]:
    """Return the methods' titles, with the run's name where a method comes twice."""
    titles = [each.model.method.title for each in runs]
    return [
        title if titles.count(title) == 1 else f"{title}, {each.folder.path.resolve().name}"
        for title, each in zip(titles, runs, strict=True)
    ]


def _print(terminal: Terminal, diagnoses: Sequence[Diagnosis]) -> None:
    terminal.table(
        "Figure 1: test error ½ Σ (x − x̂)² of codes scaled by α",
        ("run", "α = 0.1", "0.5", "1", "2", "10", "rise in [½, 2]", "all at the mean radius"),
        list(_radial_rows(diagnoses)),
    )
    terminal.table(
        "Table 1: directions of test codes",
        (
            "run",
            "λ_max",
            "λ_max / λ_min",
            "exp of entropy",
            "participation ratio",
            "gap, nats",
            "MMD²",
        ),
        list(_spectrum_rows(diagnoses)),
    )
    terminal.print(
        "The paper does not define its effective rank ρ: exp of entropy and participation ratio "
        "are the two definitions in use. MMD² is that to the uniform law (Theorem 2), σ = 0.5"
    )
    for each in diagnoses:
        terminal.print(f"\n{each.title}")
        print_mismatch(terminal, each.record["mismatch"], each.record["mismatch_reason"])
        if (found := each.record["lipschitz_loss_found"]) is not None:
            terminal.print(
                "L_ℓ serves any images; the largest distance found of a test image from a "
                f"reconstruction is {found:.4g}"
            )


def _radial_rows(diagnoses: Sequence[Diagnosis]) -> Iterator[tuple[object, ...]]:
    for each in diagnoses:
        radial = each.record["radial"]
        alphas, losses = radial["alphas"], radial["losses"]
        shown = [
            losses[min(range(len(alphas)), key=lambda i: abs(alphas[i] - alpha))]
            for alpha in (0.1, 0.5, 1.0, 2.0, 10.0)
        ]
        yield each.title, *shown, radial["sensitivity"], radial["projected"]


def _spectrum_rows(diagnoses: Sequence[Diagnosis]) -> Iterator[tuple[object, ...]]:
    names = ("lambda_max", "condition", "effective_rank", "participation_ratio")
    for each in diagnoses:
        yield (
            each.title,
            *(each.record["spectrum"][name] for name in names),
            each.record["uniformity_gap"],
            each.record["mmd2_to_uniform"],
        )
    for dim in dict.fromkeys(each.record["spectrum"]["dim"] for each in diagnoses):
        yield f"uniform law, d = {dim}", 1 / dim, 1.0, float(dim), float(dim), 0.0, 0.0
