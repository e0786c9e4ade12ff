"""Measure the training loop against the bare forward, backward and optimiser step, as JSON.

    .venv/bin/python scripts/benchmark_images.py results/image_speed.json

Both train the identical network on the same batches by the same Adam, in turns of a few steps in
this one process, so that what else the machine does meets both alike. The bare loop takes its
batches in the order they lie in, reads no loss and keeps no metrics. Neither writes checkpoints.

The last rows are whole trainings by the command's own defaults, cut to six validations: with those,
the best weights, checkpoints and the model that is written, in processor time, beside as many bare
steps.
"""

import argparse
import contextlib
import dataclasses
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from environment_record import environment

from image_lisa.data import Images
from image_lisa.models.architecture import Architecture
from image_lisa.training.experiment import train_run
from image_lisa.training.presets import settled
from shared.methods import AE, LISA, Method
from shared.runs.files import write_json
from shared.runs.run import create_run
from shared.training.settings import Training
from shared.training.trainer import LossModule, Trainer

BATCH = 100

STRETCHES = 6
"""Validations of a whole training, which by its defaults has about twenty-five."""

WHOLE = (((3, 224, 224), 216, 54), ((3, 32, 32), 2880, 720))
"""Shapes, and numbers of training and validation images: folders of 300 and of 4,000 images."""


def architecture(network: str, method: Method) -> Architecture:
    return Architecture(network=network, shape=(1, 28, 28), dim=16, method=method, seed=0)


def bare(network: str, method: Method, x: torch.Tensor) -> Iterator[None]:
    """One step of the bare loop a turn."""
    objective = LossModule(architecture(network, method).build(), method).train()
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-3, fused=True)
    while True:
        for batch in x.split(BATCH):
            torch.stack(list(objective(batch).values())).sum().backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            yield


def loop(network: str, method: Method, x: torch.Tensor, folder: str) -> Callable[[int], float]:
    """A function that takes so many steps of the training loop and gives the seconds of each."""
    training = Training(
        epochs=10_000,
        batch_size=BATCH,
        schedule="constant",
        device="cpu",
        checkpoint_seconds=1e9,  # a checkpoint would be taken up by the next turn
    )
    run = create_run(Path(folder) / network, {"tool": "benchmark"})
    net = architecture(network, method).build()
    trainer = Trainer(run, net, method, training, x, validate=lambda net: {"loss": 0.0})

    class Enough(Exception):  # noqa: N818
        pass

    def take(steps: int) -> float:
        last = trainer.progress.step + steps

        def stop(step: int, _: int) -> None:
            if step == last:
                raise Enough

        trainer.on_step = stop
        began = time.perf_counter()
        with contextlib.suppress(Enough):
            trainer.fit()
        return (time.perf_counter() - began) / steps

    return take


def compare(network: str, method: Method, steps: int, rounds: int) -> dict[str, Any]:
    """Seconds a step of both, in turns, and their ratio."""
    torch.manual_seed(0)
    x = torch.randint(0, 256, (1000 * BATCH, 1, 28, 28), dtype=torch.uint8)
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        take, turn = loop(network, method, x, folder), bare(network, method, x)
        for each in range(rounds + 1):
            measured = take(steps)
            began = time.perf_counter()
            for _ in range(steps):
                next(turn)
            plain = (time.perf_counter() - began) / steps
            if each:  # the first turn warms up
                ours.append(measured)
                theirs.append(plain)
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    return {
        "network": network,
        "method": method.name,
        "batch": BATCH,
        "steps_a_turn": steps,
        "turns": rounds,
        "loop_images_per_second": BATCH / statistics.median(ours),
        "bare_images_per_second": BATCH / statistics.median(theirs),
        "loop_over_bare": ratio,
    }


def whole(shape: tuple[int, int, int], train: int, valid: int) -> dict[str, Any]:
    """Processor seconds of a training of some stretches, and of its steps alone."""
    torch.manual_seed(0)
    parts = [torch.randint(0, 256, (n, *shape), dtype=torch.uint8) for n in (train, valid, 2)]
    images, built = (
        Images("random", *parts),
        Architecture(network="light", shape=shape, dim=64, method=LISA(), seed=0),
    )
    chosen = settled("light", train, shape, {"device": "cpu"})
    training = dataclasses.replace(chosen, epochs=STRETCHES * chosen.valid_epochs, patience=0)
    steps = training.epochs * (train // training.batch_size)
    objective = LossModule(built.build(), built.method).train()
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-3, fused=True)
    began = time.process_time()
    for step in range(steps):
        first = step % (train // training.batch_size) * training.batch_size
        batch = parts[0][first : first + training.batch_size]
        torch.stack(list(objective(batch).values())).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    plain = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(Path(folder) / "run", {"tool": "benchmark"})
        began = time.process_time()
        train_run(run, images, built, training, threads=torch.get_num_threads())
        ours = time.process_time() - began
    return {
        "network": "light",
        "method": "lisa",
        "shape": shape,
        "training_images": train,
        "validation_images": valid,
        "batch": training.batch_size,
        "steps": steps,
        "processor_seconds": ours,
        "bare_processor_seconds": plain,
        "whole_over_bare": plain / ours,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = []
    for network, method, steps, rounds in (
        ("light", AE(), 100, 12),
        ("light", LISA(), 100, 12),
        ("paper", LISA(), 5, 8),
    ):
        results.append(compare(network, method, steps, rounds))
        sys.stderr.write(f"{results[-1]}\n")
    for shape, train, valid in WHOLE:
        results.append(whole(shape, train, valid))
        sys.stderr.write(f"{results[-1]}\n")
    record = {
        "environment": environment() | {"threads": options.threads},
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "results": results,
    }
    write_json(options.output, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
