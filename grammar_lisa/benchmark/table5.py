"""Table 5: six systems on one search, each trained once and searched in several trials.

A comparison is a folder: a run for each system, network and kind of sentences; in each run a folder
for each number of scored sentences that its trials begin from, and one of random points; beside the
runs, random draws from the data and from the grammar.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from grammar_lisa.benchmark.jobs import (
    RandomJob,
    SearchJob,
    TrainingJob,
    drawn_record,
    statistics_after,
)
from grammar_lisa.benchmark.table5_settings import Table5Settings
from grammar_lisa.benchmark.table5_systems import (
    ENTRIES,
    RECIPES,
    SENTENCE_KINDS,
    TABLE5_SYSTEMS,
    Table5Entry,
)
from grammar_lisa.models.names import CHARACTERS, TOOL
from grammar_lisa.objectives.decontamination import EXACT, NEAR
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.baselines import from_data, from_grammar
from grammar_lisa.optimize.config import TrialSettings
from grammar_lisa.optimize.problem import SearchedRun, SearchProblem
from grammar_lisa.optimize.trials import trial_seed
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.experiment import Plan
from shared.common.callbacks import silent
from shared.jobs.backends import Backend
from shared.jobs.folder import JobFolder
from shared.jobs.jobs import OnEnd, kept_files, run_jobs
from shared.runs.files import read_json, write_json
from shared.runs.folders import open_folder
from shared.runs.run import CONFIG, SUMMARY, open_run

TABLE5_TOOL = f"{TOOL} benchmark table5"
SOURCES: Final = ("data", "grammar")
"""What is drawn from at random beside the systems: the training sentences, the grammar."""
POINTS, RANDOM, FACTS = "points", "random", "facts.json"
_INITIAL = "initial-"
_DRAWS = 1000
"""Samples that a run's own summary is made from; no table is."""


def plan_of(setting: Table5Settings, entry: Table5Entry) -> Plan:
    """Return how the run of an entry comes about."""
    recipe = RECIPES.get(entry.network, RECIPES["dense"])
    epochs = {"kusner": setting.kusner_epochs, CHARACTERS: setting.characters_epochs}
    config = TrainConfig(
        grammar=setting.grammar,
        data=setting.data if entry.sentences == "data" else None,
        draw="uniform",
        distinct="text",
        count=setting.count,
        held_out=setting.held_out,
        max_rules=setting.max_rules,
        decontaminate="yes" if setting.how.clean else "no",
        dim=setting.dim,
        network=entry.network,
        epochs=epochs.get(entry.network, setting.epochs),
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        threads=1,
        draws=_DRAWS,
        seed=setting.seed,
    )
    return Plan(config, setting.methods[TABLE5_SYSTEMS[entry.system].method])


