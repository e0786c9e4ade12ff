"""Trainings on images by Dask and Ray leave the runs that they leave here."""

import pytest
from clusters import dask_address as dask_address
from clusters import ray_address as ray_address
from small_measurements import CodeMeasurement

from image_lisa.benchmark.experiments import Experiment, ExperimentSettings, run_experiments
from image_lisa.training.experiment import Data
from shared.jobs.dask_cluster import dask_cluster
from shared.jobs.ray_cluster import ray_cluster
from shared.methods import AE, LISA
from shared.training.settings import Training

SETTING = ExperimentSettings(
    Data("digits", limit=200), "light", 4, Training(epochs=1, batch_size=40, device="cpu")
)


def measured(folder, *backend):
    folder.mkdir()
    made = [Experiment(folder / method.name, method, 0) for method in (AE(), LISA())]
    records = run_experiments(made, SETTING, CodeMeasurement(), *backend)
    means = [record["mean"] for record in records]
    return means, [(each.path / "model.safetensors").read_bytes() for each in made]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "connect"), [("dask", dask_cluster), ("ray", ray_cluster)])
def test_runs_are_the_same(name, connect, request, tmp_path):
    with connect(request.getfixturevalue(f"{name}_address"), None) as backend:
        away = measured(tmp_path / "away", backend)
    assert away == measured(tmp_path / "here")
