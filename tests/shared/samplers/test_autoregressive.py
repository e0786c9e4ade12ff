import math

import numpy as np
import pytest
import safetensors.numpy
import torch

from shared.common.errors import LisaError
from shared.samplers import Autoregressive, sampler_from_state

BOOK = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [3.0, 3.0]])


def codes_of(indices, noise=0.05, seed=0):
    """Codes whose slots lie near the given vectors of the codebook."""
    rows = BOOK[indices].reshape(len(indices), -1)
    return rows + noise * np.random.default_rng(seed).standard_normal(rows.shape)


def indices_of(codes):
    """Which vectors of the codebook the slots are, exactly."""
    slots = codes.reshape(len(codes), -1, 1, 2)
    equal = (slots == BOOK).all(-1)
    assert (equal.sum(-1) == 1).all()
    return equal.argmax(-1)


def chain(n, seed=0):
    """The second slot is the first; the third is uniform among two where the first is 0, else 3."""
    random = np.random.default_rng(seed)
    first = random.choice(4, size=n, p=[0.4, 0.3, 0.2, 0.1])
    third = np.where(first == 0, random.integers(1, 3, size=n), 3)
    return np.stack([first, first, third], axis=1)


@pytest.fixture(scope="module")
def fitted():
    return Autoregressive(BOOK, seed=5).fit(codes_of(chain(2000)))


def test_draws_keep_the_dependence_between_slots(fitted):
    drawn = indices_of(fitted.sample(20_000, seed=1))
    first, second, third = drawn.T
    shares = np.bincount(first, minlength=4) / len(drawn)
    np.testing.assert_allclose(shares, [0.4, 0.3, 0.2, 0.1], atol=0.05)
    # Independent slots would agree in .16 + .09 + .04 + .01 = .3 of all draws.
    assert (first == second).mean() > 0.97
    assert (third[first != 0] == 3).mean() > 0.97
    alone = third[first == 0]
    np.testing.assert_allclose([(alone == 1).mean(), (alone == 2).mean()], 0.5, atol=0.07)


def test_codes_are_quantised_by_the_nearest_vector_before_the_fit():
    noisy = Autoregressive(BOOK).fit(codes_of(chain(300), noise=0.1))
    exact = Autoregressive(BOOK).fit(codes_of(chain(300), noise=0.0))
    np.testing.assert_array_equal(noisy.sample(50, seed=0), exact.sample(50, seed=0))


def test_draws_depend_on_the_seed_alone(fitted):
    torch.default_generator.manual_seed(0)
    state = torch.random.get_rng_state()
    draws = fitted.sample(50, seed=3)
    assert draws.shape == (50, 6)
    assert draws.dtype == np.float64
    np.testing.assert_array_equal(draws, fitted.sample(50, seed=3))
    assert (draws != fitted.sample(50, seed=4)).any()
    assert fitted.sample(0, seed=0).shape == (0, 6)
    again = Autoregressive(BOOK, seed=5).fit(codes_of(chain(2000)))
    np.testing.assert_array_equal(draws, again.sample(50, seed=3))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_work_in_parts_changes_nothing(fitted, monkeypatch):
    expected = fitted.sample(100, seed=2)
    slots = torch.from_numpy(codes_of(chain(20)).reshape(-1, 2))
    nearest = fitted._nearest(slots)
    monkeypatch.setattr("shared.samplers.autoregressive._ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(fitted.sample(100, seed=2), expected)
    assert torch.equal(fitted._nearest(slots), nearest)
    assert nearest.tolist() == chain(20).flatten().tolist()


def test_the_network_learns_the_entropy_of_its_law(fitted):
    random = chain(5000, seed=9)
    network = fitted._network
    first = -sum(p * math.log(p) for p in (0.4, 0.3, 0.2, 0.1))
    entropy = (first + 0.4 * math.log(2)) / 3
    assert network.loss(torch.from_numpy(random)).item() == pytest.approx(entropy, rel=0.05)


def test_a_slot_is_told_of_the_slots_before_it_alone(fitted):
    """The loss as a product of conditionals: draws and training see the same law."""
    network = fitted._network
    indices = torch.from_numpy(chain(3))
    logs, hidden, before = [], None, torch.zeros(3, 64).double()
    for slot in range(3):
        outputs, hidden = network.recurrent((network.place[slot] + before)[:, None], hidden)
        logits = network.to_logits(outputs[:, 0]).log_softmax(1)
        logs.append(logits.gather(1, indices[:, slot : slot + 1]))
        before = network.before(indices[:, slot])
    assert network.loss(indices).item() == pytest.approx(-torch.cat(logs).mean().item())


def test_the_state_survives_storage_without_pickle(fitted, tmp_path):
    safetensors.numpy.save_file(fitted.state(), tmp_path / "sampler.safetensors")
    again = sampler_from_state(safetensors.numpy.load_file(tmp_path / "sampler.safetensors"))
    assert type(again) is Autoregressive
    np.testing.assert_array_equal(again.sample(99, seed=1), fitted.sample(99, seed=1))
    assert {key: value.tolist() for key, value in again.state().items()} == {
        key: value.tolist() for key, value in fitted.state().items()
    }


@pytest.mark.parametrize("indices", [[[2]], [[1, 1, 1]] * 4], ids=["one slot", "one code"])
def test_few_codes_are_enough(indices):
    sampler = Autoregressive(BOOK).fit(codes_of(np.array(indices)))
    drawn = indices_of(sampler.sample(200, seed=0))
    assert (drawn == np.array(indices)[0]).mean() > 0.8


TAMPERED = {
    "no codebook": ("codebook", None, "lacks the array 'codebook'"),
    "no weights": ("network.before.weight", None, "lacks the array 'network.before.weight'"),
    "other slots": (
        "slots",
        np.array(10**9),
        r"'network.place' must have shape \[1000000000, 64\]",
    ),
    "no slots": ("slots", np.array(0), "not one integer of at least 1"),
    "other codebook": ("codebook", np.eye(2), r"'network.before.weight' must have shape \[2, 64\]"),
    "infinite": ("network.to_logits.bias", np.full(4, np.inf), "finite float64"),
}


@pytest.mark.parametrize(("name", "value", "message"), TAMPERED.values(), ids=TAMPERED)
def test_a_state_that_does_not_fit_is_refused(fitted, name, value, message):
    state = {key: array for key, array in fitted.state().items() if key != name}
    if value is not None:
        state[name] = value
    with pytest.raises(LisaError, match=message):
        sampler_from_state(state)


def test_bad_requests_are_refused(fitted):
    unfitted = Autoregressive(BOOK)
    for use in (lambda: unfitted.sample(3, seed=0), unfitted.state):
        with pytest.raises(LisaError, match="not fitted"):
            use()
    with pytest.raises(LisaError, match="no density"):
        fitted.log_prob(np.eye(6))
    with pytest.raises(LisaError, match="seed >= 0, not -1"):
        Autoregressive(BOOK, seed=-1)
    with pytest.raises(LisaError, match=r"codebook vectors must have shape \[n, dim\]"):
        Autoregressive(BOOK[0])
    with pytest.raises(LisaError, match="codes of size 5 cannot be cut into slots of size 2"):
        unfitted.fit(np.ones((3, 5)))
    with pytest.raises(LisaError, match="1 of 3 codes hold NaN"):
        unfitted.fit(np.array([[1.0, 2], [np.nan, 0], [0, 0]]))
    with pytest.raises(LisaError, match="n >= 0 and seed >= 0"):
        fitted.sample(-1, seed=0)
