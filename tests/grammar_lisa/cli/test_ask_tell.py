"""Searches whose scores are made elsewhere."""

import csv
import json
import shutil

import pytest
from command_line import GRAMMARS, TINY_SEARCH, TOOL, killed, succeed, train
from test_bo import training_sentences
from tools import die

from grammar_lisa.expressions.language import Expressions
from grammar_lisa.optimize.history import History
from grammar_lisa.optimize.optimizer import Optimizer
from shared.runs.files import read_json

WITHOUT = ("--n-initial", "60", "--top", "3", "--rounds", "2")
SEARCH = [word for word in TINY_SEARCH if word not in WITHOUT]


def score(sentence):
    return abs(len(sentence) - 5.0) + sentence.count("x") / 8


def table(path, rows, header=("sentence", "score"), delimiter=","):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def ask(state, *words):
    return succeed("ask", "--state", state, *words)


def history(state):
    return [json.loads(line) for line in (state / "history.jsonl").read_text().splitlines()[1:]]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def _begun(trained, tmp_path_factory):
    """A search that twelve sentences were told to; not to be changed."""
    folder = tmp_path_factory.mktemp("begun")
    known = sorted(training_sentences(trained), key=lambda s: (len(s), s))[-40:][::4]
    known += ["x+1", "x*x"]
    file = table(folder / "known.csv", [(s, score(s)) for s in known])
    result = ask(folder / "state", "--run", trained, "--initial", file, *SEARCH)
    return folder, known, result


@pytest.fixture
def begun(_begun, tmp_path):
    """A copy of the search, to be changed at will, with what it knows and what it asked for."""
    folder, known, result = _begun
    shutil.copytree(folder / "state", tmp_path / "state")
    shutil.copy(folder / "known.csv", tmp_path)
    return tmp_path / "state", known, result.lines


def test_what_is_asked_for_obeys_and_what_is_told_need_not(trained, tmp_path):
    state = tmp_path / "state"
    begun = ask(state, "--run", trained, "--forbid", "sin", "--at-most", "x:1", *SEARCH)
    assert "no sin, at most 1 of x: all that is asked for obeys" in begun.err
    known = [*begun.lines, "sin(x)", "x+x"]
    succeed("tell", "--state", state, table(tmp_path / "a.csv", [(s, score(s)) for s in known]))
    asked = ask(state).lines
    assert ask(state, "--forbid", "sin", "--at-most", "x:1").lines == asked
    for sentence in [*begun.lines, *asked]:
        assert "sin" not in sentence
        assert sentence.count("x") - sentence.count("exp") <= 1
    before = contents(state)
    other = TOOL.refusal("ask", "--state", state, "--forbid", "exp")
    assert "was begun with forbid ('sin',), not ('exp',)" in other
    assert contents(state) == before
    wrong = TOOL.refusal("ask", "--run", trained, "--state", tmp_path / "b", "--forbid", "tan")
    assert "there is no terminal or nonterminal 'tan'" in wrong
    assert not (tmp_path / "b").exists()


def test_the_first_sentences_are_drawn_from_the_training_data(trained, tmp_path):
    result = ask(tmp_path / "state", "--run", trained, *SEARCH)
    asked = result.lines
    assert len(set(asked)) == 5
    assert set(asked) <= training_sentences(trained)
    assert "0 sentences with a score" in result.err
    assert ask(tmp_path / "state").lines == asked
    assert ask(tmp_path / "state", "-q", 8).lines[:5] == asked
    told = table(tmp_path / "a.csv", [(asked[0], 3), (asked[1], ""), (asked[2], "nan")])
    succeed("tell", "--state", tmp_path / "state", told)
    more = ask(tmp_path / "state", "-q", 2).lines
    assert more == asked[3:]
    other = ask(tmp_path / "other", "--run", trained, "--seed", 1, *SEARCH).lines
    assert other != asked


def test_scores_lead_to_new_sentences(begun):
    state, known, asked = begun
    assert len(set(asked)) == 5
    assert not set(asked) & set(known)
    seen = set(known)
    for _ in range(2):
        asked = ask(state).lines
        assert not set(asked) & seen
        file = table(state.parent / "next.csv", [(s, score(s)) for s in asked])
        succeed("tell", "--state", state, file)
        seen |= set(asked)
    kept = history(state)
    assert [e["round"] for e in kept] == [0] * 12 + [1] * 5 + [2] * 5
    assert {e["sentence"]: e["score"] for e in kept} == {s: score(s) for s in seen}


