import ast
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions import Pool, variables_of
from grammar_lisa.regression.tables.safe_names import RESERVED, is_safe, safe_names

odd = st.sampled_from(
    ["sin", "e", "pi", "c", "x", "x_2", "class", "", "np", "µ", "Time (s)", "1st"]
)
names = st.lists(st.one_of(st.text(), odd), min_size=1, max_size=8)


@given(names)
def test_any_names_become_distinct_variables(given_names):
    safe = safe_names(given_names)
    assert len(set(safe)) == len(given_names)
    for name in safe:
        assert is_safe(name)
        assert variables_of([name]) == (name,)
        assert ast.parse(f"def f({name}): pass")
    pool = Pool(safe)
    for name in safe:
        assert pool.nodes[pool.add(name)].name == name


@given(names)
def test_names_that_are_fit_stay_and_all_are_stable(given_names):
    safe = safe_names(given_names)
    assert safe_names(safe) == safe
    for name, chosen in zip(given_names, safe, strict=True):
        if is_safe(name) and given_names.count(name) == 1:
            assert chosen == name


@pytest.mark.parametrize(
    ("given_names", "safe"),
    [
        (["Time (s)", "Voltage [V]"], ("Time_s", "Voltage_V")),
        (["µ", "μ", "Δt", "λ", "π"], ("mu", "mu_2", "Deltat", "lamda", "pi_")),
        (["1st", "class", "None", "sin", "pow"], ("x1st", "class_", "None_", "sin_", "pow_")),
        (["e", "pi", "c", "np"], ("e_", "pi_", "c_", "np_")),
        (["x", "x", "x_2"], ("x", "x_3", "x_2")),
        (["", "", "y"], ("x1", "x2", "y")),
        (["x2", ""], ("x2", "x2_2")),
        (["Größe", "x²", "T [°C]", "%", "__"], ("Grosse", "x2", "T_C", "x4", "x5")),
        (["x-1", "x+1", "x 1"], ("x_1", "x_1_2", "x_1_3")),
    ],
)
def test_names_say_what_the_file_says(given_names, safe):
    assert safe_names(given_names) == safe


def test_reserved_names_are_no_variables():
    assert not any(map(is_safe, [*RESERVED, *keyword.kwlist, "", "_", "a b", "µ"]))
