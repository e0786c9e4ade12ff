"""`grammar-lisa bo --trials 5`."""

import dataclasses

from grammar_lisa.cli.bo_objective import opened_objective
from grammar_lisa.cli.bo_report import report_search
from grammar_lisa.cli.bo_search import Search
from grammar_lisa.cli.options.bo import TABLE_FLAGS, Options
from grammar_lisa.cli.options.search import recorded
from grammar_lisa.models.names import SEARCH_TOOL, TOOL
from grammar_lisa.optimize.problem import SearchedRun
from shared.cli.jobs import on_backend
from shared.cli.option_groups import JOB_OPTIONS
from shared.cli.records import options_from_record
from shared.cli.terminal import Terminal
from shared.common.seeds import derive_seed
from shared.jobs.backends import Backend
from shared.runs.folders import made_by
from shared.runs.run import Run, create_run, next_run_path, open_run
from shared.trackers.tracker import show_pictures, tracking

_UNRECORDED = ("json", "quiet", "overwrite", "resume", "name", "track", *JOB_OPTIONS)


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    folder = None if options.resume is None else open_run(options.resume, SEARCH_TOOL)
    options = (options if folder is None else _resumed(folder, options)).settled()
    trained = options.chosen(TOOL)
    searched = SearchedRun.load(trained, options.search.space, options.restrictions)
    if options.restrictions:
        terminal.note(
            f"{options.restrictions}: {len(searched.sentences):,} training sentences obey, and all "
            "that are proposed"
        )
    points = derive_seed(options.seed, "points")
    with opened_objective(options.scoring, searched.sentences, points) as objective:
        if options.own_code:
            folder = folder or _create(trained, options, "nothing was left out", terminal)
            problem = None
        else:
            problem = searched.problem(objective, decontaminate=options.clean, notify=terminal.note)
            folder = folder or _create(trained, options, str(problem.decontamination), terminal)
        with tracking(options.track, folder, terminal.note) as tracker:
            search = Search(folder, options, backend, terminal, tracker)
            initial = search.scored_first(searched, objective) if problem is None else []
            problem = problem or searched.problem_from(objective, initial)
            outcome = search.outcome(problem, initial)
            report_search(folder, outcome, options.top, terminal)
            show_pictures(tracker, folder)


def _resumed(folder: Run, options: Options) -> Options:
    """Return the options that a search was begun with."""
    source = str(folder.path / "config.json")
    record = folder.config.get("options")
    if isinstance(record, dict):
        # Older searches record that they had no table.
        record = {n: v for n, v in record.items() if n not in TABLE_FLAGS or v is not None}
    found = options_from_record(Options, record, source)
    found.check()
    kept = {name: getattr(options, name) for name in (*JOB_OPTIONS, "track")}
    return dataclasses.replace(found, run=folder.path.parent, **kept)


def _create(trained: Run, options: Options, left_out: str, terminal: Terminal) -> Run:
    name = options.name
    path = next_run_path(trained.path, "search") if name is None else trained.path / name
    options = dataclasses.replace(options, run=trained.path)
    folder = create_run(
        path,
        {
            **made_by(SEARCH_TOOL),
            "options": recorded(options, _UNRECORDED),
            "left_out": left_out,
        },
        overwrite=options.overwrite,
    )
    terminal.note(f"search: {folder.path}")
    return folder
