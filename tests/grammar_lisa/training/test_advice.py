"""What is advised where a training has not learnt to bring sentences back."""

import dataclasses

import pytest

from grammar_lisa.training.advice import Outcome, advise

FALLEN = (9.0, 7.0, 5.0, 4.0, 3.5, 3.2)
FLAT = (9.0, 4.0, 3.02, 3.01, 3.0, 3.0)
RISING = (9.0, 4.0, 3.0, 3.2, 3.4, 3.6)

USUAL = Outcome(
    exact=0.5,
    on_training=0.52,
    rules=0.94,
    validation=FLAT,
    nats=12.0,
    median=15.0,
    longest=21,
    sentences=4000,
    from_file=0,
    epochs=6,
    dim=25,
    network="dense",
    networks=("dense", "kusner"),
)


def advised(**facts):
    head, *lines = advise(dataclasses.replace(USUAL, **facts))
    assert head.startswith("exact 0.")
    return lines


def test_nothing_is_advised_where_enough_comes_back():
    assert advise(dataclasses.replace(USUAL, exact=0.9, on_training=1.0, validation=RISING)) == []


def test_the_figures_are_told_first():
    head = advise(USUAL)[0]
    assert head == (
        "exact 0.50 of held-out sentences (of training sentences 0.52; rules 0.94); what may help:"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"on_training": 0.61}, "(0.61 of the training sentences come back, 0.50 of others)"),
        ({"validation": RISING}, "others; the validation loss was least after epoch 3)"),
    ],
)
def test_a_network_that_remembers_needs_more_sentences(facts, said):
    (line,) = advised(**facts)
    assert said in line
    assert line.endswith(": --count 16000 (now 4,000)")


def test_sentences_of_a_file_are_mixed_with_drawn_ones():
    (line,) = advised(on_training=0.9, from_file=4000)
    assert "more lines in --data, or --mix 0.75, which draws sentences beside the 4,000" in line
    (line,) = advised(on_training=0.9, from_file=1000)
    assert "--mix 0.94" in line


def test_a_falling_loss_needs_more_epochs():
    (line,) = advised(validation=FALLEN)
    assert "the validation loss fell by 36% in the last half" in line
    assert line.endswith("--epochs 24 (now 6)")
    (line,) = advised(validation=(5.0,))
    assert line.startswith("nothing stands out")


def test_crowded_codes_need_more_numbers():
    (line,) = advised(nats=30.0)
    assert "about 30 nats (by the probabilities of their rules), 1.2 for each number" in line
    assert line.endswith("--dim 64 (now 25)")
    (line,) = advised(nats=130.0, dim=100)
    assert line.endswith("--dim 200 (now 100)")


def test_long_sentences_need_another_network_where_there_is_one():
    (line,) = advised(median=24.5, longest=40)
    assert "24.5 rules in the median and 40 at most" in line
    assert line.endswith("shorter ones, by --max-rules (now 40)")
    (line,) = advised(median=24.0, longest=40, networks=("dense", "tree"))
    assert line.endswith("--network tree")
    (line,) = advised(median=24.0, network="tree", networks=("dense", "tree"))
    assert line.startswith("nothing stands out")


def test_several_reasons_are_all_told():
    lines = advised(on_training=0.7, validation=FALLEN, nats=50.0, median=30.0)
    flags = ["--count", "--epochs", "--dim", "--max-rules"]
    assert [flag in line for flag, line in zip(flags, lines, strict=True)] == [True] * 4


def test_where_nothing_stands_out_more_of_all_is_advised():
    (line,) = advised()
    assert line == "nothing stands out: --count 16000 (now 4,000), and --epochs 24 (now 6)"
