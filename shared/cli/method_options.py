"""The options of a command that trains: its own, and behind them those of the method it names."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

import tyro

from shared.cli.records import asks_for_help, flag_value, known_options, options_from_record
from shared.cli.terminal import Output
from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.methods.registry import DEFAULT_METHOD, METHODS
from shared.runs.files import read_json
from shared.runs.run import CONFIG, Run

if TYPE_CHECKING:
    from shared.methods import Method

_SET = "METHOD.HYPERPARAMETER=VALUE, as in lisa.uniformity_weight=3"


@dataclass(frozen=True, kw_only=True)
class WithMethod(Output):
    """What a command takes whose `--method` decides which options stand at the end.

    Attributes:
        method: How codes are learnt.
        hyper: The method's own options.
    """

    method: str = DEFAULT_METHOD
    hyper: tyro.conf.Suppress[Any] = None


T = TypeVar("T", bound=WithMethod)


@dataclass(frozen=True)
class MethodOptions(Generic[T]):
    """Makes the options of a command for the method that its words or a record name.

    Attributes:
        kind: The command's options, whose defaults are those of LISA.
        command: How the command is called, as messages name it.
        values: Hyperparameters other than a method's own defaults, by the names of method and data
            set.
    """

    kind: type[T]
    command: str
    values: Callable[[str, str | None], Mapping[str, Any]] = lambda method, dataset: {}

    def of_method(self, name: str, dataset: str | None = None, **members: object) -> type[T]:
        """Return the options of the command for one method, with further members of the class.

        Args:
            name: Of the method.
            dataset: Whose values are the defaults of its hyperparameters; None for the command's.
            members: Of the class.

        Raises:
            LisaError: There is no such method.
        """
        if name not in METHODS:
            raise LisaError(unknown("method", name, METHODS))
        method = METHODS[name]
        dataset = getattr(self.kind, "dataset", None) if dataset is None else dataset
        values = self.values(name, dataset)
        made = dataclasses.make_dataclass(
            self.kind.__name__,
            [
                ("method", str, field(default=name)),
                ("hyper", method, field(default_factory=partial(method, **values))),
            ],
            bases=(self.kind,),
            namespace=members,
            frozen=True,
            kw_only=True,
        )
        made.__doc__ = self.kind.__doc__
        return made

    def of_words(self, words: Sequence[str]) -> type[T]:
        """Return the options with those of the method that `--method`, else `--config`, names.

        Raises:
            LisaError: There is no such method, or the file holds no options of the command.
        """
        path, name = flag_value(words, "config"), flag_value(words, "method")
        dataset = flag_value(words, "dataset")
        if asks_for_help(words) and name is None and path is None:
            return self._overview()
        if not asks_for_help(words) and path is None:
            self._check_early(words)
            return self.of_method(DEFAULT_METHOD if name is None else name, dataset, check=_checked)
        if name is None and path is not None:
            name = self.recorded(read_json(Path(path)), path)["method"]
        return self.of_method(DEFAULT_METHOD if name is None else name, dataset)

    def _overview(self) -> type[T]:
        """Return the options of the command without any method's, and which methods there are."""
        made = dataclasses.make_dataclass("Options", [], bases=(self.kind,), frozen=True)
        about, heading, attributes = (self.kind.__doc__ or "").partition("    Attributes:")
        made.__doc__ = f"{about}    Methods: {', '.join(METHODS)}.\n\n{heading}{attributes}"
        return made

    def _check_early(self, words: Sequence[str]) -> None:
        """Check the options before the method is imported, which takes seconds.

        Raises:
            LisaError: An option of the command makes no sense.
        """
        name = flag_value(words, "method")
        if name is not None and name not in METHODS:
            raise LisaError(unknown("method", name, METHODS))
        options: Any = known_options(self.kind, words, self.command)
        if hasattr(options, "check"):
            options.check()

    def defaults(self, words: Sequence[str]) -> T | None:
        """Return the options of `--config FILE`, which flags then change; None without it.

        Another `--method` than that of the file takes its own defaults.

        Raises:
            LisaError: The file holds no options of this version.
        """
        path = flag_value(words, "config")
        if path is None:
            return None
        record = self.recorded(read_json(Path(path)), path)
        method = flag_value(words, "method")
        if method is not None and method != record["method"]:
            own = {each.name for each in dataclasses.fields(METHODS[record["method"]])}
            record = {name: record[name] for name in record.keys() - own - {"hyper"}}
            record["method"] = method
        return self.from_record(record, path)

    def from_record(self, record: Any, source: str) -> T:
        """Return the options that a run was made with, from what `to_record` gave.

        Raises:
            LisaError: Naming `source`, if there are none or one is unknown to this version.
        """
        name = record.get("method") if isinstance(record, dict) else None
        dataset = record.get("dataset") if isinstance(record, dict) else None
        kind = self.of_method(str(name), dataset if isinstance(dataset, str) else None)
        return options_from_record(kind, record, source)

    def recorded(self, config: Any, source: str) -> dict[str, Any]:
        """Return the options that a run's configuration records; without a method they are LISA's.

        Raises:
            LisaError: Naming `source`, if there are none.
        """
        record = config.get("options") if isinstance(config, dict) else None
        if not isinstance(record, dict) or not _names_method(record):
            raise LisaError(
                f"{source} holds no options of '{self.command}'; name a run's config.json"
            )
        return {"method": DEFAULT_METHOD, **record}

    def of_run(self, run: Run) -> T:
        """Return the options that a run was made with, as its configuration records them.

        Raises:
            LisaError: There are none, or one is unknown to this version.
        """
        source = str(run.path / CONFIG)
        return self.from_record(self.recorded(run.config, source), source)

    def to_record(self, options: T, passing: Iterable[str]) -> dict[str, Any]:
        """Return options as JSON values, without the `passing` ones and those of every command."""
        left_out = {*passing, "hyper", *(each.name for each in dataclasses.fields(Output))}
        plain = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(options).items()
            if name not in left_out
        }
        return {**plain, "hyper": dataclasses.asdict(options.hyper)}


