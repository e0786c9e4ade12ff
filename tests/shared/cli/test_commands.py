"""What both command lines share: exit statuses, one message, one JSON object."""

import json
import math
import os
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import numpy as np
import pytest
import tyro
from tools import finish, started

from shared.cli import commands as cli
from shared.cli.commands import Command, CommandGroup, run_tool
from shared.cli.records import (
    check_once,
    check_resumed,
    flag_value,
    named_first,
    options_from_record,
)
from shared.cli.terminal import Output, Terminal, first_process, show
from shared.common.errors import LisaError
from shared.common.words import unknown


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Do something.

    Attributes:
        number: How many.
        mode: Which way.
        text: What to say.
        path: Where.
    """

    number: int = 3
    mode: Literal["fast", "slow"] = "fast"
    text: str = ""
    path: Path | None = None


COMMANDS = {
    "sample": Command("made_up", "sample", "Draws samples."),
    "train": Command("made_up", "train", "Trains."),
}


def offer(monkeypatch, name, module):
    """Put a module in the place of both modules of a command."""
    monkeypatch.setitem(sys.modules, f"made_up.options.{name}", module)
    monkeypatch.setitem(sys.modules, f"made_up.{name}", module)


@pytest.fixture
def tool(monkeypatch):
    """Run `tool sample` with a given body."""

    def call(body, *words):
        offer(monkeypatch, "sample", SimpleNamespace(Options=Options, run=body))
        return run_tool("tool", "About the tool.", COMMANDS, ["sample", *words])

    return call


def test_a_command_is_carried_out(tool, capsys):
    seen = []
    assert tool(lambda options, _: seen.append(options), "--number", "7", "--mode", "slow") == 0
    assert seen == [Options(number=7, mode="slow")]
    assert capsys.readouterr() == ("", "")


def test_options_of_a_config_are_the_defaults(monkeypatch):
    seen = []
    module = SimpleNamespace(
        Options=Options,
        run=lambda options, _: seen.append(options),
        default_options=lambda words: Options(number=5, text=" ".join(words)),
    )
    offer(monkeypatch, "sample", module)
    assert run_tool("tool", "", COMMANDS, ["sample", "--mode", "slow"]) == 0
    assert seen == [Options(number=5, mode="slow", text="--mode slow")]


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"]])
def test_help_lists_the_commands(capsys, words):
    assert run_tool("tool", "About the tool.", COMMANDS, words) == 0
    out, err = capsys.readouterr()
    assert out.startswith("About the tool.\n")
    assert "  sample  Draws samples.\n  train   Trains.\n" in out
    assert err == ""


def test_the_version_is_that_of_the_distribution(capsys):
    assert run_tool("tool", "", COMMANDS, ["--version"]) == 0
    assert capsys.readouterr().out == f"tool {version('lisa-toolkit')}\n"


@pytest.mark.parametrize(
    ("word", "hint"), [("smaple", "did you mean 'sample'? "), ("zzz", ""), ("--number", "")]
)
def test_an_unknown_command_names_the_nearest(capsys, word, hint):
    assert run_tool("tool", "", COMMANDS, [word]) == 2
    expected = f"error: there is no command '{word}'; {hint}valid: sample, train\n"
    assert capsys.readouterr() == ("", expected)


GROUPED = COMMANDS | {
    "compare": CommandGroup(
        {
            "tables": Command("made_up", "tables", "Makes tables."),
            "plots": Command("made_up", "plots", "Makes plots."),
        },
        "Compares.",
        "What compares.",
    )
}


def test_a_member_of_a_group_is_carried_out(monkeypatch, capsys):
    seen = []
    module = SimpleNamespace(Options=Options, run=lambda options, _: seen.append(options))
    offer(monkeypatch, "tables", module)
    assert run_tool("tool", "", GROUPED, ["compare", "tables", "--number", "4"]) == 0
    assert seen == [Options(number=4)]
    with pytest.raises(SystemExit):
        run_tool("tool", "", GROUPED, ["compare", "tables", "--help"])
    assert "usage: tool compare tables" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_the_help_of_a_group_lists_its_members(capsys, word):
    assert run_tool("tool", "About the tool.", GROUPED, ["compare", word]) == 0
    assert capsys.readouterr() == (
        "What compares.\n\nusage: tool compare COMMAND [options]\n\n"
        "  tables  Makes tables.\n  plots   Makes plots.\n\n"
        "'tool compare COMMAND --help' lists the options of a command, with their defaults. What "
        "stands first\nmay be given by its name, too: info RUN is info --run RUN.\n",
        "",
    )
    assert run_tool("tool", "", GROUPED, [word]) == 0
    assert "  compare  Compares.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "'tool compare' needs the name of one of its commands: tables, plots"),
        (
            ["tabels"],
            "there is no compare command 'tabels'; did you mean 'tables'? valid: tables, plots",
        ),
        (["--json"], "there is no compare command '--json'; valid: tables, plots"),
        (["train"], "there is no compare command 'train'; valid: tables, plots"),
    ],
    ids=str,
)
def test_a_missing_or_unknown_member_names_the_valid_ones(capsys, words, message):
    assert run_tool("tool", "", GROUPED, ["compare", *words]) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


@pytest.mark.parametrize("words", [(), ("--json",), ("--quiet",), ("--json", "--quiet")])
def test_bad_input_is_one_message_and_status_2(tool, capsys, words):
    def body(options, terminal):
        terminal.result(found=1)
        raise LisaError("there is no file 'x';\n    x\n    ^\nname one")

    assert tool(body, *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: there is no file 'x';\n    x\n    ^\nname one\n"


@pytest.mark.parametrize(
    "words",
    [["--number", "many"], ["--mode", "medium"], ["--nubmer", "3"], ["--number"], ["stray"]],
)
def test_bad_options_are_status_2_and_carry_nothing_out(tool, capsys, words):
    with pytest.raises(SystemExit) as caught:
        tool(lambda *_: pytest.fail("was carried out"), *words)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words[0].strip("-") in err


def test_other_errors_are_not_hidden(tool):
    def body(options, terminal):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tool(body)


def test_an_interrupt_is_status_130(tool, capsys, monkeypatch):
    def body(options, terminal):
        raise KeyboardInterrupt

    assert tool(body) == 130
    assert capsys.readouterr() == ("", "\ninterrupted\n")

    def telling(options, terminal):
        raise KeyboardInterrupt("go on with --resume")

    assert tool(telling) == 130
    assert capsys.readouterr().err == "\ninterrupted: go on with --resume\n"

    def importing(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", importing)
    assert run_tool("tool", "", COMMANDS, ["sample"]) == 130


def strict(text):
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def body(options, terminal):
    terminal.note("a note")
    terminal.print("a line")
    terminal.table("a title", ["a", "b"], [["x", 1.0]])
    with terminal.progress("working", 4) as meter:
        meter.update(4, "fast")
    terminal.result(a=1, b={"c": [math.nan, math.inf, -math.inf, 2.5]}, d=None)
    terminal.result(
        numpy=[np.float32(0.5), np.int64(3), np.bool_(True), np.float64(math.nan)],
        pair=(1, "größer"),
        a=2,
    )


def test_json_is_one_object_on_standard_output(tool, capsys):
    assert tool(body, "--json") == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert strict(out) == {
        "a": 2,
        "b": {"c": [None, None, None, 2.5]},
        "d": None,
        "numpy": [0.5, 3, True, None],
        "pair": [1, "größer"],
    }
    assert "a note" in err
    assert "working" in err


def test_quiet_leaves_the_results_alone(tool, capsys):
    assert tool(body, "--quiet") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "a line\n" in out
    assert "a title\n" in out
    assert tool(body, "--json", "--quiet") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert strict(out)["a"] == 2


def test_text_has_no_json(tool, capsys):
    assert tool(body) == 0
    out, err = capsys.readouterr()
    assert "{" not in out
    assert out.startswith("a line\na title\n")
    assert "a note\n" in err


@pytest.mark.parametrize(
    "text",
    [
        "[red]x[/red] [/] [[1]] \\[a]",
        ":smile: {x:on:1} :x:",
        "1/3+x " * 60,
        "https://a.b 'quoted' 12 None",
        "√x – ü",
    ],
)
def test_text_is_printed_as_it_is(capsys, text):
    terminal = Terminal(Output())
    terminal.print(text)
    terminal.note(text)
    assert capsys.readouterr() == (f"{text}\n", f"{text}\n")


def test_tables_show_cells_as_they_are(capsys):
    terminal = Terminal(Output())
    rows = [["[b]x[/b] :x:", 1.23456, 10], ["[/]", math.inf, 2000], ["–", 0.5, 3]]
    terminal.table("", ["sentence", "score", "count"], rows)
    lines = capsys.readouterr().out.splitlines()
    found = [line.split("  ") for line in lines]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in found]
    assert ["sentence", "score", "count"] in cells
    assert ["[b]x[/b] :x:", "1.235", "10"] in cells
    assert ["[/]", "inf", "2000"] in cells
    ends = {len(line.rstrip()) for line in lines if any(n in line for n in ("10", "2000", " 3"))}
    assert len(ends) == 1, "numbers are not aligned on the right"


def test_an_empty_table(capsys):
    Terminal(Output()).table("nothing", ["a"], [])
    assert capsys.readouterr().out.startswith("nothing\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.123456, "0.1235"),
        (1e-9, "1e-09"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (12345, "12345"),
        ("x", "x"),
    ],
)
def test_values_in_tables(value, text):
    assert show(value) == text


def test_unknown_names():
    assert unknown("sampler", "gausian", ["uniform", "gaussian"]) == (
        "there is no sampler 'gausian'; did you mean 'gaussian'? valid: uniform, gaussian"
    )
    assert "did you mean 'G-LISA'?" in unknown("system", "g-lsia", ["GVAE", "G-LISA"])
    assert unknown("sampler", "", {"uniform": 1}) == "there is no sampler ''; valid: uniform"


def test_options_come_back_from_their_record():
    options = Options(number=-4, mode="slow", text="-x + 'a b' = --number", path=Path("a b/c"))
    record = {"number": -4, "mode": "slow", "text": options.text, "path": "a b/c"}
    assert options_from_record(Options, json.loads(json.dumps(record)), "here") == options
    assert options_from_record(Options, {}, "here") == Options()
    assert options_from_record(Options, {"path": None, "text": ""}, "here") == Options()


@dataclass(frozen=True)
class Speed:
    """Options of which one needs the other."""

    fast: bool = False
    number: int = 1

    def __post_init__(self):
        if self.fast and self.number == 1:
            raise LisaError("refused")


def test_options_that_go_together_are_read_together():
    assert options_from_record(Speed, {"fast": True, "number": 2}, "here") == Speed(True, 2)
    with pytest.raises(LisaError, match="here: the option fast cannot be True"):
        options_from_record(Speed, {"number": 1, "fast": True}, "here")


@dataclass(frozen=True)
class Limits:
    """Two numbers that are allowed apart."""

    least: int = 0
    most: int = 9

    def __post_init__(self):
        if self.least > self.most:
            raise LisaError("refused")


def test_where_each_option_alone_is_good_all_are_named():
    with pytest.raises(LisaError, match="here: the options least, most do not go together"):
        options_from_record(Limits, {"least": 6, "most": 3}, "here")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"number": 3, "mode": "medium", "text": "t"}, "here: the option mode cannot be 'medium'"),
        ({"nubmer": 3}, "here: there is no option 'nubmer'; did you mean 'number'?"),
        ({"number": "many"}, "here: the option number cannot be 'many'"),
        ({"number": [1, 2]}, "here: the option number cannot be"),
        ({"number": 2.5}, "here: the option number cannot be 2.5"),
        ({"mode": "medium"}, "here: the option mode cannot be 'medium'"),
    ],
)
def test_records_with_wrong_options_are_refused(capsys, record, words):
    with pytest.raises(LisaError) as caught:
        options_from_record(Options, record, "here")
    assert str(caught.value).startswith(words)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], None),
        (["--method"], ""),
        (["--method", "wae"], "wae"),
        (["--method=wae"], "wae"),
        (["--method=", "wae"], ""),
        (["--method", ""], ""),
        (["--method=a=b"], "a=b"),
        (["--method", "a=b"], "a=b"),
        (["--method", "wae", "--method", "vae"], "vae"),
        (["--method=wae", "--method=vae", "x"], "vae"),
        (["--methods", "wae"], None),
        (["-method", "wae"], None),
        (["method", "wae"], None),
        (["--seed", "3", "--method", "wae", "--quiet"], "wae"),
    ],
    ids=str,
)
def test_the_value_of_a_flag_is_the_last_given(words, value):
    assert flag_value(words, "method") == value


def test_a_command_may_choose_its_options_by_the_words(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Other(Options):
        """Do something else.

        Attributes:
            extra: More.
        """

        extra: float = 0.5

    seen, given = [], []

    def options_type(words):
        given.append(list(words))
        return Other if "slow" in words else Options

    module = SimpleNamespace(
        Options=Options, options_type=options_type, run=lambda options, _: seen.append(options)
    )
    offer(monkeypatch, "sample", module)
    words = ["sample", "--mode", "slow", "--extra", "2"]
    assert run_tool("tool", "", COMMANDS, words) == 0
    assert run_tool("tool", "", COMMANDS, ["sample", "--number", "4"]) == 0
    assert seen == [Other(mode="slow", extra=2.0), Options(number=4)]
    assert given == [words[1:], ["--number", "4"]]
    with pytest.raises(SystemExit):
        run_tool("tool", "", COMMANDS, ["sample", "--extra", "2"])


def test_a_choice_of_options_may_refuse(monkeypatch, capsys):
    def options_type(words):
        raise LisaError("there is no method 'x'")

    module = SimpleNamespace(Options=Options, options_type=options_type, run=None)
    offer(monkeypatch, "sample", module)
    assert run_tool("tool", "", COMMANDS, ["sample", "--help"]) == 2
    assert capsys.readouterr() == ("", "error: there is no method 'x'\n")


@dataclass(frozen=True)
class Inner:
    """What stands at the end.

    Attributes:
        weight: How much.
        deep: Whether.
        steps: How many.
    """

    weight: float = 1.0
    deep: bool = False
    steps: int | None = None

    def __post_init__(self):
        if self.weight < 0:
            raise ValueError(f"the weight {self.weight} is below 0")


@dataclass(frozen=True, kw_only=True)
class Outer(Options):
    """Do something with inner options.

    Attributes:
        inner: Options of their own.
    """

    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize(
    "inner", [Inner(), Inner(2.5, True, 3), Inner(deep=True), Inner(steps=7), Inner(1e-30)]
)
def test_options_within_options_come_back_from_their_record(inner):
    record = {"number": 5, "inner": {"weight": inner.weight, "deep": inner.deep}}
    record["inner"]["steps"] = inner.steps
    found = options_from_record(Outer, json.loads(json.dumps(record)), "here")
    assert found == Outer(number=5, inner=inner)


def test_options_within_options_stand_beside_the_others(monkeypatch):
    seen = []
    module = SimpleNamespace(Options=Outer, run=lambda options, _: seen.append(options))
    offer(monkeypatch, "sample", module)
    assert run_tool("tool", "", COMMANDS, ["sample", "--weight", "3", "--number", "2"]) == 0
    assert seen == [Outer(number=2, inner=Inner(weight=3.0))]


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ({"wieght": 3}, "here: there is no option 'wieght'; did you mean 'weight'?"),
        ({"weight": "much"}, "here: the option weight cannot be 'much'"),
        ({"weight": -1.0}, "here: the option weight cannot be -1.0"),
        ({"deep": "perhaps"}, "here: the option deep cannot be 'perhaps'"),
        ([], "here: there is no option 'inner'"),
        (None, "here: there is no option 'inner'"),
    ],
    ids=str,
)
def test_wrong_options_within_options_are_refused(capsys, inner, words):
    with pytest.raises(LisaError) as caught:
        options_from_record(Outer, {"inner": inner}, "here")
    assert str(caught.value).startswith(words)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("environment", "first"),
    [
        ({}, True),
        ({"RANK": "0", "LOCAL_RANK": "0"}, True),
        ({"RANK": "1", "LOCAL_RANK": "1"}, False),
        ({"RANK": "2", "LOCAL_RANK": "0"}, False),
        ({"LOCAL_RANK": "0"}, True),
        ({"LOCAL_RANK": "1"}, False),
    ],
    ids=str,
)
def test_only_the_first_process_speaks(tool, capsys, monkeypatch, environment, first):
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert first_process() == first
    for words in ((), ("--json",), ("--quiet",)):
        assert tool(body, *words) == 0
        out, err = capsys.readouterr()
        assert bool(out) == first
        assert bool(err) == (first and words != ("--quiet",))

    def failing(options, terminal):
        raise LisaError("no")

    def interrupted(options, terminal):
        raise KeyboardInterrupt("go on")

    for act, status, said in (
        (failing, 2, "error: no\n"),
        (interrupted, 130, "\ninterrupted: go on\n"),
    ):
        assert tool(act) == status
        assert capsys.readouterr() == ("", said if first else "")


PIPED = """
import sys, types
from shared.cli.commands import Command, Output, run_tool

