import gc
import itertools
import json
import math
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

from grammar_lisa.objectives.external import (
    CallableObjective,
    CommandObjective,
    Evaluated,
    failure_report,
)
from shared.common.errors import LisaError

PYTHON = sys.executable
MINUTES = 200.0
"""A limit that nothing here reaches unless it hangs."""
AT_ONCE = 0.5
"""A limit for what never ends."""
BOTH = pytest.mark.parametrize("seconds", [None, MINUTES], ids=["here", "in a process"])

numbers = itertools.count()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def module(here):
    """Writes a module into the current directory under a name of its own."""
    made = []

    def write(text):
        name = f"users_module_{next(numbers)}"
        (here / f"{name}.py").write_text(text)
        made.append(name)
        return name

    yield write
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def objective(module):
    """Makes an objective of a function `f` and closes it in the end."""
    made = []

    def make(text, seconds=None):
        made.append(CallableObjective(f"{module(text)}:f", seconds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def command(*words):
    return " ".join([PYTHON, *words])


@pytest.fixture
def program(here):
    """The start of a command that runs a program written in Python."""

    def write(text):
        path = here / f"program_{next(numbers)}.py"
        path.write_text(text)
        return command(path.name)

    return write


def score(objective, sentence="x"):
    (result,) = objective.evaluate([sentence])
    assert result.sentence == sentence
    assert result.failure == ""
    return result.score


def failure(objective, sentence="x"):
    (result,) = objective.evaluate([sentence])
    assert result.score is None
    assert result.failure
    assert "\n" not in result.failure
    return result.failure


def refusal(make, *arguments):
    with pytest.raises(LisaError) as caught:
        make(*arguments)
    return str(caught.value)


def gone(pid):
    """Wait until a process has ended."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in status_of(pid) and "\nThreads:\t1\n" in status_of(pid):
            return True
        time.sleep(0.02)


def status_of(pid):
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def content(path):
    """The text of a file, once there is one."""
    while not (path.exists() and path.read_text().endswith("\n")):
        time.sleep(0.02)
    return path.read_text().strip()


# What a function is worth


@BOTH
def test_a_function_scores_sentences_in_their_order(objective, seconds):
    sentences = ["x", "", "x + 1", "“ö”\n\x00'\\", "\ud800"]
    results = objective("f = len", seconds).evaluate(sentences)
    assert results == [Evaluated(each, float(len(each)), "") for each in sentences]


@BOTH
@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3", 3.0),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("-5e-324", -5e-324),
        ("np.float64(1e300)", 1e300),
        ("np.float32(0.1)", float(np.float32(0.1))),
        ("np.int8(-3)", -3.0),
        ("np.array(2.5)", 2.5),
        ("fractions.Fraction(1, 4)", 0.25),
        ("decimal.Decimal('0.5')", 0.5),
    ],
)
def test_numbers_of_every_kind(objective, value, number, seconds):
    text = f"import numpy as np, fractions, decimal\ndef f(sentence):\n    return {value}"
    assert score(objective(text, seconds)) == number


@pytest.mark.parametrize("value", ["torch.tensor(3)", "torch.tensor(3.0, requires_grad=True)"])
def test_a_tensor_without_dimensions_is_a_number(objective, value):
    assert score(objective(f"import torch\ndef f(sentence):\n    return {value}")) == 3.0


def test_a_function_inside_a_class_and_a_package(here):
    (here / "users_package").mkdir()
    (here / "users_package" / "part.py").write_text(
        "class Costs:\n    @staticmethod\n    def short(sentence):\n        return len(sentence)\n"
    )
    assert score(CallableObjective("users_package.part:Costs.short"), "xyz") == 3.0


@BOTH
def test_the_current_directory_comes_first_and_only_for_the_users_code(
    objective, module, tmp_path_factory, monkeypatch, seconds
):
    helper = module("VALUE = 1")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / f"{helper}.py").write_text("VALUE = 2")
    monkeypatch.syspath_prepend(elsewhere)
    before = list(sys.path)
    text = f"def f(sentence):\n    import {helper}\n    return {helper}.VALUE"
    assert score(objective(text, seconds)) == 1.0
    assert sys.path == before


# What goes wrong with a sentence


@BOTH
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('negative')", "ValueError: negative"),
        ("raise KeyError", "KeyError"),
        ("raise RuntimeError('two\\nlines\\x1b[1m')", "RuntimeError: two lines [1m"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("return f(sentence)", "RecursionError: maximum recursion depth exceeded"),
        ("raise Silent", "Silent"),
        ("return math.nan", "returned nan, which is no finite number"),
        ("return -math.inf", "returned -inf, which is no finite number"),
        ("return 10 ** 400", "OverflowError: int too large to convert to float"),
        ("return None", "returned None, which is no number"),
        ("return '3'", "returned '3', which is no number"),
        ("return True", "returned True, which is no number"),
        ("return 1j", "returned 1j, which is no number"),
        ("return np.bool_(True)", "returned np.True_, which is no number"),
        ("return np.str_('3')", "returned np.str_('3'), which is no number"),
        ("return np.array([3.0])", "returned array([3.]), which is no number"),
        ("return np.ma.masked", "returned masked, which is no number"),
        ("return [3.0]", "returned [3.0], which is no number"),
    ],
)
def test_a_failure_is_told_of_its_sentence_only(objective, body, reason, seconds):
    text = (
        "import math, sys\nimport numpy as np\n"
        "class Silent(Exception):\n    def __str__(self):\n        raise ValueError\n"
        "def f(sentence):\n    if sentence == 'good':\n        return 7\n    " + body
    )
    first, bad, last = objective(text, seconds).evaluate(["good", "bad", "good"])
    assert (first.score, last.score) == (7.0, 7.0)
    assert bad.score is None
    assert bad.failure.startswith(reason)


def test_a_long_message_is_cut(objective):
    said = failure(objective("def f(sentence):\n    raise ValueError('a' * 10**6)"))
    assert len(said) <= 200
    assert said.endswith("…")


def test_an_interruption_is_no_failure(objective):
    with pytest.raises(KeyboardInterrupt):
        objective("def f(sentence):\n    raise KeyboardInterrupt").evaluate(["x"])


def test_the_answer_to_an_interrupted_sentence_is_not_taken_for_the_next(objective, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    made = objective("f = len", MINUTES)
    with monkeypatch.context() as patch:
        patch.setattr(queue.Queue, "get", interrupted)
        with pytest.raises(KeyboardInterrupt):
            made.evaluate(["x"])
    assert score(made, "xyz") == 3.0


@pytest.mark.parametrize(
    "endless",
    ["time.sleep(10**6)", "sum(iter(int, 1))", "signal.pause()"],
    ids=["asleep", "busy in C", "deaf"],
)
def test_a_function_that_never_ends_costs_its_own_sentence(objective, endless):
    text = (
        "import os, signal, time\nfor each in (signal.SIGINT, signal.SIGTERM):\n"
        "    signal.signal(each, signal.SIG_IGN)\n"
        f"def f(sentence):\n    {endless}"
    )
    assert failure(objective(text, AT_ONCE)) == "took longer than 0.5 s"


def test_after_a_sentence_that_was_late_the_next_has_a_process_of_its_own(objective, here):
    text = (
        "import os, pathlib, signal\n"
        "with pathlib.Path('pids').open('a') as file:\n"
        "    print(os.getpid(), file=file)\n"
        "def f(sentence):\n    signal.pause()\n"
    )
    results = objective(text, AT_ONCE).evaluate(["x", "y", "z"])
    assert [each.failure for each in results] == ["took longer than 0.5 s"] * 3
    pids = (here / "pids").read_text().split()
    assert len(set(pids)) == 3
    assert all(gone(int(pid)) for pid in pids)
    assert str(os.getpid()) not in pids


def test_a_late_answer_is_not_taken_for_the_next(objective):
    text = "import time\ndef f(sentence):\n    time.sleep(float(sentence))\n    return sentence"
    made = objective(text, AT_ONCE)
    assert failure(made, "0.6") == "took longer than 0.5 s"
    time.sleep(0.3)
    made.seconds_each = MINUTES
    assert failure(made, "0") == "returned '0', which is no number"


@pytest.mark.parametrize(
    ("death", "status"),
    [
        ("os._exit(3)", "exit status 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "exit status -11, SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "exit status -9, SIGKILL"),
        ("raise KeyboardInterrupt", "exit status -2, SIGINT"),
    ],
)
def test_a_process_that_dies_costs_its_own_sentence(objective, death, status):
    text = (
        "import os, signal\n"
        f"def f(sentence):\n    if sentence == 'x':\n        {death}\n    return 7"
    )
    results = objective(text, MINUTES).evaluate(["x", "y", "x", "x", "y"])
    assert [each.score for each in results] == [None, 7.0, None, None, 7.0]
    assert {each.failure for each in results} == {"", f"the process died ({status})"}


def test_a_process_that_dies_between_two_sentences_costs_none(objective, here):
    text = (
        "import os, pathlib\npathlib.Path('pid').write_text(f'{os.getpid()}\\n')\n"
        "def f(sentence):\n    return 7"
    )
    made = objective(text, MINUTES)
    os.kill(int(content(here / "pid")), signal.SIGKILL)
    assert gone(int(content(here / "pid")))
    assert score(made) == 7.0


def test_what_a_late_function_started_ends_with_it(objective, here):
    text = (
        "import subprocess, pathlib\n"
        "child = subprocess.Popen(['sleep', '1000000'])\n"
        "pathlib.Path('pid').write_text(f'{child.pid}\\n')\n"
        "def f(sentence):\n    child.wait()\n"
    )
    assert failure(objective(text, AT_ONCE)) == "took longer than 0.5 s"
    assert gone(int(content(here / "pid")))


def test_starting_does_not_count(objective):
    made = objective("import time\ntime.sleep(0.2)\ndef f(sentence):\n    time.sleep(10**6)", 1e-9)
    results = made.evaluate(["x", "y"])
    assert [each.failure for each in results] == ["took longer than 1e-09 s"] * 2


@BOTH
def test_a_function_may_print_and_read(objective, capfd, seconds):
    text = (
        "import os, subprocess, sys\nprint('importing')\n"
        "def f(sentence):\n"
        "    print('[1.0, \"\"]')\n"
        "    if not here:\n"
        "        os.write(1, b'[2.0, \"\"]\\n')\n"
        "        subprocess.run(['echo', '[3.0, \"\"]'], check=True)\n"
        "        assert sys.stdin.read() == ''\n"
        "    return 7\n"
        f"here = {seconds is None}"
    )
    results = objective(text, seconds).evaluate(["x", "y"])
    assert [each.score for each in results] == [7.0, 7.0]
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("[1.0") == 2
    assert "importing" in err


def test_code_that_breaks_during_a_search_is_a_failure(objective, here):
    made = objective("import os\ndef f(sentence):\n    os._exit(1)", MINUTES)
    name = made.text.partition(":")[0]
    assert failure(made) == "the process died (exit status 1)"
    (here / f"{name}.py").write_text("raise ValueError('half written and far longer')")
    assert "ValueError: half written" in failure(made)


# One object in many places


@BOTH
def test_a_pickled_objective_holds_the_text_only(objective, seconds):
    made = objective("def f(sentence):\n    return 7", seconds)
    assert score(made) == 7.0
    state = pickle.dumps(made)
    assert len(state) < 1000
    with pickle.loads(state) as copy:
        assert (copy.text, copy.seconds_each) == (made.text, seconds)
        assert score(copy) == 7.0


@BOTH
def test_workers_of_joblib_evaluate(objective, seconds):
    made = objective("def f(sentence):\n    return len(sentence)", seconds)
    call = joblib.delayed(evaluate_and_close)
    found = joblib.Parallel(n_jobs=2)(call(made, ["x" * n]) for n in range(4))
    assert [one.score for (one,) in found] == [0.0, 1.0, 2.0, 3.0]


def evaluate_and_close(objective, sentences):
    with objective:
        return objective.evaluate(sentences)


@BOTH
def test_threads_may_share_an_objective(objective, seconds):
    made = objective("def f(sentence):\n    return len(sentence)", seconds)
    found = {}

    def work(n):
        found[n] = made.evaluate(["x" * n] * 50)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all({one.score for one in results} == {float(n)} for n, results in found.items())
    assert len(found) == 4


@pytest.mark.parametrize("way", ["closed", "left", "dropped"])
def test_no_process_stays_behind(module, here, way, monkeypatch):
    monkeypatch.setattr("shared.jobs.line_process.GRACE_SECONDS", MINUTES)
    name = module(
        "import atexit, os, pathlib\n"
        "atexit.register(pathlib.Path('ended').write_text, 'tidily\\n')\n"
        "def f(sentence):\n    return os.getpid()"
    )
    made = CallableObjective(f"{name}:f", MINUTES)
    pid = int(score(made))
    if way == "closed":
        made.close()
    elif way == "left":
        with made:
            pass
    del made
    gc.collect()
    assert gone(pid)
    assert content(here / "ended") == "tidily"


def test_a_closed_objective_starts_again(objective):
    made = objective("import os\ndef f(sentence):\n    return os.getpid()", MINUTES)
    before = score(made)
    made.close()
    made.close()
    assert score(made) != before


INTERRUPTED = """
import sys
from grammar_lisa.objectives.external import CallableObjective, CommandObjective
def main():
    make = {"function": CallableObjective, "command": CommandObjective}[sys.argv[1]]
    objective = make(sys.argv[2], float(sys.argv[3]) or None)
    try:
        objective.evaluate(["x"])
    except KeyboardInterrupt:
        print("interrupted")
main()
"""
ENDLESS = (
    "import os, pathlib, sys, time\n"
    "def f(sentence):\n"
    "    pathlib.Path('pid').write_text(f'{os.getpid()}\\n')\n"
    "    time.sleep(10**6)\n"
)


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_process_ends_with_its_owner(module, here, kill):
    owner = own_process("function", f"{module(ENDLESS)}:f", MINUTES)
    pid = int(content(here / "pid"))
    owner.send_signal(kill)
    out, _ = owner.communicate()
    assert out == ("interrupted\n" if kill == signal.SIGINT else "")
    assert gone(pid)


@pytest.mark.parametrize("seconds", [0, MINUTES])
def test_a_command_ends_when_its_owner_is_interrupted(program, here, seconds):
    owner = own_process("command", program(ENDLESS + "f('x')"), seconds)
    pid = int(content(here / "pid"))
    owner.send_signal(signal.SIGINT)
    out, _ = owner.communicate()
    assert out == "interrupted\n"
    assert gone(pid)


def own_process(kind, text, seconds):
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    return subprocess.Popen(
        [PYTHON, "-c", INTERRUPTED, kind, text, str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


# Refusals of functions


@BOTH
def test_a_text_without_a_colon_is_refused(here, seconds):
    said = refusal(CallableObjective, "score.loss", seconds)
    assert "'score.loss'" in said
    assert "package.module:function" in said
    assert "did you mean score:loss?" in said


@pytest.mark.parametrize("text", ["", ":", ":loss", "score:", "a..b:f", "a:b:c", "a:b()", "a b:c"])
def test_a_text_of_another_form_is_refused(text):
    said = refusal(CallableObjective, text)
    assert repr(text) in said
    assert "package.module:function" in said


@pytest.mark.parametrize("text", ["score.py:loss", "./score.py:loss"])
def test_a_file_in_place_of_a_module_is_refused(here, text):
    (here / "score.py").write_text("def loss(sentence):\n    return 1")
    assert "did you mean score:loss?" in refusal(CallableObjective, text, MINUTES)


@BOTH
def test_a_missing_module_is_refused(module, here, seconds):
    name = module("f = len")
    said = refusal(CallableObjective, f"{name}x:f", seconds)
    assert f"there is no module {name}x in {here}" in said
    assert f"did you mean {name}?" in said
    said = refusal(CallableObjective, "qqq.www:f", seconds)
    assert "there is no module qqq " in said
    assert name in said


@BOTH
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("import absent_module", "ModuleNotFoundError: No module named 'absent_module'"),
        ("def f(:", "SyntaxError"),
        ("import sys\nsys.exit('no data')", "SystemExit: no data"),
    ],
)
def test_a_module_that_cannot_be_imported_is_refused(module, text, reason, seconds):
    name = module(text)
    said = refusal(CallableObjective, f"{name}:f", seconds)
    assert f"importing {name} failed with {reason}" in said


def test_a_module_that_kills_its_process_is_refused(module):
    said = refusal(CallableObjective, f"{module('import os; os._exit(5)')}:f", MINUTES)
    assert "died (exit status 5)" in said


@BOTH
def test_a_missing_name_is_refused(module, here, seconds):
    name = module("def energy(sentence): ...\ndef _hidden(sentence): ...\nLIMIT = 3")
    said = refusal(CallableObjective, f"{name}:enrgy", seconds)
    assert f"module {name} ({here / name}.py) has no enrgy; did you mean energy?" in said
    said = refusal(CallableObjective, f"{name}:qqq", seconds)
    assert said.endswith("callable there: energy")
    said = refusal(CallableObjective, f"{name}:LIMIT.qqq", seconds)
    assert "3 has no qqq" in said
    name = module(
        "class Kind(type):\n    @property\n    def loss(cls): raise ValueError('not now')\n"
        "class Score(metaclass=Kind): ..."
    )
    said = refusal(CallableObjective, f"{name}:Score.loss", seconds)
    assert "looking loss up in" in said
    assert "failed with ValueError: not now" in said


@BOTH
def test_what_cannot_be_called_is_refused(module, seconds):
    name = module("def energy(sentence): ...\nLIMIT = 3")
    said = refusal(CallableObjective, f"{name}:LIMIT", seconds)
    assert f"'{name}:LIMIT' is 3, which cannot be called; callable there: energy" in said


@pytest.mark.parametrize("make", [CallableObjective, CommandObjective])
@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_time_that_is_no_positive_number_is_refused(make, seconds):
    text = "math:sqrt" if make is CallableObjective else PYTHON
    assert f"{seconds} seconds" in refusal(make, text, seconds)


# Commands


@pytest.mark.parametrize("sentence", ["x", "", "a  b", "$(echo)'\";|&", "-x", "ö“", "{sentence}"])
def test_the_sentence_is_one_argument_whatever_it_holds(program, sentence):
    text = "import json, sys\nprint(len(json.dumps(sys.argv[1:])))"
    template = program(text) + " {sentence} --y={sentence},{sentence} 'a b'"
    words = [sentence, f"--y={sentence},{sentence}", "a b"]
    for seconds in (None, MINUTES):
        assert score(CommandObjective(template, seconds), sentence) == len(json.dumps(words))


def test_without_a_place_the_sentence_is_a_line_of_standard_input(program):
    made = CommandObjective(program("import sys\nprint(len(sys.stdin.read()))"))
    assert [one.score for one in made.evaluate(["x+1", "ö" * 10**5])] == [4.0, 100001.0]
    ignoring = CommandObjective(program("print(1)"))
    assert score(ignoring, "x" * 10**6) == 1.0


def test_with_a_place_standard_input_is_empty(program):
    made = CommandObjective(program("import sys\nprint(len(sys.stdin.read()))") + " {sentence}")
    assert score(made) == 0.0


@pytest.mark.parametrize(
    ("output", "number"),
    [
        ("3", 3.0),
        ("1\n2\nloss: -1e-3  \n \n\n", -0.001),
        ("0.1", 0.1),
        ("y" * 300_000 + "\n4", 4.0),
    ],
)
def test_the_last_word_printed_is_the_score(program, output, number):
    text = f"import sys\nsys.stdout.buffer.write({output!r}.encode())"
    assert score(CommandObjective(program(text))) == number


def test_output_in_another_encoding_is_read(program):
    text = "import sys\nsys.stdout.buffer.write(b'caf\\xe9 5')"
    assert score(CommandObjective(program(text))) == 5.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "printed nothing on standard output"),
        ("print(' \\n')", "printed nothing on standard output"),
        ("print('3 apples')", "printed 'apples' at last, which is no number"),
        ("print('1_000')", "printed '1_000' at last, which is no number"),
        ("print('NaN')", "printed nan, which is no finite number"),
        ("print('-inf')", "printed -inf, which is no finite number"),
        ("print(7)\nsys.exit(3)", "exit status 3"),
        ("print(7)\nsys.exit('a\\nno data \\n\\n')", "exit status 1: no data"),
        ("raise ValueError('boom')", "exit status 1: ValueError: boom"),
        ("print(7, flush=True)\nos.kill(os.getpid(), 9)", "exit status -9, SIGKILL"),
    ],
)
def test_what_goes_wrong_with_a_command(program, text, reason):
    made = CommandObjective(program(f"import os, sys\n{text}"), MINUTES)
    assert failure(made).startswith(reason)


def test_a_sentence_that_no_argument_can_hold_is_a_failure(program):
    made = CommandObjective(program("print(1)") + " {sentence}")
    results = made.evaluate(["a\0b", "\ud800", "x" * 10**7, "x"])
    assert [one.score for one in results] == [None, None, None, 1.0]
    assert results[0].failure.startswith("ValueError: ")
    assert results[1].failure.startswith("UnicodeEncodeError: ")
    assert results[2].failure.startswith("OSError: ")


def test_a_late_command_is_killed_with_all_that_it_started(here):
    (here / "nested.sh").write_text(
        "trap '' TERM INT HUP\nsleep 1000000 &\necho $! > pid\necho 7\nwait\n"
    )
    for seconds in (AT_ONCE, 2, 8, 32, MINUTES):  # until it came to write the number in time
        made = CommandObjective("sh nested.sh", seconds)
        assert failure(made) == f"took longer than {seconds:g} s"
        if (here / "pid").exists() and (here / "pid").read_text().strip():
            break
    assert gone(int(content(here / "pid")))


@pytest.mark.parametrize("closing", ["", "exec >&- 2>&-; "])
def test_a_command_that_never_ends_is_late(closing):
    made = CommandObjective(f"sh -c '{closing}sleep 1000000'", AT_ONCE)
    assert failure(made) == "took longer than 0.5 s"


def test_a_command_that_prints_for_ever_is_late():
    made = CommandObjective("sh -c 'yes & yes >&2'", AT_ONCE)
    assert failure(made) == "took longer than 0.5 s"


def test_a_command_stays_in_the_folder_that_it_was_made_in(program, tmp_path_factory, monkeypatch):
    made = CommandObjective(program("print(7)"))
    state = pickle.dumps(made)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pickle.loads(state) as copy:
        assert score(copy) == score(made) == 7.0


def test_programs_by_name_and_by_path(here):
    (here / "prog").write_text("#!/bin/sh\necho 7\n")
    (here / "prog").chmod(0o755)
    assert score(CommandObjective("./prog")) == 7.0
    assert score(CommandObjective(str(here / "prog"))) == 7.0
    assert score(CommandObjective("echo 7 {sentence}"), "8") == 8.0


def test_workers_of_joblib_run_commands():
    call = joblib.delayed(evaluate_and_close)
    made = CommandObjective("echo {sentence}", MINUTES)
    found = joblib.Parallel(n_jobs=2)(call(made, [str(n)]) for n in range(4))
    assert [one.score for (one,) in found] == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("template", ["", "  ", "''"])
def test_an_empty_command_is_refused(template):
    said = refusal(CommandObjective, template)
    assert repr(template) in said
    assert "{sentence}" in said


@pytest.mark.parametrize("template", ["prog 'x", 'prog "x', "prog x\\"])
def test_an_open_quote_is_refused(template):
    said = refusal(CommandObjective, template)
    assert repr(template) in said
    assert "quote" in said


def test_a_missing_program_is_refused(here):
    (here / "prog").write_text("echo 7")
    assert "PATH" in refusal(CommandObjective, "absent-program {sentence}")
    assert str(here) in refusal(CommandObjective, "./absent {sentence}")
    assert "may not be executed" in refusal(CommandObjective, "./prog")
    (here / "prog").chmod(0o755)
    assert "write ./prog" in refusal(CommandObjective, "prog")
    (here / "folder").mkdir()
    assert "folder" in refusal(CommandObjective, "./folder")
    assert "'{sentence}'" in refusal(CommandObjective, "{sentence} 1")


# Reports


def failed(count, reason, sentence="x"):
    return [Evaluated(sentence, None, reason)] * count


def test_a_report_counts_reasons_and_shows_a_sentence_of_each():
    results = [
        *failed(2, "took longer than 2 s", "xx"),
        *failed(7, "ValueError: negative", "x-1"),
        *[Evaluated("x", 1.0, "")] * 38,
        *failed(3, "took longer than 2 s", "other"),
    ]
    assert failure_report(iter(results)) == (
        "12 of 50 sentences could not be scored: 7 × ValueError: negative (as 'x-1'), "
        "5 × took longer than 2 s (as 'xx')"
    )


def test_a_report_of_nothing_is_empty():
    assert failure_report([]) == ""
    assert failure_report([Evaluated("x", 0.0, "")]) == ""


def test_a_report_tells_five_reasons_apart():
    results = [one for n in range(7) for one in failed(n + 1, f"reason {n}")]
    said = failure_report(results)
    assert said.startswith("28 of 28 sentences could not be scored: 7 × reason 6 (as 'x'), 6 ×")
    assert said.endswith("3 × reason 2 (as 'x'), 3 × other reasons")


def test_a_report_is_short_whatever_the_sentence():
    said = failure_report(failed(1, "printed nothing", "x\n" * 10**6))
    assert said.startswith("1 of 1 sentence could not be scored: 1 × printed nothing (as 'x")
    assert len(said) < 150
    assert "\n" not in said
