import pytest
from command_line import TOOL, succeed
from small_tables import PLAIN, written


def test_a_formula_is_scored_in_the_unit_of_the_table(tmp_path):
    path = written(tmp_path, "x,y\n1,1e9\n2,2e9\n3,3e9\n4,5e9\n")
    result = succeed("score", path, "--expression", "1e9*x", "--json", "--quiet").json
    assert result["formula"] == "1e9*x"
    assert result["max_error"] == 1e9
    assert result["rmse"] == 0.5e9
    assert result["r2"] == pytest.approx(1 - 1 / 8.75)
    assert (result["rows"], result["test"], result["constants"]) == (4, None, [])


def test_what_was_read_is_told_and_what_was_found_printed(tmp_path):
    path = written(tmp_path, "Time (s),k,y\n1,a,2\n2,b,4\n3,c,6.5\n")
    result = succeed("score", path, "--expression", "2*Time_s")
    assert "the target is y, the last column; --target names another" in result.err
    assert "in formulas Time (s) is Time_s" in result.err
    assert "y from Time_s: 3 rows" in result.out
    assert "y = 2*Time_s" in result.out
    assert "0.9754" in result.out
    assert succeed("score", path, "--expression", "2*Time_s", "--quiet").err == ""


def test_constants_are_fitted_and_judged_on_other_rows(tmp_path):
    path = written(tmp_path, PLAIN)
    words = ("score", path, "--expression", "c*x**2+c", "--test", "0.3", "--json", "--quiet")
    result = succeed(*words).json
    assert result["constants"] == ["5", "0.5"]
    assert result["test"]["rows"] == 2
    assert result["test"]["r2"] == pytest.approx(1)
    assert "test" in succeed(*words[:-2]).out


def test_the_loss_is_told(tmp_path, monkeypatch):
    (tmp_path / "cubes.py").write_text("def cube(y, f):\n    return abs(y - f) ** 3\n")
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, "x,y\n1,1\n2,2\n3,3\n4,5\n")
    words = ("score", path, "--expression", "x", "--test", "0.25", "--json", "--quiet")
    losses = {name: succeed(*words, "--loss", name).json for name in ("mse", "mae", "cubes:cube")}
    assert losses["mse"]["loss"] == pytest.approx(1 - losses["mse"]["r2"])
    assert len({result["loss"] for result in losses.values()} - {0.0}) == 3
    assert losses["mae"]["test"]["loss"] >= 0
    assert "loss (cubes:cube)" in succeed(*words[:4], "--loss", "cubes:cube").out
    assert succeed("score", path, "--expression", "log(x-3)", "--json").json["loss"] is None


def test_columns_are_read_by_the_names_of_the_file_too(tmp_path):
    path = written(tmp_path, "Δt,x y,lambda,y\n1,2,3,2\n2,3,5,4\n3,1,1,6\n")
    result = succeed("score", path, "--expression", "c*Δt+0*lambda", "--json", "--quiet").json
    assert result["formula"] == "2*Deltat+0*lambda_"
    refused = TOOL.refusal("score", path, "--expression", "c*t1")
    said = "it has Δt (Deltat in formulas), x y (x_y in formulas), lambda (lambda_ in formulas), y"
    assert said in " ".join(refused.split())
    assert "where t1 is a number to be fitted, write c" in " ".join(refused.split())
    refused = TOOL.refusal("score", path, "--features", "Δt", "--expression", "c*q+Δt")
    assert "unknown variable q; valid are Deltat, c" in refused
    assert "the table has Δt (Deltat in formulas)" in refused
    refused = TOOL.refusal("score", path, "--target", "Δt", "--expression", "c*Δt")
    assert "--expression uses Δt, which is the target" in refused


def test_rows_without_a_value_are_told(tmp_path):
    path = written(tmp_path, "x,y\n1,1\n0,2\n-1,3\n")
    result = succeed("score", path, "--expression", "log(x)")
    assert "the formula has no finite value in 2 rows, first at x=0" in result.err
    assert "nan" in result.out
    result = succeed("score", path, "--expression", "log(x)", "--json").json
    assert (result["r2"], result["undefined"]) == (None, 2)


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        (PLAIN, ["--expression", "x+"], "cannot read this expression: found the end"),
        (PLAIN, ["--expression", "2*t"], "--expression: t.csv has no column 't'; it has x, y"),
        (PLAIN, ["--expression", "y"], "--expression uses y, which is the target"),
        (PLAIN, ["--expression", "x", "--sep", "::"], "--sep must be auto"),
        (PLAIN, ["--expression", "x", "--digits", "0"], "--digits must be from 1 to 17, not 0"),
        (PLAIN, ["--expression", "x", "--missing", "1", "--missing", "2"], "--missing is given 2"),
        (PLAIN, ["--expression", "x", "--test", "2"], "--test must be a file or a share"),
        (PLAIN, ["--expression", "x", "--loss", "mse2"], "there is no loss 'mse2'"),
        (PLAIN, ["--expression", "x", "--expression=c"], "--expression is given 2 times"),
        ("1,2\n", ["--expression", "x"], "with --no-header the columns are called x1, y"),
        (PLAIN, [], "--expression"),
    ],
)
def test_what_cannot_be_scored_is_refused(tmp_path, content, words, message):
    refused = TOOL.refusal("score", written(tmp_path, content), *words)
    assert message in " ".join(refused.replace(f"{tmp_path}/", "").split())
