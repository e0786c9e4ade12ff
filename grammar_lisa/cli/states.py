"""The folder of a search by hand, as `ask` makes it and `tell` goes on with it."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grammar_lisa.cli.options.search import recorded
from grammar_lisa.cli.options.search_setup import ASK_TOOL, SetupOptions, recorded_setup
from grammar_lisa.expressions.language import Language, PlainText
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.molecules.language import Molecules
from grammar_lisa.molecules.reading import check_installed
from grammar_lisa.optimize.spaces import space_of_run
from grammar_lisa.optimize.start import training_sentences
from grammar_lisa.optimize.state import (
    Score,
    SearchState,
    Setup,
    expressions_of,
    language_from,
    language_record,
    new_scores,
)
from shared.common.errors import LisaError
from shared.runs.folders import made_by
from shared.runs.locks import working_in
from shared.runs.run import CONFIG, Run, create_run, open_run


@contextmanager
def state_in(folder: Path) -> Iterator[SearchState]:
    """Open the search in a folder, and keep other commands out of it within the block.

    Raises:
        LisaError: There is none, a file in it is damaged, or another command is at work in it.
    """
    if not (folder / CONFIG).is_file():
        raise LisaError(
            f"{folder} holds no search; begin one with '{ASK_TOOL} --state {folder} --run RUN'"
        )
    with working_in(folder):
        options = recorded_setup(folder)
        source = str(folder / CONFIG)
        if options is None or options.run is None:
            raise LisaError(f"{source} names no run; restore it, or begin another search")
        language = language_from(open_run(folder, ASK_TOOL).config.get("language"), source)
        setup = Setup(options.run, options.search, language, options.seed, options.restrictions)
        yield SearchState.open(folder, setup)


def create_state(folder: Path, options: SetupOptions, scores: Sequence[Score]) -> None:
    """Begin a search in a folder; nothing is written if it cannot be.

    Args:
        folder: Where it is kept.
        options: What it consists of.
        scores: That are known before it begins.

    Raises:
        LisaError: The options, the run, the folder or the scores are not fit.
    """
    options.check_system()
    run = options.chosen(TOOL)
    run = Run(run.path.resolve(), run.config)
    model = load_model(run)
    space_of_run(model, run, options.search.space)
    obeying = model.obeying(options.restrictions)
    new = new_scores(scores, (), model)
    if len(new) < 2:
        training_sentences(run, obeying)
    language = _language(options.language, run, model)
    record = {
        **made_by(ASK_TOOL),
        "options": recorded(dataclasses.replace(options, run=run.path)),
        "language": language_record(language),
    }
    create_run(folder, record)
    setup = Setup(run.path, options.search, language, options.seed, options.restrictions)
    SearchState.open(folder, setup).take(new, initial=True)


def _language(name: str, run: Run, model: SentenceModel) -> Language:
    """Return the language of that name for the sentences of a run."""
    if name == "molecules":
        check_installed()
        return Molecules()
    return expressions_of(run, model) if name == "expressions" else PlainText()


def check_same(folder: Path, given: SetupOptions, recorded_options: SetupOptions) -> None:
    """Refuse options that a search was not begun with.

    Raises:
        LisaError: Naming the first.
    """
    for name, value in recorded(given, ["runs"]).items():
        before = recorded(recorded_options)[name]
        if name == "run" and value is not None:
            value = str(Path(value).resolve())
        if value not in (before, ()):
            flag = name.replace("_", "-")
            raise LisaError(
                f"the search in {folder} was begun with {flag} {before}, not {value}: leave "
                f"--{flag} away, or begin another search in another --state"
            )