def body(options, terminal):
    for number in range(LINES):
        terminal.print(f"line {number} " + "x" * WIDTH)

module = types.SimpleNamespace(Options=Output, run=body)
sys.modules |= {"made_up.many": module, "made_up.options.many": module}
sys.exit(run_tool("tool", "", {"many": Command("made_up", "many", "")}, ["many"]))
"""


@pytest.mark.parametrize(("lines", "width"), [("2", "5"), ("30000", "20")])
def test_a_reader_that_leaves_is_no_error(lines, width):
    script = PIPED.replace("LINES", lines).replace("WIDTH", width)
    reader, writer = os.pipe()
    if lines == "2":
        os.close(reader)
    with started(sys.executable, "-c", script, stdout=writer) as writing:
        os.close(writer)
        if lines != "2":
            assert os.read(reader, 6) == b"line 0"
            os.close(reader)
        result = finish(writing)
    assert (result.status, result.err) == (0, "")


def test_options_that_a_resumed_run_ignores_are_named():
    words = ["T", "--resume=R", "--max_size", "3", "--time", "5", "--json", "--loss=m", "--loss=a"]
    with pytest.raises(LisaError, match=r"leave --max-size, --loss away \(.* given is --time\)$"):
        check_resumed(words, ["time"])
    with pytest.raises(LisaError, match=r"leave --max-size, --time, --loss away$"):
        check_resumed(words, [])
    check_resumed([*words, "--help"], ["time"])
    check_resumed(["--resume", "R", "--quiet"], [])
    check_resumed(["--loss", "mae", "--", "--resumed"], [])


def test_options_that_count_once_are_given_once():
    with pytest.raises(LisaError, match="--of-one is given 2 times; give one"):
        check_once(["--of-one", "1", "--of_one=2"], other="x", of_one="give one")
    check_once(["--of-one", "--of-one-more"], of_one="give one")


@pytest.mark.parametrize("module", ["options.sample", "sample"])
def test_what_is_interrupted_as_it_is_loaded_has_not_begun(monkeypatch, capsys, module):
    class Opening(Options):
        opening = "reading"

    def interrupted(name):
        if name == f"made_up.{module}":
            raise KeyboardInterrupt
        return SimpleNamespace(Options=Opening)

    monkeypatch.setattr(cli.importlib, "import_module", interrupted)
    assert run_tool("tool", "", COMMANDS, ["sample"]) == 130
    said = capsys.readouterr().err
    assert said.endswith("\ninterrupted: nothing had begun, and nothing was kept\n")
    assert said.startswith("reading\n") == (module == "sample")


@dataclass(frozen=True, kw_only=True)
class FileOptions(Output):
    """Read a file."""

    number: int = 3
    in_file: tyro.conf.Positional[Path]


@pytest.mark.parametrize(
    "words",
    [
        ["a.txt", "--number", "4"],
        ["--number", "4", "--in-file", "a.txt"],
        ["--in-file=a.txt", "--number", "4"],
    ],
)
def test_what_stands_first_may_be_given_by_its_name(words):
    put = named_first(FileOptions, words)
    assert put == ["a.txt", "--number", "4"]


def test_words_without_that_name_stay_as_they_are():
    assert named_first(FileOptions, ["--number", "4"]) == ["--number", "4"]
    assert named_first(FileOptions, ["--in-file"]) == []
    assert named_first(Options, ["--number", "4"]) == ["--number", "4"]
