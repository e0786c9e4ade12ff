"""Tables from evaluations whose every number is known."""

import csv
import io
import math
import statistics

import pytest

from image_lisa.reports.table import CSV_COLUMNS, statistic
from image_lisa.reports.tables import (
    full_table,
    normal_sampler,
    probe_table,
    reconstruction_table,
    sample_table,
    spectrum_table,
    tables,
)
from shared.methods import sampler_names
from shared.methods.registry import METHODS


def distances(fcd):
    return {
        "fcd": fcd,
        "kid": fcd / 100,
        "precision": 0.9,
        "recall": 0.8,
        "density": 1.1,
        "coverage": 0.7,
    }


def record(method, seed=0, *, lambda_max=0.2, condition=8.0, linear=0.9, **samplers):
    """An evaluation; `samplers` are their distances by name."""
    return {
        "method": {"name": method},
        "seed": seed,
        "reconstruction": {"test": 10 * lambda_max, "mse": 0.01, "fcd": 3.0},
        "real": distances(0.5),
        "samplers": {name.replace("_", "-"): distances(fcd) for name, fcd in samplers.items()},
        "probes": {"linear": linear, "mlp": linear + 0.05, "chance": 0.1},
        "spectrum": {
            "lambda_max": lambda_max,
            "condition": condition,
            "effective_rank": 9.9,
            "participation_ratio": 9.5,
        },
    }


def cells(table):
    """The cells of the Markdown table by row and column."""
    lines = [line for line in table.markdown().splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0], name): cell for row in rows for name, cell in zip(head, row, strict=True)}


def rows_of(table):
    return list(csv.DictReader(io.StringIO(table.csv())))


def test_a_statistic_is_the_mean_and_the_sample_deviation_of_the_seeds():
    found = statistic([1.0, 2.0, 6.0])
    assert (found.mean, found.n) == (3.0, 3)
    assert found.deviation == pytest.approx(math.sqrt(7))
    assert found.show(2) == "3.00 ± 2.65"


def test_one_seed_has_no_deviation_and_no_seed_has_no_number():
    assert statistic([1.25]).deviation is None
    assert statistic([1.25]).show(1) == "1.2"
    assert statistic([]) is None


def test_an_infinite_seed_makes_the_mean_infinite():
    assert statistic([1.0, math.inf]).show(2) == "∞"


def test_table_3_holds_mean_and_deviation_of_the_n_and_the_gmm_column():
    runs = [record("ae", seed, gaussian=fcd, gmm=fcd - 4) for seed, fcd in ((0, 10.0), (1, 14.0))]
    shown = cells(sample_table({"digits": runs}))
    assert shown["AE", "N"] == "12.00 ± 2.83"
    assert shown["AE", "GMM"] == "8.00 ± 2.83"


def test_the_best_is_bold_and_the_second_underlined_in_each_column():
    runs = [
        record("ae", gaussian=3.0, gmm=1.0),
        record("lisa", gaussian=1.0, gmm=2.0),
        record("lorae", gaussian=2.0, gmm=3.0),
    ]
    shown = cells(sample_table({"digits": runs}))
    assert [shown[title, "N"] for title in ("AE", "LISA", "LoRAE")] == [
        "3.00",
        "**1.00**",
        "<u>2.00</u>",
    ]
    assert [shown[title, "GMM"] for title in ("AE", "LISA", "LoRAE")] == [
        "**1.00**",
        "<u>2.00</u>",
        "3.00",
    ]


def test_numbers_that_are_shown_equal_are_marked_equal():
    runs = [
        record("ae", gaussian=1.001),
        record("lisa", gaussian=1.004),
        record("lorae", gaussian=2),
    ]
    shown = cells(sample_table({"digits": runs}))
    assert [shown[title, "N"] for title in ("AE", "LISA", "LoRAE")] == [
        "**1.00**",
        "**1.00**",
        "<u>2.00</u>",
    ]


def test_a_column_of_equal_numbers_has_no_best():
    shown = cells(sample_table({"digits": [record("ae", gmm=1.0), record("lisa", gmm=1.0)]}))
    assert shown["AE", "GMM"] == shown["LISA", "GMM"] == "1.00"


def test_large_numbers_are_shown_as_powers_of_ten():
    assert statistic([2e9]).show(2) == "2.00e+09"
    assert statistic([2e5]).show(2) == "200000.00"


def test_a_single_row_is_not_the_best_of_anything():
    assert cells(sample_table({"digits": [record("ae", gaussian=3.0)]}))["AE", "N"] == "3.00"


def test_the_greatest_accuracy_is_the_best():
    runs = [record("ae", linear=0.5), record("lisa", linear=0.75), record("vae", linear=0.25)]
    shown = cells(probe_table({"digits": runs}))
    assert shown["LISA", "linear ↑"] == "**75.00**"
    assert shown["AE", "linear ↑"] == "<u>50.00</u>"
    assert shown["VAE", "MLP ↑"] == "30.00"


