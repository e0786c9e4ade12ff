"""`grammar-lisa encode`."""

from pathlib import Path

import numpy as np

from grammar_lisa.cli.code_files import check_codes_file, write_codes
from grammar_lisa.cli.options.encode import Options
from grammar_lisa.cli.runs import open_model
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    if options.out is not None:
        check_codes_file(options.out)
    sentences = [*options.sentences, *(_lines(options.file) if options.file else [])]
    if not sentences:
        raise LisaError("there is nothing to encode; give sentences, or a --file of them")
    folder, model = open_model(options)
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


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LisaError(f"cannot read {path}: {error}") from error
    return [line.strip() for line in lines if line.strip()]