def test_asking_again_asks_for_the_same(begun):
    state, _, asked = begun
    before = contents(state)
    assert ask(state).lines == asked
    again = ask(state, "--json", "--quiet")
    assert again.err == ""
    assert again.json["sentences"] == asked
    assert again.json["scored"] == 12
    assert contents(state) == before
    few = ask(state, "-q", 2).lines
    assert len(few) == 2
    assert ask(state, "--q", 2).lines == few


def test_the_command_that_began_a_search_may_be_given_again(begun, trained):
    state, _, asked = begun
    words = ("--run", trained, "--initial", state.parent / "known.csv", *SEARCH)
    assert ask(state, *words).lines == asked


def test_a_search_follows_from_what_it_was_told_alone(begun, trained, tmp_path):
    """Whether sentences were asked for or not, and told in a file or one by one."""
    state, _, asked = begun
    succeed("tell", "--state", state, "--sentence", asked[0], "--score", score(asked[0]))
    succeed("tell", "--state", state, "--sentence", "x / 3", "--score", "nan")
    other = tmp_path / "other"
    words = ("--run", trained, "--initial", tmp_path / "known.csv", "-q", 1, *SEARCH)
    ask(other, *words)
    for sentence, value in ((asked[0], score(asked[0])), ("x/3", "")):
        succeed("tell", "--state", other, table(tmp_path / "one.csv", [(sentence, value)]))
    assert ask(other).lines == ask(state).lines
    assert history(other) == history(state)
    assert history(state)[-1] == {
        "round": 2,
        "sentence": "x/3",
        "score": None,
        "failure": "no score was given",
    }


def test_what_failed_is_not_asked_for_again(begun):
    state, _, asked = begun
    file = table(state.parent / "next.csv", [(s, "nan") for s in asked])
    said = succeed("tell", "--state", state, file).out
    assert "5 taken, 5 of them without a score" in said
    assert not set(ask(state).lines) & set(asked)


def test_tell_says_what_it_took_and_the_best(begun):
    state, known, asked = begun
    best = min(known, key=score)
    rows = [(asked[0], 70), (known[0], score(known[0])), (asked[1], "")]
    result = succeed("tell", "--state", state, table(state.parent / "a.csv", rows))
    assert result.lines == [
        "2 taken, 1 of them without a score; 1 known already",
        f"the best so far is {score(best):.4g}: {best}",
    ]
    result = succeed("tell", "--state", state, "--sentence", "1 + x", "--score", -7.5, "--json")
    assert result.json == {
        "state": str(state),
        "taken": 1,
        "failed": 0,
        "known": 0,
        "best": {"sentence": "1+x", "score": -7.5},
    }
    assert "the best so far is -7.5: 1+x" in ask(state, "-q", 1).err


def test_tables_may_have_tabs_and_columns_in_any_order(begun):
    state, _, asked = begun
    rows = [(1.5, asked[0]), ("", asked[1])]
    file = table(state.parent / "a.tsv", rows, ("score", "sentence"), "\t")
    file.write_text("\ufeff" + file.read_text() + "\n")
    succeed("tell", "--state", state, file)
    assert [(e["sentence"], e["score"]) for e in history(state)[-2:]] == [
        (asked[0], 1.5),
        (asked[1], None),
    ]