def test_an_infinite_condition_is_told_and_never_the_best():
    runs = [record("ae", condition=None), record("lisa", condition=5.0), record("wae", condition=7)]
    shown = cells(spectrum_table({"digits": runs}))
    assert shown["AE", "λ_max/λ_min ↓"] == "∞"
    assert shown["LISA", "λ_max/λ_min ↓"] == "**5.00**"


def test_table_1_shows_both_definitions_of_the_rank():
    shown = cells(spectrum_table({"digits": [record("ae")]}))
    assert shown["AE", "λ_max ↓"] == "0.200"
    assert shown["AE", "ρ (entropy) ↑"] == "9.90"
    assert shown["AE", "ρ (participation) ↑"] == "9.50"


def test_rows_stand_in_the_order_of_the_methods():
    runs = [record(name, gaussian=1.0, prior=1.0, gmm=1.0) for name in reversed(list(METHODS))]
    table = sample_table({"digits": runs})
    assert [row.method for row in table.rows] == list(METHODS)


def test_the_csv_spells_the_sampler_that_stands_under_n():
    runs = [record("vae", prior=2.0, gaussian=1.0, gmm=3.0), record("ae", gaussian=4.0, gmm=5.0)]
    rows = rows_of(sample_table({"digits": runs}))
    found = {(row["method"], row["column"]): (row["sampler"], float(row["mean"])) for row in rows}
    assert found == {
        ("vae", "N"): ("prior", 2.0),
        ("vae", "GMM"): ("gmm", 3.0),
        ("ae", "N"): ("gaussian", 4.0),
        ("ae", "GMM"): ("gmm", 5.0),
    }


@pytest.mark.parametrize(
    ("method", "sampler"),
    [
        *((name, "prior") for name in ("vae", "beta-vae", "infovae", "wae", "s-vae", "cv-vae")),
        *((name, "gaussian") for name in ("ae", "ae-sphere", "rae-gp", "gmm-dae", "lisa")),
        *(("2s-vae", "two-stage"), ("vae-vampprior", "vampprior"), ("vq-vae", "autoregressive")),
    ],
)
def test_n_is_the_methods_own_law_or_a_gaussian(method, sampler):
    assert normal_sampler(method) == sampler


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_the_sampler_that_stands_under_n(method):
    assert normal_sampler(method) in sampler_names(METHODS[method]())


def test_the_csv_holds_every_number_in_full():
    values = [1 / 3, 2 / 3, 0.1]
    runs = [record("ae", seed, gaussian=value) for seed, value in enumerate(values)]
    (row,) = rows_of(sample_table({"digits": runs}))
    assert tuple(row) == CSV_COLUMNS
    assert float(row["mean"]) == statistics.fmean(values)
    assert float(row["deviation"]) == statistics.stdev(values)
    assert row["n"] == "3"
    assert row["measure"] == "fcd"


def test_the_full_table_has_a_row_for_every_sampler():
    table = full_table({"digits": [record("2s-vae", two_stage=1.0, prior=2.0, gmm=3.0)]})
    shown = cells(table)
    assert [row.label for row in table.rows] == [
        "2s-VAE, two-stage",
        "2s-VAE, prior",
        "2s-VAE, gmm",
    ]
    assert shown["2s-VAE, gmm", "FD (classifier) ↓"] == "3.00"
    assert shown["2s-VAE, prior", "KID ↓"] == "<u>0.0200</u>"
    assert shown["2s-VAE, gmm", "KID ↓"] == "0.0300"
    assert shown["2s-VAE, gmm", "coverage ↑"] == "0.700"


def test_real_against_real_stands_below_the_tables_of_distances():
    runs = {"digits": [record("ae", gaussian=3.0)]}
    for table in (sample_table(runs), full_table(runs), reconstruction_table(runs)):
        assert "Real against real" in table.markdown()
        assert "FD (classifier) 0.50, KID 0.0050, precision 0.900" in table.markdown()


def test_several_data_sets_stand_side_by_side_and_may_lack_a_method():
    both = {
        "MNIST": [record("ae", gaussian=3.0), record("lisa", gaussian=1.0)],
        "CIFAR-10": [record("lisa", gaussian=80.0)],
    }
    shown = cells(sample_table(both))
    assert shown["LISA", "MNIST N"] == "**1.00**"
    assert shown["LISA", "CIFAR-10 N"] == "80.00"
    assert shown["AE", "CIFAR-10 N"] == "–"


def test_distances_are_called_fid_only_where_they_are():
    run = record("ae", gaussian=3.0)
    fid = {"real": {"fid": 1.0}, "samplers": {"gaussian": {"fid": 7.0}}}
    assert "FID" not in sample_table({"digits": [run]}).markdown()
    found = sample_table({"digits": [{**run, **fid}]})
    assert "FD (classifier)" not in found.markdown()
    assert cells(found)["AE", "N"] == "7.00"


def test_data_without_labels_have_no_table_4():
    run = {**record("ae", gaussian=3.0), "probes": None}
    names = [table.name for table in tables({"faces": [run]})]
    assert names == ["table1", "table3", "samplers", "reconstruction"]
    assert "table4" in [table.name for table in tables({"digits": [record("ae", gaussian=1.0)]})]
