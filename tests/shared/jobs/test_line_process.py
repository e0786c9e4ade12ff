"""Processes that answer lines with lines, of programs that every machine has."""

import signal

import pytest

from shared.jobs.line_process import DiedError, LineProcess

MINUTE = 60.0


def ended(process):
    """Wait until a process that ends by itself has done so."""
    process._process.wait(MINUTE)
    return process


def test_each_request_has_its_answer_until_the_process_is_closed():
    process = LineProcess(["cat"])
    assert process.alive()
    assert [process.ask([number, "µ"], MINUTE) for number in range(3)] == [
        [number, "µ"] for number in range(3)
    ]
    process.close()
    assert not process.alive()


def test_a_process_that_is_late_is_ended():
    process = LineProcess(["sleep", "600"])
    with pytest.raises(TimeoutError):
        process.ask("anything", 0.01)
    assert process.end() == -signal.SIGKILL
    assert not process.alive()


def test_a_process_that_is_gone_gives_no_answer():
    process = ended(LineProcess(["false"]))
    for _ in range(2):
        with pytest.raises(DiedError):
            process.ask("anything", MINUTE)
    assert process.end() == 1


def test_only_the_process_that_started_it_may_close_it():
    process = LineProcess(["cat"])
    owner, process.owner = process.owner, -1
    assert not process.alive()
    process.close()
    process.owner = owner
    assert process.alive()
    assert process.ask("still there", MINUTE) == "still there"
    process.end()


def test_a_program_that_is_not_there_is_no_process():
    with pytest.raises(OSError, match="no-such-program"):
        LineProcess(["no-such-program"])
