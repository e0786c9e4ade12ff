"""Table 5: six systems on one search, each trained once and searched in several trials.

A comparison is a folder: a run for each system, network and kind of sentences; in each run a folder
for each number of scored sentences that its trials begin from, and one of random points; beside the
runs, random draws from the data and from the grammar.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.benchmark.systems import ALL_NETWORKS, PROTOCOLS, RECIPES, SYSTEMS, Protocol
from grammar_lisa.benchmark.work import (
    Drawing,
    Searching,
    Told,
    Training,
    do_all,
    drawn_record,
    failures,
)
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.experiment import Plan, Sentences
from grammar_lisa.grammar import load_grammar
from grammar_lisa.model import TOOL, load_model, load_run_grammar, read_data
from grammar_lisa.objectives.protocol import EXACT, NEAR
from grammar_lisa.objectives.regression import KUSNER_TARGET, Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.objectives.withholding import Withhold
from grammar_lisa.search.baselines import from_data, from_grammar
from grammar_lisa.search.search import Settings
from grammar_lisa.search.trials import plan_trials
from shared.errors import LisaError
from shared.files import read_json, write_json
from shared.folders import open_folder
from shared.methods import METHODS, Method
from shared.runs import CONFIG, SUMMARY, Run, open_run
from shared.seeds import derive_seed
from shared.training import Training as Schedule

TABLE5_TOOL = f"{TOOL} benchmark table5"
KINDS: Final = ("data", "grammar")
"""The sentences that systems learn from: those of a file, or of the grammar, drawn uniformly."""
SOURCES: Final = ("data", "grammar")
"""What is drawn from at random beside the systems: the training sentences, the grammar."""
POINTS, RANDOM, FACTS = "points", "random", "facts.json"
_BEGIN = "begin-"
_DRAWS = 1000
"""Samples that a run's own summary is made from; no table is."""