@dataclass(frozen=True)
class Table5Benchmark(JobFolder):
    """A folder of systems, their runs and trials.

    Attributes:
        setting: What all share.
    """

    setting: Table5Settings

    @cached_property
    def objective(self) -> Regression:
        """What sentences are scored by."""
        return regression_for(KUSNER_TARGET)

    @property
    def marks(self) -> tuple[int, ...]:
        """After how many evaluations is told what a trial reached."""
        search = self.setting.search
        return tuple(r * search.batch for r in self.setting.how.marks(search.rounds))

    def run_of(self, entry: Table5Entry) -> Path:
        """Return where the run of an entry lies."""
        return self.path / entry.name

    def train(
        self, entries: Sequence[Table5Entry], backend: Backend, on_end: OnEnd[Objective]
    ) -> list[Table5Entry]:
        """Train what is missing; gives the entries that are trained."""
        work = [TrainingJob(self.run_of(entry), plan_of(self.setting, entry)) for entry in entries]
        run_jobs(work, self.objective, backend, on_end=on_end)
        return [entry for entry, each in zip(entries, work, strict=True) if each.done]

    def trials(
        self, entries: Sequence[Table5Entry], n_initial: Sequence[int], count: int
    ) -> list[SearchJob | RandomJob]:
        """Return the trials of trained entries that are missing.

        All first trials come first, then the next.

        Raises:
            LisaError: The sentences of a run cannot be read.
        """
        found: list[SearchJob | RandomJob] = []
        problems: dict[str, SearchProblem] = {}
        for entry in entries:
            folders = [self.run_of(entry) / f"{_INITIAL}{n}" for n in n_initial]
            points = self.run_of(entry) / POINTS
            if all(_trial(path, n).is_file() for path in (*folders, points) for n in _upto(count)):
                continue
            if entry.sentences not in problems:
                problems[entry.sentences] = self._problem(entry)
            for number, path in zip(n_initial, folders, strict=True):
                found += self._searches(entry, problems[entry.sentences], path, number, count)
            found += [self._drawing(entry, number) for number in _upto(count)]
        waiting = [each for each in found if not each.done]
        return sorted(waiting, key=lambda each: int(each.path.stem.removeprefix("trial-")))

    def do_trials(
        self, trials: Sequence[SearchJob | RandomJob], backend: Backend, on_end: OnEnd[Objective]
    ) -> None:
        """Carry trials out; see `run_jobs`."""
        run_jobs(trials, self.objective, backend, on_end=on_end)

    def draw_at_random(self, entries: Sequence[Table5Entry], count: int) -> None:
        """Draw at random from the data and from the grammar, for every kind of sentences."""
        for kind in SENTENCE_KINDS:
            of_kind = [entry for entry in entries if entry.sentences == kind]
            folder = self.path / RANDOM / kind
            paths = [folder / source for source in SOURCES]
            numbers = [
                n for n in _upto(count) if not all(_trial(path, n).is_file() for path in paths)
            ]
            if not of_kind or (not numbers and (folder / FACTS).is_file()):
                continue
            problem = self._problem(of_kind[0])
            for number in numbers:
                seed = trial_seed(self.setting.seed, number)
                drawn = (
                    from_data(problem.sentences, self.marks[-1], seed),
                    from_grammar(problem.model, self.marks[-1], seed),
                )
                for source, texts in zip(paths, drawn, strict=True):
                    path = _trial(source, number)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    record = drawn_record(texts, self.marks, self.objective)
                    write_json(path, {"trial": number, "seed": seed, "at": record})
            write_json(folder / FACTS, _facts(problem))

    def present(self) -> list[Table5Entry]:
        """Return the entries that are trained, in the order of tables."""
        return [entry for entry in ENTRIES if (self.run_of(entry) / SUMMARY).is_file()]

    def records(self) -> list[dict[str, Any]]:
        """Return every trial that was kept: what it is of, and its statistics."""
        found: list[dict[str, Any]] = []
        present = self.present()
        for kind in SENTENCE_KINDS:
            for entry in present:
                if entry.sentences == kind:
                    found += self._kept(entry)
            for source in SOURCES:
                what = {"sentences": kind, "network": "", "system": f"random {source}"}
                for record in _records(self.path / RANDOM / kind / source):
                    found.append(what | {"n_initial": None} | record)
        return found

    def facts(self) -> dict[str, dict[str, int]]:
        """Count the sentences of each kind, and those that are at or near the target."""
        paths = {kind: self.path / RANDOM / kind / FACTS for kind in SENTENCE_KINDS}
        return {kind: read_json(path) for kind, path in paths.items() if path.is_file()}

    def _kept(self, entry: Table5Entry) -> Iterator[dict[str, Any]]:
        run = self.run_of(entry)
        what = {"sentences": entry.sentences, "network": entry.network, "system": entry.system}
        drawn = _records(run / POINTS)
        decodes = {record["trial"]: record["decodes"] for record in drawn}
        folders = sorted(run.glob(f"{_INITIAL}*"), key=_n_initial)
        for path in folders:
            for record in _records(path):
                more = {"n_initial": _n_initial(path), "decodes": decodes.get(record["trial"])}
                yield what | more | record
        for record in drawn:
            system = f"{entry.system}, random points"
            yield what | {"system": system, "n_initial": None} | record

    def _searches(
        self, entry: Table5Entry, problem: SearchProblem, path: Path, n_initial: int, count: int
    ) -> list[SearchJob]:
        run, setting = self.run_of(entry), self.setting
        settings = TrialSettings(
            search=setting.search,
            n_initial=n_initial,
            black_box=not setting.outputs,
            seed=setting.seed,
        )
        trials = problem.trials(run, path, count, settings)
        rounds = setting.how.marks(setting.search.rounds)
        told = partial(statistics_after, rounds=rounds, batch=setting.search.batch)
        return [SearchJob(_trial(path, each.number), each, told) for each in trials]

    def _drawing(self, entry: Table5Entry, number: int) -> RandomJob:
        run, space = self.run_of(entry), self.setting.search.space
        path = _trial(run / POINTS, number)
        return RandomJob(
            path, run, self.marks, number, trial_seed(self.setting.seed, number), space
        )

    def _problem(self, entry: Table5Entry) -> SearchProblem:
        """Return what searches of the systems that learnt from the same sentences are given."""
        run = SearchedRun.load(open_run(self.run_of(entry), TOOL))
        return run.problem(self.objective, decontaminate=self.setting.how.clean, notify=silent)


def open_table5(path: Path, setting: Table5Settings) -> Table5Benchmark:
    """Open a comparison, or begin it.

    A folder that was begun without data takes them later, and is opened without them after.

    Raises:
        LisaError: The folder was made with other settings, naming them, or grammar or data
            cannot be read.
    """
    asked = setting.record()
    recorded = None
    if (path / CONFIG).is_file():
        settings = open_run(path, TABLE5_TOOL).config.get("settings", {})
        recorded = settings.get("data") if isinstance(settings, dict) else None
    if asked["data"] is None:
        asked["data"] = recorded
    added = recorded is None and asked["data"] is not None
    folder = open_folder(path, TABLE5_TOOL, asked, ("data",) if added else (), renew=added)
    return Table5Benchmark(folder, setting)


def _facts(problem: SearchProblem) -> dict[str, int]:
    """Count sentences, and the training sentences that are at or near the target."""
    equal = int((problem.scores <= EXACT).sum())
    near = int((problem.scores < NEAR).sum()) - equal
    left_out = problem.decontamination
    return {
        "sentences": len(problem.sentences),
        "equal": equal + left_out.equal,
        "near": near + left_out.near,
    }


def _trial(folder: Path, number: int) -> Path:
    return folder / f"trial-{number:02d}.json"


def _upto(count: int) -> range:
    return range(1, count + 1)


def _n_initial(path: Path) -> int:
    return int(path.name.removeprefix(_INITIAL))


def _records(folder: Path) -> list[dict[str, Any]]:
    """Return what trials in a folder kept, by their numbers."""
    kept = map(read_json, kept_files(folder, "trial-*.json"))
    return sorted(kept, key=lambda record: int(record["trial"]))
