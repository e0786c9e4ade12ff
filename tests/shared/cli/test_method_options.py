"""The options of a command whose last ones are a method's."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.cli.method_options import MethodOptions, WithMethod
from shared.common.errors import LisaError
from shared.methods import LISA, VAE, WAE
from shared.methods.registry import METHODS


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod):
    """Do something.

    Attributes:
        number: A number.
        place: A path.
        name: What it is called.
    """

    number: int = 3
    place: Path | None = None
    name: str | None = None


OPTIONS = MethodOptions(Options, "tool train")


@pytest.fixture
def config(tmp_path):
    """Writes a configuration and gives its path."""

    def write(options):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"options": options}))
        return str(path)

    return write


@pytest.mark.parametrize("name", METHODS)
def test_the_options_of_a_method_end_with_its_own(name):
    kind = OPTIONS.of_method(name)
    options = kind(number=4)
    assert issubclass(kind, Options)
    assert (options.method, options.number) == (name, 4)
    assert options.hyper == METHODS[name]()
    assert kind.__doc__ == Options.__doc__


def test_without_words_the_method_is_lisa(config):
    assert OPTIONS.of_words([])().hyper == LISA()
    assert OPTIONS.of_words(["--method", "wae"])().hyper == WAE()
    assert OPTIONS.of_words(["--method=wae", "--method", "vae"])().hyper == VAE()
    path = config({"method": "wae"})
    assert OPTIONS.of_words(["--config", path])().hyper == WAE()
    assert OPTIONS.of_words(["--config", path, "--method", "vae"])().hyper == VAE()
    assert OPTIONS.defaults([]) is None
    assert OPTIONS.of_method("lisa")().hyper == LISA()


@pytest.mark.parametrize("name", METHODS)
def test_options_survive_a_record(name):
    options = OPTIONS.of_method(name)(number=4, place=Path("here"), name="mine", quiet=True)
    record = json.loads(json.dumps(OPTIONS.to_record(options, ("name",))))
    hyper = dataclasses.asdict(METHODS[name]())
    assert record == {"method": name, "number": 4, "place": "here", "hyper": hyper}
    again = OPTIONS.from_record(record, "there")
    assert (again.number, again.place, again.name, again.quiet) == (4, Path("here"), None, False)
    assert again.hyper == options.hyper


def test_a_file_gives_defaults_and_another_method_its_own(config):
    path = config({"method": "wae", "number": 5, "hyper": {"mmd_weight": 2.0}})
    assert OPTIONS.defaults(["--config", path]).hyper == WAE(2.0)
    assert OPTIONS.defaults(["--config", path, "--method", "wae"]).hyper == WAE(2.0)
    other = OPTIONS.defaults(["--config", path, "--method", "vae"])
    assert (other.number, other.method, other.hyper) == (5, "vae", VAE())


def test_options_without_a_method_are_lisas(config):
    path = config({"number": 5, "uniformity_weight": 0.5, "uniformity_t": 3.0})
    found = OPTIONS.defaults(["--config", path])
    assert (found.number, found.method, found.hyper) == (5, "lisa", LISA(0.5, 3.0))
    other = OPTIONS.defaults(["--config", path, "--method", "vae"])
    assert (other.number, other.hyper) == (5, VAE())


@pytest.mark.parametrize("config", [None, 3, {}, {"options": []}, {"options": {"method": "liza"}}])
def test_what_holds_no_options_is_refused(config):
    with pytest.raises(LisaError) as caught:
        OPTIONS.recorded(config, "there")
    assert str(caught.value) == ("there holds no options of 'tool train'; name a run's config.json")


def test_an_unknown_method_is_refused():
    with pytest.raises(LisaError, match="there is no method 'liza'; did you mean 'lisa'"):
        OPTIONS.of_words(["--method", "liza"])
    with pytest.raises(LisaError, match="there is no option 'mmd_weight'"):
        OPTIONS.from_record({"method": "lisa", "hyper": {"mmd_weight": 3}}, "there")