TABLES = [
    ("", "is empty: a header with the columns sentence and score is needed"),
    ("sentence\nx\n", "has no column score: its header is sentence"),
    ("sentence,score,unit\nx,1,m\n", "has the column 'unit'; valid are sentence and score"),
    ("sentence,sentence,score\nx,x,1\n", "has two columns sentence"),
    ("sentence,score\n2*x,1\n1/x,one\n", "line 3: the score 'one' is no number"),
    ("sentence,score\n2*x,1_000\n", "line 2: the score '1_000' is no number"),
    ("sentence,score\n2*x,inf\n", "line 2: the score 'inf' is not finite; write nan"),
    ("sentence,score\n2*x,1\n1/x\n", "line 3 has 1 cells, not 2"),
    ("sentence,score\n2*x,1,2\n", "line 2 has 3 cells, not 2"),
    ("sentence,score\n2*x,1\nx+y,2\n", "line 3: not a sentence of "),
    ("sentence,score\n2*x,1\n" + "1+" * 30 + "1,2\n", "line 3: '1+1+"),
    ("sentence,score\n2*x,1\n2 * x,2\n", "line 3: '2*x' has the score 1 already in "),
    ("sentence,score\nx+1,77\n", "line 2: 'x+1' has the score 2.125 already, not the score 77"),
    ("sentence,score\nx+1,nan\n", "not no score; a score that was taken stays"),
    ('sentence,score\n"x,1\n', "is no table of scores that can be read"),
]


@pytest.mark.parametrize(("text", "fragment"), TABLES)
def test_a_bad_table_is_refused_with_nothing_written(begun, text, fragment):
    state, _, _ = begun
    file = state.parent / "bad.csv"
    file.write_text(text)
    before = contents(state)
    refused = TOOL.refusal("tell", "--state", state, file)
    assert fragment in refused
    assert "bad.csv" in refused
    assert contents(state) == before


@pytest.mark.parametrize(("text", "fragment"), TABLES[:12])
def test_a_search_does_not_begin_from_a_bad_table(trained, tmp_path, text, fragment):
    file = tmp_path / "bad.csv"
    file.write_text(text)
    words = ("ask", "--state", tmp_path / "state", "--run", trained, "--initial", file)
    assert fragment in TOOL.refusal(*words)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        ("", "there is no score to tell: give a file, or --sentence and --score"),
        ("--sentence x", "there is no score to tell"),
        ("--score 1", "there is no score to tell"),
        ("--sentence x+y --score 1", "--sentence: not a sentence of"),
        ("--sentence x --score low", "--score: the score 'low' is no number"),
        ("known.csv --sentence x --score 1", "both give scores; give one of them"),
        ("none.csv", "there is no file or folder none.csv"),
        (".", "is no table of scores that can be read"),
    ],
)
def test_bad_words_of_tell_are_refused(begun, monkeypatch, words, fragment):
    state, _, _ = begun
    monkeypatch.chdir(state.parent)
    before = contents(state)
    assert fragment in TOOL.refusal("tell", "--state", state, *words.split())
    assert contents(state) == before


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (("--system", "turbo"), "was begun with system lisa, not turbo: leave --system away"),
        (("--pool", 7), "was begun with pool 300, not 7: leave --pool away"),
        (("--seed", 5), "was begun with seed 0, not 5"),
        (("--language", "expressions"), "was begun with language text, not expressions"),
        (("--trust-region",), "was begun with trust-region False, not True: leave --trust-region"),
        (("--run", "elsewhere"), "was begun with run "),
        (("-q", 0), "--q must be from 1"),
    ],
)
def test_a_search_that_has_begun_stays_what_it_is(begun, words, fragment):
    state, _, _ = begun
    before = contents(state)
    assert fragment in TOOL.refusal("ask", "--state", state, *words)
    assert contents(state) == before


def test_new_scores_are_told_and_not_begun_from(begun):
    state, _, asked = begun
    file = table(state.parent / "late.csv", [("x+1", score("x+1")), (asked[0], 1)])
    refused = TOOL.refusal("ask", "--state", state, "--initial", file)
    assert f"late.csv, line 3: '{asked[0]}' is new to the search in {state}" in refused
    assert f"grammar-lisa tell --state {state} {file}" in refused
    assert len(history(state)) == 12


def test_folders_that_hold_no_search_are_named(trained, tmp_path):
    said = TOOL.refusal("tell", "--state", tmp_path / "none", "--sentence", "x", "--score", 1)
    assert f"{tmp_path / 'none'} holds no search; begin one with 'grammar-lisa ask --state" in said
    assert "is a run of grammar-lisa, not of grammar-lisa ask" in TOOL.refusal(
        "ask", "--state", trained
    )
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    said = TOOL.refusal("ask", "--state", tmp_path / "full", "--run", trained)
    assert "holds other files and no run of grammar-lisa ask" in said
    assert "there is no run at" in TOOL.refusal(
        "ask", "--state", tmp_path / "new", "--run", tmp_path / "nowhere"
    )
    assert not (tmp_path / "new").exists()
    said = TOOL.refusal("ask", "--state", tmp_path / "new", "--run", trained, "--system", "best")
    assert "there is no system 'best'; valid: lisa, " in said


