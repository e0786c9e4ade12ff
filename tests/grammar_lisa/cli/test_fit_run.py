import json
from contextlib import suppress
from pathlib import Path

import pytest
from small_tables import written

from grammar_lisa.cli.fit_run import create_fit, is_fit, resume_fit, tell_fit
from grammar_lisa.cli.options.fit import Options
from grammar_lisa.regression.tables.table_options import TableOptions
from shared.cli.terminal import Output, Terminal
from shared.common.errors import LisaError

TABLE = "x,y\n1,2\n2,4\n3,7\n"


def options(folder, **more):
    return Options(table=written(folder, TABLE), runs=folder / "runs", **more)


def created(given):
    """A search in its folder, which ended well."""
    with create_fit(given) as begun:
        return begun


def resumed(path, **more):
    return resume_fit(Options(resume=path, **more))


def test_a_search_is_gone_on_with_as_it_was_begun(tmp_path, monkeypatch):
    grammar = written(tmp_path, "S -> 'c' '*' 'x'\n", "lines.cfg")
    test = written(tmp_path, TABLE, "test.csv")
    begun = created(
        options(
            tmp_path,
            grammar=grammar,
            guess=("c*x", "x+1"),
            digits=3,
            seed=7,
            stop_at="r2=0.9",
            data=TableOptions(target="y", test=str(test)),
        )
    )
    assert begun.folder.path == tmp_path / "runs" / "fit-001"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    again = resumed(begun.folder.path, time="5s", jobs=2)
    told, found = again.options, begun.options
    same = ("guess", "digits", "seed", "stop_at", "operators", "max_complexity", "loss")
    assert [getattr(told, name) for name in same] == [getattr(found, name) for name in same]
    assert (told.table, told.grammar) == (found.table.resolve(), grammar.resolve())
    assert (told.data.target, Path(told.data.test)) == ("y", test.resolve())
    assert (told.time, told.jobs) == ("5s", 2)
    assert (again.front, again.seconds) == ((), 0.0)
    assert resumed(begun.folder.path, stop_at="r2=0.99").options.stop_at == "r2=0.99"


def test_what_was_found_and_how_long_it_took_is_gone_on_from(tmp_path):
    run = created(options(tmp_path)).folder
    run.write_text(
        "equations.csv",
        "complexity,loss,gain,r2,r2_test,recommended,known,formula\n"
        "1,1.0,0.0,0.0,,False,False,4\n3,0.1,1.1,0.9,,True,False,x+2\n",
    )
    run.write_json("summary.json", {"seconds": 12.5, "ending": "time"})
    again = resumed(run.path)
    assert again.front == ("4", "x+2")
    assert again.seconds == 12.5


@pytest.mark.parametrize("changed", ["t.csv", "test.csv", "lines.cfg"])
def test_files_that_have_changed_are_named(tmp_path, changed):
    grammar = written(tmp_path, "S -> 'c' '*' 'x'\n", "lines.cfg")
    data = TableOptions(test=str(written(tmp_path, TABLE, "test.csv")))
    run = created(options(tmp_path, grammar=grammar, data=data)).folder.path
    resumed(run)
    file = tmp_path / changed
    file.write_text(file.read_text() + "\n")
    with pytest.raises(LisaError, match=rf"{changed} has changed since the search began; fit it"):
        resumed(run)
    file.unlink()
    with pytest.raises(LisaError, match=rf"cannot read .*{changed}: No such file"):
        resumed(run)


def test_a_share_of_the_rows_as_a_test_is_kept(tmp_path):
    run = created(options(tmp_path, data=TableOptions(test="0.3"))).folder.path
    assert resumed(run).options.data.test == "0.3"


def test_folders_are_numbered_named_and_not_taken_twice(tmp_path):
    assert [created(options(tmp_path)).folder.path.name for _ in range(2)] == [
        *("fit-001", "fit-002")
    ]
    created(options(tmp_path, name="mine"))
    with pytest.raises(LisaError, match="holds a run already"):
        created(options(tmp_path, name="mine"))
    created(options(tmp_path, name="mine", overwrite=True))


def test_runs_of_searches_are_told_from_others(tmp_path):
    run = created(options(tmp_path)).folder.path
    other = tmp_path / "other"
    other.mkdir()
    assert (is_fit(run), is_fit(other)) == (True, False)
    (other / "config.json").write_text('{"tool": "grammar-lisa"}')
    assert not is_fit(other)


def test_what_a_run_is_is_told(tmp_path, capsys):
    run = created(options(tmp_path)).folder
    tell_fit(run.path, Terminal(Output()))
    out = capsys.readouterr().out
    assert "the search did not end; more by 'grammar-lisa fit --resume" in out
    assert f"table: {tmp_path / 't.csv'}" in out
    run.write_json("summary.json", {"seconds": 3.0, "ending": "good enough"})
    tell_fit(run.path, Terminal(Output()))
    assert "searched for 3 s: the formula is as good as --stop-at asks" in capsys.readouterr().out


@pytest.mark.parametrize("lost", ["table", "test", "grammar", "guesses"])
def test_a_damaged_record_is_named(tmp_path, lost):
    run = created(options(tmp_path)).folder.path
    config = json.loads((run / "config.json").read_text())
    del config[lost]
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(LisaError, match=r"config\.json is damaged: it lacks the table"):
        resumed(run)


def test_a_search_that_fails_leaves_no_folder_and_puts_back_what_it_replaced(tmp_path):
    with pytest.raises(ZeroDivisionError), create_fit(options(tmp_path, name="mine")):
        raise ZeroDivisionError
    assert list((tmp_path / "runs").iterdir()) == []
    before = created(options(tmp_path, name="mine", seed=1)).folder.config["created"]
    again = options(tmp_path, name="mine", overwrite=True)
    with pytest.raises(KeyboardInterrupt), create_fit(again):
        raise KeyboardInterrupt
    (folder,) = (tmp_path / "runs").iterdir()
    assert json.loads((folder / "config.json").read_text())["created"] == before


def test_a_search_that_has_found_something_stays_where_it_fails(tmp_path):
    before = created(options(tmp_path, name="mine")).folder.config["created"]
    again = options(tmp_path, name="mine", overwrite=True)
    with suppress(KeyboardInterrupt), create_fit(again) as begun:
        begun.folder.write_text("equations.csv", "")
        raise KeyboardInterrupt
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "equations.csv").is_file()
    assert json.loads((folder / "config.json").read_text())["created"] != before