def _checked(options: object) -> None:
    """Leave options alone that were checked before their method was imported."""


def _names_method(record: Mapping[str, Any]) -> bool:
    """Tell whether options record a method that there is, or LISA by recording none."""
    return record.get("method", DEFAULT_METHOD) in list(METHODS)


def set_methods(
    words: Sequence[str],
    flag: str = "--set",
    defaults: Callable[[str], Mapping[str, Any]] = lambda method: {},
) -> "dict[str, Method]":
    """Return the methods that words METHOD.HYPERPARAMETER=VALUE change, by name.

    Args:
        words: Such as vae.kl-weight=0.1.
        flag: Stands before a word in messages.
        defaults: Values of a method's hyperparameters other than its own defaults.

    Raises:
        LisaError: Naming the word that names no method, no hyperparameter, or a wrong value.
    """
    values: dict[str, dict[str, Any]] = {}
    for word in words:
        place, value = split_setting(word, flag, _SET)
        name, dot, field = place.partition(".")
        if not dot:
            raise LisaError(f"{flag} takes {_SET}, not '{word}'")
        if name not in METHODS:
            raise LisaError(f"{flag} {word}: {unknown('method', name, METHODS)}")
        source = f"{flag} {word}"
        field = field_of(METHODS[name], field, source)
        values.setdefault(name, {})[field] = value_of(METHODS[name], field, value, source)
    return {name: METHODS[name](**{**defaults(name), **given}) for name, given in values.items()}


def field_of(kind: "type[Method]", text: str, source: str) -> str:
    """Return the name of a hyperparameter as the command line writes it, with - or _.

    Raises:
        LisaError: Naming `source`, if the method has none of that name.
    """
    names = [each.name for each in dataclasses.fields(kind)]
    name = text.replace("-", "_")
    if name not in names:
        if not names:
            raise LisaError(f"{source}: the method {kind.name} has no hyperparameters")
        raise LisaError(f"{source}: {unknown(f'hyperparameter of {kind.name}', name, names)}")
    return name


def value_of(kind: "type[Method]", name: str, text: str, source: str) -> Any:
    """Return a hyperparameter's value from text.

    Raises:
        LisaError: Naming `source`, if the text is none of the hyperparameter's type.
    """
    hint = get_type_hints(kind)[name]
    holder: Any = dataclasses.make_dataclass("Holder", [(name, hint)])
    return getattr(options_from_record(holder, {name: text}, source), name)


def split_setting(text: str, flag: str, example: str) -> tuple[str, str]:
    """Return the two sides of NAME=VALUE.

    Raises:
        LisaError: There are not two.
    """
    name, _, value = text.partition("=")
    if not name.strip() or not value.strip():
        raise LisaError(f"{flag} takes {example}, not '{text}'")
    return name.strip(), value.strip()
