"""`grammar-lisa generate`."""

from dataclasses import asdict

from grammar_lisa.cli.options.generate import Options
from grammar_lisa.cli.runs import note_invalid, open_model
from grammar_lisa.objectives.external import failure_reasons
from grammar_lisa.objectives.generation import Generated, generate
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    folder, model = open_model(options, options.restrictions)
    found = generate(
        model,
        options.count,
        sampler=options.sampler,
        near=options.near,
        angle=options.angle,
        distance=options.distance,
        where=options.conditions,
        distinct=options.distinct,
        temperature=options.temperature,
        beams=options.beams,
        most_draws=options.most_draws,
        probe=options.probe,
        seed=options.seed,
    )
    for sentence in found.sentences:
        terminal.print(sentence)
    if options.where:
        terminal.note(_acceptance(found, options))
    if found.failed:
        failed = len(found.failed)
        lacking = counted(failed, "draw lacks", "draws lack")
        terminal.note(f"{lacking} a property: {failure_reasons(found.failed)}")
    if len(found.sentences) < options.count:
        raise LisaError(_too_few(found, options))
    note_invalid(model, found.sentences, terminal)
    terminal.result(run=str(folder.path), sentences=found.sentences)
    if options.where:
        terminal.result(plain=asdict(found.plain))
    if options.probe:
        terminal.result(probed=asdict(found.probed))


def _acceptance(found: Generated, options: Options) -> str:
    plain, probed = found.plain, found.probed
    said = " and ".join(map(str, options.conditions))
    line = f"{plain.accepted:,} of {plain.draws:,} draws have {said}: {plain.share:.4g}"
    if probed.draws:
        line += (
            f"; of those that the probe put first, {probed.accepted:,} of {probed.draws:,}: "
            f"{probed.share:.4g}"
        )
    return line


def _too_few(found: Generated, options: Options) -> str:
    """Say that there are too few sentences, and what to do."""
    kinds = "distinct sentences" if options.distinct else "sentences"
    kinds += f" with {' and '.join(map(str, options.conditions))}" if options.where else ""
    more = ", raise --most-draws" if options.where or options.most_draws else ""
    return (
        f"{counted(found.draws, 'draw')} gave {len(found.sentences):,} {kinds} only; ask for "
        f"fewer{more}, or try --temperature 1"
    )
