"""MLflow: a run in the experiment and at the place that its own variables name."""

from collections.abc import Mapping
from pathlib import Path

import mlflow

from shared.runs.options import options_of
from shared.runs.run import Run


class MLflow:
    """Logs to MLflow, as `MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_NAME` say."""

    keeps = False

    def __init__(self, run: Run) -> None:
        # The run that is active is one of this thread; a search is followed by another.
        self._id = mlflow.start_run(run_name=run.path.name).info.run_id
        mlflow.log_params(options_of(run))

    def log(self, values: Mapping[str, float], step: int, axis: str | None = None) -> None:
        """Log numbers, each name along an axis of its own."""
        mlflow.log_metrics(dict(values), step=step, run_id=self._id)

    def figure(self, name: str, path: Path) -> None:
        """Log a picture as an artifact."""
        mlflow.log_artifact(str(path), artifact_path="pictures", run_id=self._id)

    def finish(self, failed: bool = False) -> None:
        """End the run, finished or failed."""
        mlflow.end_run(status="FAILED" if failed else "FINISHED")
