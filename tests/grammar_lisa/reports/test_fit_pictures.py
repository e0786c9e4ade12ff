import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression import Table
from grammar_lisa.reports import fit_pictures
from grammar_lisa.reports.fit_pictures import plot_fit
from shared.runs.run import Run


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws a fit and gives both axes."""
    kept = []
    monkeypatch.setattr(fit_pictures, "save_figure", lambda figure, *rest: kept.append(figure))

    def draw(*arguments):
        plot_fit(Run(tmp_path, {}), *arguments)
        kept[-1].draw_without_rendering()
        return kept[-1].axes

    return draw


def test_one_input_gives_a_curve_and_residuals(drawn):
    x = np.linspace(0.5, 2, 9)
    left, right = drawn("2*x0", Table.from_frame(pd.DataFrame({"x0": x}), 2 * x + 0.25))
    points, curve = left.lines
    assert points.get_xydata() == pytest.approx(np.column_stack([x, 2 * x + 0.25]))
    assert curve.get_xdata()[[0, -1]].tolist() == [0.5, 2]
    assert curve.get_ydata()[-1] == 4
    assert right.lines[0].get_ydata() == pytest.approx(np.full(9, 0.25))


def test_several_inputs_give_predicted_against_actual(drawn):
    X = np.arange(20.0).reshape(10, 2)
    frame = pd.DataFrame(X, columns=["x0", "x1"])
    train, test = Table.from_frame(frame, X.sum(1)), Table.from_frame(frame + 1, X.sum(1))
    left, right = drawn("x0+x1", train, test)
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["data", "test", "formula"]
    assert left.lines[1].get_xdata() == pytest.approx(X.sum(1))
    assert left.lines[1].get_ydata() == pytest.approx(X.sum(1) + 2)
    assert right.lines[1].get_ydata() == pytest.approx(np.full(10, -2))


def test_many_rows_are_thinned_and_odd_values_drawn(drawn):
    x = np.linspace(0, 1, 20_000)
    table = Table.from_frame(pd.DataFrame({"x0": x}), np.full(len(x), 3.0))
    left, _ = drawn("1/x0", table)
    assert len(left.lines[0].get_xdata()) == 5000


def test_the_picture_is_written(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"cost ($)": [1.0, 2.0], "µ_x": [3.0, 4.0]})
    plot_fit(Run(tmp_path, {}), "cost", Table.from_frame(frame[["cost ($)"]], [1.0, 2.0]))
    assert (tmp_path / "fit.png").stat().st_size > 1000
