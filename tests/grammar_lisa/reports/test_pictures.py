import numpy as np
import pytest

from grammar_lisa.optimize.history import best_so_far
from grammar_lisa.reports import pictures
from grammar_lisa.reports.pictures import plot_convergence
from shared.runs.run import Run

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """Draws curves and gives the axes."""
    kept = []
    monkeypatch.setattr(pictures, "save_figure", lambda figure, *rest: kept.append(figure))

    def axes_of(curves, budget=6, start=2.0):
        arrays = {name: [np.array(c, dtype=float) for c in each] for name, each in curves.items()}
        plot_convergence(Run(tmp_path, {}), arrays, budget, start, "best score so far")
        kept[-1].draw_without_rendering()
        return kept[-1].axes[0]

    return axes_of


def lines(axes, name):
    """The curves in the colour of a name: the trials, then their median."""
    (named,) = [line for line in axes.lines if line.get_label() == name]
    return [
        np.asarray(line.get_ydata(), dtype=float).tolist()
        for line in axes.lines
        if line.get_color() == named.get_color() and len(line.get_xdata()) > 1
    ]


def test_the_best_so_far_stays_to_the_end_of_the_budget():
    assert best_so_far(np.array([3.0, 4.0, 1.0]), 5).tolist() == [3, 3, 1, 1, 1]
    assert best_so_far(np.array([NAN, 4.0, NAN, 2.0]), 4).tolist() == [INF, 4, 4, 2]
    assert best_so_far(np.array([]), 2).tolist() == [INF, INF]
    assert best_so_far(np.array([3.0, 2.0, 1.0]), 2).tolist() == [3, 2]


def test_every_trial_is_drawn_to_the_end(draw):
    axes = draw({"lisa": [[5, 3, 0], [5, 5, 4, 4, 2, 1]], "random data": [[6] * 6, [NAN, 4]]})
    assert lines(axes, "lisa") == [
        [5, 3, 0, 0, 0, 0],
        [5, 5, 4, 4, 2, 1],
        [5, 4, 2, 2, 1, 0.5],
    ]
    first, second, _ = lines(axes, "random data")
    assert first == [6] * 6
    assert second[1:] == [4] * 5
    assert np.isnan(second[0])
    ends = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "."]
    assert ends == [3, 2]


def test_the_legend_names_the_system_the_random_draws_and_the_start(draw):
    axes = draw({"lisa": [[5, 3]], "random data": [[6, 5]], "random sphere": [[6, 5]]})
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["lisa", "random data", "random sphere", "best of the initial design"]
    (start,) = [line for line in axes.lines if line.get_label() == names[-1]]
    assert list(start.get_ydata()) == [2.0, 2.0]
    assert start.get_linestyle() == "--"


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        ([5.0, 1.0, 0.0], "symlog"),
        ([5.0, 1.0, 1e-17], "symlog"),
        ([5.0, 1.0, 0.01], "log"),
        ([500.0, 400.0, 300.0], "linear"),
        ([5.0, 1.0, -3.0], "linear"),
        ([0.0, 0.0, 0.0], "linear"),
        ([NAN, NAN, NAN], "linear"),
    ],
)
def test_the_axis_tells_small_scores_apart(draw, scores, scale):
    start = scores[0] if np.isfinite(scores[0]) else 1.0
    axes = draw({"lisa": [scores]}, budget=3, start=start)
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert all(low <= score <= high for score in scores if np.isfinite(score))


def test_a_picture_is_written_whole(tmp_path):
    plot_convergence(Run(tmp_path, {}), {"lisa": [np.array([3.0])]}, 1, 4.0, "score")
    assert (tmp_path / "convergence.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
