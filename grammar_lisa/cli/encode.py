"""`grammar-lisa encode`."""

from pathlib import Path

import numpy as np

from grammar_lisa.cli.code_files import write_codes
from grammar_lisa.cli.options.encode import Options
from grammar_lisa.cli.runs import open_model
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.models.sentence_model import SentenceModel
from shared.cli.table_files import check_kind
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if options.out is not None:
        check_kind(options.out)
    if not options.sentences and options.file is None:
        raise LisaError("there is nothing to encode; give sentences, or a --file of them")
    folder, model = open_model(options)
    sentences = [
        *options.sentences,
        *(_texts(options.file, options.column, model, terminal) if options.file else []),
    ]
    if not sentences:
        raise LisaError(f"there is nothing to encode: {options.file} holds no sentences")
    codes = model.codes(
        sentences, refine=options.refine, work=options.refine_work, notify=terminal.note
    )
    exact = model.reconstructed(sentences, codes)
    for sentence in np.array(sentences)[~exact]:
        terminal.note(f"the code of this sentence decodes to another one: {sentence}")
    if options.directions:
        codes = model.directions(codes).astype(np.float32)
    if options.out is None:
        for code in codes.tolist():
            terminal.print(" ".join(f"{value:.6g}" for value in code))
    else:
        write_codes(options.out, codes, sentences)
        terminal.note(f"{counted(len(codes), 'code')} of size {model.dim} in {options.out}")
    terminal.result(
        run=str(folder.path), sentences=sentences, codes=codes.tolist(), exact=exact.tolist()
    )


def _texts(path: Path, column: str | None, model: SentenceModel, terminal: Terminal) -> list[str]:
    """Return the sentences of a file, as yet unparsed.

    Raises:
        LisaError: It cannot be read.
    """
    file = SentenceFile(path, column)
    return [text for _, text in file.lines(model.parser.reads, terminal.note)]