@dataclass(frozen=True)
class Setting:
    """What all calls that work on one folder share.

    Attributes:
        protocol: a key of `PROTOCOLS`.
        grammar: its file.
        data: a file of sentences, or None.
        count: how many sentences train.
        held_out: how many test.
        max_rules: the most rules a sentence takes.
        dim: the code size.
        epochs: of each network.
        search: how trials search.
        seed: of everything random.
        methods: those with hyperparameters other than the defaults, by name.
    """

    protocol: str
    grammar: Path
    data: Path | None
    count: int
    held_out: int
    max_rules: int
    dim: int
    epochs: Mapping[str, int]
    search: Settings
    seed: int
    methods: Mapping[str, Method] = field(default_factory=dict)

    def method(self, name: str) -> Method:
        """A method with its hyperparameters."""
        return self.methods.get(name) or METHODS[name]()

    def hyperparameters(self) -> dict[str, Any]:
        """Those of every method that is compared, as METHOD.NAME."""
        methods = [self.method(name) for name in dict.fromkeys(s.method for s in SYSTEMS.values())]
        return {
            f"{method.name}.{name}": value
            for method in methods
            for name, value in dataclasses.asdict(method).items()
        }

    @property
    def how(self) -> Protocol:
        """The protocol."""
        return PROTOCOLS[self.protocol]

    def record(self) -> dict[str, Any]:
        """What must be the same in every call.

        Raises:
            LisaError: if grammar or data cannot be read.
        """
        return {
            "protocol": self.protocol,
            "target": KUSNER_TARGET,
            "grammar": load_grammar(self.grammar).digest,
            "data": None if self.data is None else _digest(self.data),
            **{name: getattr(self, name) for name in ("count", "held_out", "max_rules", "dim")},
            **{f"{network}_epochs": self.epochs[network] for network in ALL_NETWORKS},
            **dataclasses.asdict(self.search),
            "seed": self.seed,
            **self.hyperparameters(),
        }

    def plan(self, entry: "Entry") -> Plan:
        """How the run of an entry comes about."""
        recipe = RECIPES[entry.network]
        return Plan(
            Sentences(
                self.grammar,
                self.data if entry.sentences == "data" else None,
                self.count,
                self.held_out,
                self.max_rules,
                KUSNER_TARGET,
                "yes" if self.how.clean else "no",
                self.seed,
            ),
            entry.network,
            self.dim,
            self.method(SYSTEMS[entry.system].method),
            Schedule(
                epochs=self.epochs[entry.network],
                batch_size=recipe.batch_size,
                learning_rate=recipe.learning_rate,
                schedule=recipe.schedule,
                seed=derive_seed(self.seed, "training"),
            ),
            draws=_DRAWS,
            threads=1,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Entry:
    """One system, trained with one network on one kind of sentences.

    Attributes:
        sentences: one of `KINDS`.
        network: one of `ALL_NETWORKS`.
        system: a key of `SYSTEMS`.
    """

    sentences: str
    network: str
    system: str

    @property
    def name(self) -> str:
        """Of the run."""
        return f"{self.sentences}-{self.network}-{self.system.lower()}"


ENTRIES: Final = tuple(
    Entry(sentences, network, system.name)
    for sentences in KINDS
    for network in ALL_NETWORKS
    for system in SYSTEMS.values()
    if network in system.networks(ALL_NETWORKS[:-1])
)
"""All that a folder can hold, in the order of tables."""


@dataclass(frozen=True)
class Known:
    """The sentences that searches may begin from.

    Attributes:
        texts: the training sentences that are not withheld.
        scores: theirs, `[n]`.
        equal: how many training sentences equal the target.
        near: how many more score under 0.11.
    """

    texts: list[str]
    scores: NDArray[np.float64]
    equal: int
    near: int

    @classmethod
    def of(cls, run: Run, objective: Regression, *, clean: bool) -> "Known":
        """The sentences that a run was trained on.

        Raises:
            LisaError: if fewer than two may be begun from.
        """
        texts = derivations_to_texts(load_run_grammar(run), read_data(run).train)
        scores = objective(texts)
        equal = int((scores <= EXACT).sum())
        near = int((scores < NEAR).sum()) - equal
        kept = Withhold(objective if clean else None)(texts)
        chosen = [text for text, keep in zip(texts, kept, strict=True) if keep]
        if len(chosen) < 2:
            raise LisaError(
                f"{len(chosen)} of the {len(texts)} training sentences of {run.path} are left to "
                "begin from; a search needs at least 2: train on more with --count"
            )
        return cls(chosen, scores[kept], equal, near)


@dataclass(frozen=True)
class Comparison:
    """A folder of systems, their runs and trials.

    Attributes:
        folder: with the settings in its `config.json`.
        setting: what all share.
    """

    folder: Run
    setting: Setting

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder.path

    @cached_property
    def objective(self) -> Regression:
        """What sentences are scored by."""
        return regression_for(KUSNER_TARGET)

    @property
    def marks(self) -> tuple[int, ...]:
        """After how many evaluations is told what a trial reached."""
        search = self.setting.search
        return tuple(r * search.batch for r in self.setting.how.marks(search.rounds))

    def run_of(self, entry: Entry) -> Path:
        """Where the run of an entry lies."""
        return self.path / entry.name

    def train(self, entries: Sequence[Entry], jobs: int, tell: Told) -> list[Entry]:
        """Train what is missing; gives the entries that are trained."""
        work = [Training(self.run_of(entry), self.setting.plan(entry)) for entry in entries]
        do_all(work, self.objective, jobs, tell)
        return [entry for entry, each in zip(entries, work, strict=True) if each.done]

    def trials(
        self, entries: Sequence[Entry], begin_from: Sequence[int], count: int
    ) -> list[Searching | Drawing]:
        """The trials of trained entries that are missing: all first trials first, then the next.

        Raises:
            LisaError: if the sentences of a run cannot be read.
        """
        found: list[Searching | Drawing] = []
        known: dict[str, Known] = {}
        for entry in entries:
            folders = [self.run_of(entry) / f"{_BEGIN}{n}" for n in begin_from]
            points = self.run_of(entry) / POINTS
            if all(_trial(path, n).is_file() for path in (*folders, points) for n in _upto(count)):
                continue
            if entry.sentences not in known:
                known[entry.sentences] = self._known(entry)
            for number, path in zip(begin_from, folders, strict=True):
                found += self._searches(entry, known[entry.sentences], path, number, count)
            found += [self._drawing(entry, number) for number in _upto(count)]
        waiting = [each for each in found if not each.done]
        return sorted(waiting, key=lambda each: int(each.path.stem.removeprefix("trial-")))

    def do_trials(self, trials: Sequence[Searching | Drawing], jobs: int, tell: Told) -> None:
        """Carry trials out; see `do_all`."""
        do_all(trials, self.objective, jobs, tell)

    def draw(self, entries: Sequence[Entry], count: int) -> None:
        """Random draws from the data and from the grammar, for every kind of sentences there is."""
        for kind in KINDS:
            of_kind = [entry for entry in entries if entry.sentences == kind]
            folder = self.path / RANDOM / kind
            paths = [folder / source for source in SOURCES]
            numbers = [
                n for n in _upto(count) if not all(_trial(path, n).is_file() for path in paths)
            ]
            if not of_kind or (not numbers and (folder / FACTS).is_file()):
                continue
            known = self._known(of_kind[0])
            model = load_model(open_run(self.run_of(of_kind[0]), TOOL))
            for number in numbers:
                seed = self._seed(number)
                drawn = (
                    from_data(known.texts, self.marks[-1], seed),
                    from_grammar(model, self.marks[-1], seed),
                )
                for source, texts in zip(paths, drawn, strict=True):
                    path = _trial(source, number)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    record = drawn_record(texts, self.marks, self.objective)
                    write_json(path, {"trial": number, "seed": seed, "at": record})
            facts = {"sentences": len(known.texts), "equal": known.equal, "near": known.near}
            write_json(folder / FACTS, facts)

    def present(self) -> list[Entry]:
        """The entries that are trained, in the order of tables."""
        return [entry for entry in ENTRIES if (self.run_of(entry) / SUMMARY).is_file()]

    def records(self) -> list[dict[str, Any]]:
        """Every trial that was kept: what it is of, and its statistics."""
        found: list[dict[str, Any]] = []
        present = self.present()
        for kind in KINDS:
            for entry in present:
                if entry.sentences == kind:
                    found += self._kept(entry)
            for source in SOURCES:
                what = {"sentences": kind, "network": "", "system": f"random {source}"}
                for record in _records(self.path / RANDOM / kind / source):
                    found.append(what | {"begin_from": None} | record)
        return found

    def facts(self) -> dict[str, dict[str, int]]:
        """For each kind of sentences, how many there are and how many are at or near the target."""
        paths = {kind: self.path / RANDOM / kind / FACTS for kind in KINDS}
        return {kind: read_json(path) for kind, path in paths.items() if path.is_file()}

    def failed(self) -> dict[str, str]:
        """Why work failed that has not succeeded since."""
        return failures(self.path)

    def _kept(self, entry: Entry) -> Iterator[dict[str, Any]]:
        run = self.run_of(entry)
        what = {"sentences": entry.sentences, "network": entry.network, "system": entry.system}
        drawn = _records(run / POINTS)
        decodes = {record["trial"]: record["decodes"] for record in drawn}
        folders = sorted(run.glob(f"{_BEGIN}*"), key=_begun)
        for path in folders:
            for record in _records(path):
                more = {"begin_from": _begun(path), "decodes": decodes.get(record["trial"])}
                yield what | more | record
        for record in drawn:
            system = f"{entry.system}, random points"
            yield what | {"system": system, "begin_from": None} | record

    def _searches(
        self, entry: Entry, known: Known, path: Path, begin_from: int, count: int
    ) -> list[Searching]:
        run, search = self.run_of(entry), self.setting.search
        trials = plan_trials(
            run,
            path,
            known.texts,
            known.scores,
            count=count,
            begin_from=begin_from,
            settings=search,
            seed=derive_seed(self.setting.seed, "search"),
        )
        marks = self.setting.how.marks(search.rounds)
        return [Searching(_trial(path, each.number), run, marks, each) for each in trials]

    def _drawing(self, entry: Entry, number: int) -> Drawing:
        run = self.run_of(entry)
        return Drawing(_trial(run / POINTS, number), run, self.marks, number, self._seed(number))

    def _known(self, entry: Entry) -> Known:
        run = open_run(self.run_of(entry), TOOL)
        return Known.of(run, self.objective, clean=self.setting.how.clean)

    def _seed(self, number: int) -> int:
        """That of a trial, as `plan_trials` derives it."""
        return derive_seed(derive_seed(self.setting.seed, "search"), "trial", number)


def entries_of(
    systems: Sequence[str], networks: Sequence[str], sentences: Sequence[str]
) -> list[Entry]:
    """The entries asked for, in the order of tables."""
    return [
        entry
        for entry in ENTRIES
        if entry.system in systems
        and entry.sentences in sentences
        and entry.network in SYSTEMS[entry.system].networks(tuple(networks))
    ]


def open_comparison(path: Path, setting: Setting) -> Comparison:
    """Open a comparison, or begin it.

    A folder that was begun without data takes them later, and is opened without them after.

    Raises:
        LisaError: if the folder was made with other settings, naming them, or grammar or data
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
    return Comparison(folder, setting)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror or error}") from error


def _trial(folder: Path, number: int) -> Path:
    return folder / f"trial-{number:02d}.json"


def _upto(count: int) -> range:
    return range(1, count + 1)


def _begun(path: Path) -> int:
    return int(path.name.removeprefix(_BEGIN))


def _records(folder: Path) -> list[dict[str, Any]]:
    """What trials in a folder kept, by their numbers."""
    paths = [path for path in folder.glob("trial-*.json") if path.stem.count("-") == 1]
    return sorted((read_json(path) for path in paths), key=lambda record: int(record["trial"]))
