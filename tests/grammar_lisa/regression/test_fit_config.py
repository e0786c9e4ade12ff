import pytest

from grammar_lisa.regression.fit_config import (
    SOURCES,
    FitConfig,
    Stop,
    seconds_of,
    sources_without,
)
from shared.common.errors import LisaError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("60s", 60), ("2m", 120), ("2min", 120), ("1.5h", 5400), (".5", 0.5), (" 3 s", 3)],
)
def test_times_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3", "2d", "1e3", "nan", "3s4"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(LisaError, match="--time must be seconds, or a time such as 90s, 2m or"):
        seconds_of(text)


def test_operators_are_read_once_each_by_any_of_their_names():
    assert FitConfig(operators="+ * ** sin, sin ^").operator_names == ("+", "*", "pow", "sin")
    assert "exp" in FitConfig().operator_names


def test_what_to_stop_at_is_read():
    assert FitConfig(stop_at="r2=0.99").stop == Stop("r2", 0.99)
    assert FitConfig(stop_at="loss = 1e-6").stop == Stop("loss", 1e-6)
    assert FitConfig().stop is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"operators": "+ plus"}, "there is no operator 'plus'; .*valid: [+], -"),
        (
            {"sources": ("subexpressions", "tree")},
            "there is no source of candidates 'tree'; .*sphere",
        ),
        ({"operators": " "}, "operators is empty; give some of [+] - [*] /"),
        ({"max_complexity": 0}, "max_complexity must be from 1 to 200, not 0"),
        ({"max_time": 0}, "the time must be above 0 and at most 2,592,000 seconds, not 0"),
        ({"max_time": float("nan")}, "the time must be above 0"),
        ({"digits": 18}, "digits must be from 1 to 17, not 18"),
        ({"loss": "mze"}, "there is no loss 'mze'; did you mean 'm.e'.*package.module:function"),
        ({"stop_at": "r2=2"}, "what to stop at must be r2=NUMBER, .* not 'r2=2'"),
        ({"stop_at": "loss=-1"}, "such as r2=0.9999, not 'loss=-1'"),
        ({"stop_at": "0.99"}, "such as r2=0.9999, not '0.99'"),
        ({"stop_at": "r2=much"}, "such as r2=0.9999, not 'r2=much'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(LisaError, match=message):
        FitConfig(**settings).check()


def test_sources_are_left_out_by_name():
    assert sources_without("") is None
    left = sources_without("sphere, pairs")
    assert set(SOURCES) - set(left) == {"sphere", "pairs"}
    with pytest.raises(LisaError, match="there is no source of candidates 'moves'"):
        sources_without("moves")
