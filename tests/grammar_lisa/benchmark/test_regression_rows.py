from grammar_lisa.benchmark.regression_rows import (
    HEADS,
    cells_of,
    notes_of,
    problems_of,
    rows_of,
)


def trial(problem, system, solved, noise=0.0, **more):
    return {
        "problem": problem,
        "system": system,
        "noise": noise,
        "solved": solved,
        "accurate": True,
        "complexity": 5,
        "seconds": 20.0,
        "seconds_found": 3.0,
        "cpu_seconds": 10.0,
    } | more


RECORDS = [
    trial("a", "lisa", True, seconds_found=1.0),
    trial("a", "lisa", True, seconds_found=3.0, complexity=9),
    trial("a", "lisa", False, seconds_found=99.0),
    trial("b", "lisa", True),
    trial("b", "lisa", False, accurate=False),
    trial("a", "gplearn", False),
    trial("a", "lisa", True, noise="own"),
    trial("a", "lisa", True, noise=0.01),
]


def test_rows_count_solutions_of_trials_and_of_problems():
    own, clean, _, noisy = rows_of(RECORDS)
    assert (own["noise"], noisy["noise"]) == ("own", 0.01)
    assert clean["system"] == "lisa"
    assert clean["trials"] == 5
    assert clean["solved"] == 0.6
    assert (clean["problems"], clean["problems solved"]) == (2, 1)
    assert clean["accurate"] == 0.8
    assert clean["to solution"] == 3.0
    assert clean["complexity"] == 5


def test_cells_stand_below_their_heads():
    _, clean, peer, _ = rows_of(RECORDS)
    assert cells_of(clean) == [
        *("0.0", "lisa", "5", "60.0 %", "1/2", "80.0 %", "5"),
        *("3.0", "20.0", "10.0"),
    ]
    assert dict(zip(HEADS, cells_of(peer), strict=True))["to solution"] == "–"


def test_a_table_tells_the_solved_trials_of_each_problem():
    heads, cells = problems_of(RECORDS)
    assert heads == ["problem", "noise", "lisa", "gplearn"]
    assert cells[:2] == [["a", "0.0", "2/3", "0/1"], ["b", "0.0", "1/2", "–"]]


def test_notes_tell_how_peers_were_set():
    assert any(note.startswith("gplearn: ") for note in notes_of("nguyen", 20.0, RECORDS))
    assert not any(note.startswith("pyoperon: ") for note in notes_of("nguyen", 20.0, RECORDS))


def test_nothing_gives_no_rows():
    assert rows_of([]) == []
    assert problems_of([])[1] == []
