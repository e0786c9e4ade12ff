"""MLflow: a run in the experiment and at the place that its own variables name."""

from collections.abc import Mapping
from pathlib import Path

import mlflow

from shared.runs.options import options_of
from shared.runs.run import Run


class MLflow:
    """Logs to MLflow, as `MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_NAME` say."""

    def __init__(self, run: Run) -> None:
        mlflow.start_run(run_name=run.path.name)
        mlflow.log_params(options_of(run))

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Log numbers."""
        mlflow.log_metrics(dict(values), step=step)

    def figure(self, name: str, path: Path) -> None:
        """Log a picture as an artifact."""
        mlflow.log_artifact(str(path), artifact_path="pictures")

    def finish(self, failed: bool = False) -> None:
        """End the run, finished or failed."""
        mlflow.end_run(status="FAILED" if failed else "FINISHED")
