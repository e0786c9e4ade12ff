"""`grammar-lisa ask --run RUN --state FOLDER`."""

from collections.abc import Sequence

from grammar_lisa.cli.options.ask import Options
from grammar_lisa.cli.options.search_setup import recorded_setup
from grammar_lisa.cli.score_files import read_scores
from grammar_lisa.cli.states import check_same, create_state, state_in
from grammar_lisa.models.names import TOOL
from grammar_lisa.optimize.state import Score, SearchState
from shared.cli.terminal import Terminal, show
from shared.common.errors import LisaError
from shared.common.words import counted


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    scores = [] if options.initial is None else read_scores(options.initial)
    found = recorded_setup(options.state)
    if found is None:
        create_state(options.state, options.setup, scores)
    else:
        check_same(options.state, options.setup, found)
    with state_in(options.state) as state:
        _take_initial(state, scores, options)
        asked = state.ask(options.q)
    _report(state, options, asked, terminal)


def _take_initial(state: SearchState, scores: Sequence[Score], options: Options) -> None:
    """Take the scores that a search begins from, unless it has begun: then they must be known."""
    new = state.new_among(scores)
    if new and state.history.evaluations:
        raise LisaError(
            f"{new[0].where}: '{new[0].sentence}' is new to the search in {options.state}, which "
            f"began without it; tell its score with '{TOOL} tell --state {options.state} "
            f"{options.initial}'"
        )
    state.take(new, initial=True)


def _report(state: SearchState, options: Options, asked: list[str], terminal: Terminal) -> None:
    if not asked:
        raise LisaError(
            f"there is no new sentence to ask for: all that {state.setup.run} decodes to is known; "
            "begin another --state with a larger --pool, or train on longer sentences"
        )
    terminal.note(f"{options.setup.title}: {state.setup.config.describe()}; it sees scores alone")
    if state.setup.restrictions:
        terminal.note(f"{state.setup.restrictions}: all that is asked for obeys")
    best = state.best
    terminal.note(
        f"{counted(len(state.scored), 'sentence')} with a score"
        + ("" if best is None else f"; the best so far is {show(best.score)}: {best.sentence}")
    )
    for sentence in asked:
        terminal.print(sentence)
    terminal.result(
        state=str(options.state),
        sentences=asked,
        scored=len(state.scored),
        failed=len(state.history.evaluations) - len(state.scored),
        best=None if best is None else {"sentence": best.sentence, "score": best.score},
    )
