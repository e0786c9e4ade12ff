"""`grammar-lisa tell --state FOLDER scores.csv`."""

from grammar_lisa.cli.options.tell import Options
from grammar_lisa.cli.score_files import read_scores, score_of
from grammar_lisa.cli.states import state_in
from grammar_lisa.optimize.state import Score
from shared.cli.terminal import Terminal, show
from shared.common.errors import LisaError


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    scores = _scores(options)
    with state_in(options.state) as state:
        new = state.new_among(scores)
        state.take(new)
    failed = sum(score.score is None for score in new)
    known, best = len(scores) - len(new), state.best
    terminal.print(
        f"{len(new)} taken"
        + (f", {failed} of them without a score" if failed else "")
        + (f"; {known} known already" if known else "")
    )
    if best is not None:
        terminal.print(f"the best so far is {show(best.score)}: {best.sentence}")
    terminal.result(
        state=str(options.state),
        taken=len(new),
        failed=failed,
        known=known,
        best=None if best is None else {"sentence": best.sentence, "score": best.score},
    )


def _scores(options: Options) -> list[Score]:
    if options.file is not None and (options.sentence is not None or options.score is not None):
        raise LisaError(
            f"{options.file} and --sentence with --score both give scores; give one of them"
        )
    if options.file is not None:
        return read_scores(options.file)
    if options.sentence is None or options.score is None:
        raise LisaError("there is no score to tell: give a file, or --sentence and --score")
    return [Score(options.sentence, score_of(options.score, "--score"), "--sentence")]
