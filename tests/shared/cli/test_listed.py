"""Options that hold several values."""

from dataclasses import dataclass

import pytest
import tyro

from shared.cli.listed import Integers, Names, Numbers, parts_of
from shared.cli.records import TYRO


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Take lists."""

    names: Names = ("a", "b")
    integers: Integers = ()
    numbers: Numbers = ()


def read(*words):
    return tyro.cli(ListOptions, args=list(words), config=TYRO)


def test_values_stand_between_commas_each_once():
    assert read("--names", "x, y,,x").names == ("x", "y")
    assert read("--integers", "500,5000", "--numbers=0,0.01") == ListOptions(
        integers=(500, 5000), numbers=(0.0, 0.01)
    )


def test_without_the_option_its_default_stays(capsys):
    assert read().names == ("a", "b")
    with pytest.raises(SystemExit):
        read("--help")
    assert "NAME,NAME,…" in (shown := capsys.readouterr().out)
    assert "a,b" in shown


@pytest.mark.parametrize(
    "words", [("--integers", "5,x"), ("--numbers", "a"), ("--names", "a", "b")]
)
def test_what_is_no_list_is_refused(words, capsys):
    with pytest.raises(SystemExit):
        read(*words)
    said = capsys.readouterr()
    assert words[0] in said.out + said.err or "unrecognized" in (said.out + said.err).lower()


def test_nothing_between_commas_is_nothing():
    assert parts_of(" , ") == ()
