"""A method as JSON values and back."""

import dataclasses
import json
import math

import pytest

from shared.common.errors import LisaError
from shared.methods import LISA, WAE, method_from_record, method_to_record
from shared.methods.registry import METHODS


def changed(method):
    """The method with every number somewhat different."""
    fields = dataclasses.asdict(method)
    values = {
        name: value + (1 if isinstance(value, int) else 0.25 * value)
        for name, value in fields.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    found = method
    for name, value in values.items():
        try:
            found = dataclasses.replace(found, **{name: value})
        except LisaError:
            continue
    return found


@pytest.mark.parametrize("name", METHODS)
def test_a_method_comes_back_from_json(name):
    for method in (METHODS[name](), changed(METHODS[name]())):
        record = json.loads(json.dumps(method_to_record(method), allow_nan=False))
        assert record["name"] == name
        again = method_from_record(record, METHODS)
        assert type(again) is METHODS[name]
        assert again == method
        assert record == method_to_record(again)


def test_a_record_is_the_name_and_the_hyperparameters():
    assert method_to_record(LISA(uniformity_weight=0.5)) == {
        "name": "lisa",
        "uniformity_weight": 0.5,
        "uniformity_t": 2.0,
    }


def test_an_alignment_weight_is_recorded_where_there_is_one():
    record = {"name": "lisa", "uniformity_weight": 1.0, "uniformity_t": 2.0}
    assert method_to_record(LISA(alignment_weight=0.0)) == record
    assert method_to_record(LISA(alignment_weight=5.0)) == {**record, "alignment_weight": 5.0}


def test_what_a_record_lacks_has_its_default_and_the_record_is_left_alone():
    record = {"name": "wae"}
    assert method_from_record(record, METHODS) == WAE()
    assert record == {"name": "wae"}


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({}, KeyError),
        ({"name": "liza"}, KeyError),
        ({"name": "lisa", "weight": 1}, TypeError),
        ({"name": "lisa", "uniformity_t": "hot"}, TypeError),
        ({"name": "lisa", "uniformity_t": None}, TypeError),
        ({"name": "lisa", "uniformity_t": 0}, LisaError),
        ({"name": "lisa", "uniformity_t": math.nan}, LisaError),
        ({"name": "lisa", "uniformity_weight": math.inf}, LisaError),
    ],
    ids=str,
)
def test_other_records_are_refused(record, error):
    with pytest.raises(error):
        method_from_record(record, METHODS)


def test_a_range_is_named_with_method_field_and_value():
    with pytest.raises(LisaError) as caught:
        LISA(uniformity_weight=-2.0)
    assert str(caught.value) == (
        "lisa: uniformity-weight must be at least 0 and at most 1e+06, not -2.0"
    )
