"""Work of two processes that train as one."""

import os
import warnings

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def in_two_processes(work, *arguments, folder):
    """Carry out `work(rank, *arguments)` in a group of two processes, and wait for both.

    They are forks of this process, which spares them its imports. A process leaves without taking
    its interpreter down: the threads of a group outlive it, and now and then abort an interpreter
    that ends below them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mp.start_processes(_one_of_two, (work, arguments, folder), nprocs=2, start_method="fork")


def _one_of_two(rank, work, arguments, folder):
    torch.set_num_threads(1)
    store = dist.FileStore(str(folder / "store"), 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    work(rank, *arguments)
    dist.destroy_process_group()
    os._exit(0)