def test_ask_needs_a_state(trained):
    assert "--state" in TOOL.refusal("ask", "--run", trained)


@pytest.mark.parametrize("name", ["config.json", "history.jsonl"])
def test_a_damaged_search_is_named(begun, name):
    state, _, _ = begun
    path = state / name
    path.write_text(path.read_text().replace('"pool": 300', '"pool": 301'))
    said = TOOL.refusal("tell", "--state", state, "--sentence", "x", "--score", 1)
    assert "history.jsonl was written by another search" in said
    path.write_text("{")
    said = TOOL.refusal("tell", "--state", state, "--sentence", "x", "--score", 1)
    assert str(path) in said


def test_a_search_killed_as_it_is_told_can_be_told_again(begun):
    state, _, asked = begun
    file = table(state.parent / "next.csv", [(s, score(s)) for s in asked])
    before = history(state)

    def spoil():
        append = History.append

        def torn(self, evaluations):
            append(self, evaluations)
            content = self.path.read_bytes()
            self.path.write_bytes(content[:-7])
            die()

        History.append = torn

    killed(["tell", "--state", state, file], spoil)
    result = succeed("tell", "--state", state, file)
    assert "1 taken; 4 known already" in result.out
    assert [e["sentence"] for e in history(state)] == [e["sentence"] for e in before] + asked


def test_the_systems_and_their_options_are_kept(trained, tmp_path):
    state = tmp_path / "state"
    ask(state, "--run", trained, "--system", "evolution", "--pool", 77, "-q", 3)
    options = read_json(state / "config.json")["options"]
    assert (options["system"], options["pool"], options["perturbation"]) == ("evolution", 77, 0.0)
    assert options["crossover"] == 0.5
    result = ask(state, "-q", 3)
    assert "evolution with pool 77: proposals crossover 0.5, mutation 0.5" in result.err


def test_expressions_are_told_apart_by_algebra(trained, tmp_path):
    state = tmp_path / "state"
    file = table(tmp_path / "known.csv", [("x+1", 1), ("x*2", 2), ("x", 3)])
    words = ("--run", trained, "--language", "expressions", "--initial", file, *SEARCH)
    asked = ask(state, *words, "-q", 60).lines
    record = read_json(state / "config.json")["language"]
    assert record == {"name": "expressions", "variables": ["x"]}
    keys = Expressions(("x",)).canonical_forms(["x+1", "x*2", "x", *asked]).hashes.tolist()
    assert len(set(keys)) == len(keys)
    as_text = ask(tmp_path / "text", *words[:2], *words[4:], "-q", 60).lines
    keys = Expressions(("x",)).canonical_forms(["x+1", "x*2", "x", *as_text]).hashes.tolist()
    assert len(set(keys)) < len(keys)


def test_any_grammar_is_searched_as_text(tmp_path):
    run = train(tmp_path, "--grammar", GRAMMARS / "json.cfg", "--max-rules", 20)
    state = tmp_path / "state"
    first = ask(state, "--run", run, *SEARCH).lines
    succeed("tell", "--state", state, table(tmp_path / "a.csv", [(s, len(s)) for s in first]))
    second = ask(state).lines
    assert len(second) == 5
    assert not set(first) & set(second)
    refused = TOOL.refusal(
        "ask", "--state", tmp_path / "b", "--run", run, "--language", "expressions"
    )
    assert "are no expressions, such as this one: " in refused
    assert not (tmp_path / "b").exists()


def test_a_language_that_runs_out_says_so(begun, monkeypatch):
    monkeypatch.setattr(Optimizer, "ask", lambda self, q: [])
    said = TOOL.refusal("ask", "--state", begun[0])
    assert "there is no new sentence to ask for" in said
    assert "larger --pool" in said
