"""Several processes, one model: what torchrun started is joined, gradients and figures are summed.

Not `DistributedDataParallel`: a step plays many rounds, each with a backward pass of its own, and the encoder's comes
last; gradients are exchanged once, when all of it is done.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from engine.errors import InvalidSetting
from engine.training.batch import Shard

BUCKET = 2**24
"""Gradient values that are exchanged at a time."""

T = TypeVar("T")


@dataclass(frozen=True)
class Process:
    """This process among those that train together; alone by default."""

    rank: int = 0
    world: int = 1

    @property
    def shard(self) -> Shard:
        """The part of every global batch that this process computes."""
        return Shard(self.rank, self.world)

    @property
    def leads(self) -> bool:
        """Whether this one writes files and talks to people."""
        return self.rank == 0

    def sum(self, figures: Tensor) -> Tensor:
        """The sum over all processes of a tensor that has the same shape in each."""
        if self.world > 1:
            dist.all_reduce(figures)
        return figures

    def gather(self, mine: T) -> list[T]:
        """What every process has, in the order of their ranks."""
        if self.world == 1:
            return [mine]
        gathered: list[T | None] = [None] * self.world
        dist.all_gather_object(gathered, mine)
        return [each for each in gathered if each is not None]

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace every gradient by its sum over all processes; none stays none where no process has one."""
        if self.world == 1:
            return
        has = torch.tensor([p.grad is not None for p in parameters], dtype=torch.uint8, device=parameters[0].device)
        dist.all_reduce(has, dist.ReduceOp.MAX)
        gradients: list[Tensor] = []
        for parameter, anywhere in zip(parameters, has.tolist(), strict=True):
            if anywhere:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                gradients.append(parameter.grad)
        for bucket in _buckets(gradients):
            flat = torch.cat([gradient.flatten() for gradient in bucket])
            dist.all_reduce(flat)
            for gradient, summed in zip(bucket, flat.split([g.numel() for g in bucket]), strict=True):
                gradient.copy_(summed.view_as(gradient))


@contextmanager
def join(device: str | None = None) -> Iterator[tuple[Process, torch.device]]:
    """This process and its device; where torchrun started it, as a member of its group for as long as this lasts.

    `device` is "cpu", "cuda" or "cuda:N"; None takes a GPU where there is one. Raises InvalidSetting for a device that
    is not there, and for one GPU that several processes are to share.
    """
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    chosen = device_of(device, int(os.environ.get("LOCAL_RANK", "0")), several=world > 1)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if world == 1:
        yield Process(), chosen
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Process(rank, world), chosen
    finally:
        dist.destroy_process_group()


def device_of(name: str | None, local_rank: int = 0, *, several: bool = False) -> torch.device:
    """The device that `join` would choose. Raises InvalidSetting as it does."""
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as error:
        raise InvalidSetting(f"{name!r} is no device; choose cpu, cuda or cuda:N.") from error
    if device.type not in ("cpu", "cuda"):
        raise InvalidSetting(f"Training runs on cpu or cuda, not on {device.type}.")
    if device.type == "cpu":
        return device
    if several and device.index is not None:
        raise InvalidSetting(f"With several processes each takes a GPU of its own: say cuda, not {name}.")
    index = local_rank if device.index is None else device.index
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if index >= found:
        raise InvalidSetting(f"There is no GPU {index}: torch sees {found} here. --device cpu trains without.")
    return torch.device("cuda", index)


def _buckets(gradients: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    bucket: list[Tensor] = []
    values = 0
    for gradient in gradients:
        bucket.append(gradient)
        values += gradient.numel()
        if values >= BUCKET:
            yield bucket
            bucket, values = [], 0
    if bucket:
        yield bucket
