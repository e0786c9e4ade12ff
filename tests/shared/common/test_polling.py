"""Looking again and again, beside other work."""

import threading

import pytest

from shared.common.polling import polling


def test_it_looks_until_the_block_ends():
    looks, seen = [], threading.Event()

    def look():
        looks.append(threading.current_thread())
        if len(looks) == 3:
            seen.set()

    with polling(look, 0.001):
        assert seen.wait(60)
    found = len(looks)
    assert threading.current_thread() not in looks
    assert not looks[0].is_alive()
    assert len(looks) == found


def test_it_ends_with_an_error_of_the_block():
    before = len(threading.enumerate())
    with pytest.raises(ValueError, match="over"), polling(lambda: None, 60):
        raise ValueError("over")
    assert len(threading.enumerate()) == before
